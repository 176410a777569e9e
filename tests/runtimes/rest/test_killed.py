"""A service that is killed while models are registered leaves a whole registry."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import httpx
import sqlalchemy as sa

import sonde
from sonde.registry import VersionRecord
from sonde.registry.artifact import artifact_bytes
from sonde.security import Keyring
from tests import campaigns
from tests.runtimes.rest.data import FRAME, JSON
from tests.runtimes.rest.processes import of_home, until
from tests.runtimes.rest.running import started
from tests.runtimes.rest.stored import registry_of

SEED = 20261121
ROUNDS = 100 if campaigns.FULL else 3
KIND = {"content-type": "application/vnd.sonde.model"}


def test_the_registry_is_whole_however_often_the_service_is_killed(tmp_path: Path) -> None:
    draw = random.Random(SEED)
    models = [
        sonde.train(FRAME, model=name, evaluate=False).model for name in ("ecod", "hbos", "copod")
    ]
    files = [artifact_bytes(model, Keyring(tmp_path / "keys")) for model in models]
    told: dict[int, str] = {}  # versions that somebody was promised, and their digests
    for n in range(ROUNDS):
        with started(tmp_path) as service:
            until(lambda url=service.url: httpx.get(f"{url}/health").status_code == 200)  # type: ignore[misc]
            stop = threading.Event()
            asking = [
                threading.Thread(
                    target=_upload, args=(service.url, files, told, stop, draw.random())
                )
                for _ in range(2)
            ]
            asking.append(threading.Thread(target=_train, args=(service.url, told, stop)))
            for one in asking:
                one.start()
            before = len(told)
            until(lambda before=before: len(told) > before + 1)  # type: ignore[misc]
            time.sleep(draw.uniform(0, 0.2))
            service.process.kill()
            service.process.wait()
            stop.set()
            for one in asking:
                one.join()
        until(lambda: not of_home(tmp_path), 20)
        _check(tmp_path, told, n)


def _upload(
    url: str, files: list[bytes], told: dict[int, str], stop: threading.Event, seed: float
) -> None:
    draw = random.Random(seed)
    with httpx.Client(base_url=url, timeout=30) as client:
        while not stop.is_set():
            try:
                made = client.post(
                    "/api/v1/models/own/versions", content=draw.choice(files), headers=KIND
                )
            except httpx.TransportError:
                return
            assert made.status_code == 201, made.text
            told[made.json()["version"]] = made.json()["digest"]


def _train(url: str, told: dict[int, str], stop: threading.Event) -> None:
    with httpx.Client(base_url=url, timeout=60) as client:
        while not stop.is_set():
            body = {"name": "own", "detector": "ecod", **JSON["columns"]}
            try:
                made = client.post("/api/v1/models", json=body)
            except httpx.TransportError:
                return
            assert made.status_code == 201, made.text
            told[made.json()["version"]] = made.json()["digest"]


def _check(home: Path, told: dict[int, str], n: int) -> None:
    with registry_of(home) as registry:
        with registry.database.read() as connection:
            assert connection.execute(sa.text("PRAGMA integrity_check")).scalar() == "ok"
        found: dict[int, VersionRecord] = {}
        after = None
        while True:
            page = registry.versions("own", limit=1000, after=after)
            found |= {one.version: one for one in page.items}
            after = page.next
            if after is None:
                break
        # All that was promised is there; each number stands for one version, and none is missing.
        assert {number: found[number].digest for number in told} == told, n
        assert sorted(found) == list(range(1, len(found) + 1))
        for digest in {one.digest for one in found.values()}:
            assert registry.blobs.get(digest, 1 << 30)
        newest = found[max(found)]
        assert len(registry.load(newest).schema_.channels) == 3
