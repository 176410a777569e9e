"""Several processes at once, and processes that are killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from sonde.errors import Conflict, SondeError
from sonde.registry import Registry, save_artifact
from tests import campaigns
from tests.registry import registering
from tests.registry.conftest import Make, a_model

KILLS = 100 if campaigns.FULL else 8  # half of them for each database
MANY = 12

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")


@dataclass(frozen=True)
class Starter:
    process: subprocess.Popen[str]

    def start(self, name: str, many: int, seed: int) -> int:
        """The process id of one that registers."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{name} {many} {seed}\n")
        self.process.stdin.flush()
        return int(self.said())

    def said(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@pytest.fixture
def made(registry: Registry, tmp_path: Path) -> Path:
    """A folder of five model files, some of which every process will register."""
    folder = tmp_path / "made"
    folder.mkdir()
    for seed in range(5):
        save_artifact(a_model(seed), folder / f"{seed}.sonde", registry.keyring)
    return folder


@contextmanager
def starting(home: Path, url: str | None, made: Path) -> Iterator[Starter]:
    process = subprocess.Popen(
        [sys.executable, registering.__file__, home, url or "-", made],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Starter(process)
    finally:
        process.communicate(timeout=60)
        assert process.returncode == 0


def told(home: Path, seed: int) -> list[int]:
    """What a process said it had registered; a last line that was cut off is no number."""
    path = home / f"{seed}.told"
    text = path.read_text() if path.exists() else ""
    return [int(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def whole(registry: Registry, name: str) -> list[int]:
    """The numbers of all versions, after each was found to have its bytes, digest, signature."""
    found, after = [], None
    while True:
        page = registry.versions(name, limit=1000, after=after)
        for record in page.items:
            registry.verify(record)
            found.append(record.version)
        after = page.next
        if after is None:
            return found


def test_two_processes_that_register_one_name_get_different_numbers(
    registry: Registry, database_url: str | None, tmp_path: Path, made: Path
) -> None:
    with (
        starting(tmp_path, database_url, made) as one,
        starting(tmp_path, database_url, made) as other,
    ):
        one.start("pump", MANY, 1)
        other.start("pump", MANY, 2)
        assert [one.said(), other.said()] == ["ended", "ended"]
    numbers = sorted(told(tmp_path, 1) + told(tmp_path, 2))
    assert numbers == list(range(1, 2 * MANY + 1))
    done = [event.action for event in registry.events("pump", limit=1000).items]
    assert done.count("model.registered") == 2 * MANY
    assert len(whole(registry, "pump")) == 2 * MANY - done.count("model.version_deleted")


def test_threads_share_a_registry(registry: Registry) -> None:
    """One sweeps what others register and delete with the same bytes: nothing is lost."""
    model, stop = a_model(), threading.Event()
    errors: list[SondeError] = []

    def register(name: str) -> None:
        try:
            for _ in range(MANY):
                record = registry.register(name, model)
                registry.verify(record)
                registry.delete_version(name, record.version)
        except SondeError as error:
            errors.append(error)

    def sweep() -> None:
        while not stop.is_set():
            registry.sweep(-5)

    sweeper = threading.Thread(target=sweep)
    workers = [threading.Thread(target=register, args=(name,)) for name in ("a", "b")]
    sweeper.start()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    stop.set()
    sweeper.join()
    assert errors == []
    assert len(registry.events(limit=1000).items) == 2 * 2 * MANY


def test_a_deletion_and_an_alias_that_race_leave_no_alias_without_a_version(
    registry_at: Make, database_url: str | None
) -> None:
    one, other = registry_at(database_url), registry_at(database_url)
    for _ in range(10):
        number = one.register("pump", a_model()).version
        ready = threading.Barrier(2)

        def delete(number: int = number, ready: threading.Barrier = ready) -> None:
            ready.wait()
            with suppress(Conflict):
                other.delete_version("pump", number)

        thread = threading.Thread(target=delete)
        thread.start()
        ready.wait()
        try:
            one.set_alias("pump", "champion", number)
        except SondeError:
            assert "champion" not in one.model("pump").aliases
        else:
            assert one.version("pump", alias="champion").version == number
            one.drop_alias("pump", "champion")
        thread.join()


def test_a_killed_process_leaves_a_whole_registry(
    registry: Registry, database_url: str | None, tmp_path: Path, made: Path
) -> None:
    chance = random.Random(7)
    numbers: list[int] = []
    with starting(tmp_path, database_url, made) as starter:
        for seed in range(KILLS // 2):
            child = starter.start("pump", 10_000, seed)
            while not told(tmp_path, seed):
                time.sleep(0.005)
            time.sleep(chance.uniform(0.0, 0.1))
            os.kill(child, signal.SIGKILL)
            assert starter.said() == "ended"
            numbers += told(tmp_path, seed)
            if seed % 10 == 0:
                whole(registry, "pump")
    assert numbers == sorted(set(numbers))
    kept = whole(registry, "pump")
    assert registry.register("pump", a_model()).version > max(numbers)
    # The alias moved, with its event, in one transaction or not at all.
    moved = next(e for e in registry.events("pump", 1000).items if e.action == "model.alias_set")
    assert registry.model("pump").aliases["newest"] == moved.details["version"]
    for number in kept:
        if number != moved.details["version"]:
            registry.delete_version("pump", number)
    registry.sweep(-5)
    named = {record.digest for record in registry.versions("pump").items}
    assert set(registry.blobs.older_than(-5)) == named
