"""Answers that are kept, and what must never be taken for the same question."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sonde
from sonde.app import build
from sonde.core import (
    Detection,
    ModelRef,
    Panel,
    Prediction,
    PredictionRequest,
    Series,
    Table,
)
from sonde.errors import NotFound, SchemaMismatch
from sonde.serving import Predictor
from sonde.serving.cache import Answers, CachedPredictor, fingerprint
from sonde.settings import read_settings
from tests.serving.doubles import Norm, Shelf, ask

RNG = np.random.default_rng(3)
VALUES = RNG.normal(size=(300, 3))
MODEL = ModelRef("m")
HOUR = 3_600_000_000_000


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Service:
    """A model behind a cache, and how often the model was asked."""

    def __init__(self, entries: int = 100, seconds: float = 60, mb: float = 10) -> None:
        self.model = Norm().fit(VALUES)
        self.shelf = Shelf({"m": (self.model, "1")})
        self.clock = Clock()
        self.heard: list[str] = []
        self.cached = CachedPredictor(
            Predictor(self.shelf),
            self.shelf,
            entries=entries,
            seconds=seconds,
            mb=mb,
            observers=[lambda request, answer: self.heard.append(answer.request_id)],
            clock=self.clock,
        )
        self.model.calls.clear()

    def asks_the_model(self, request: PredictionRequest) -> bool:
        self.model.calls.clear()
        self.cached.predict(request)
        return bool(self.model.calls)


def test_the_same_rows_are_scored_once() -> None:
    service = Service()
    first = service.cached.predict(ask(VALUES[:5] * 9, request_id="one"))
    service.model.calls.clear()
    again = service.cached.predict(ask(VALUES[:5] * 9, request_id="two"))
    assert service.model.calls == []
    assert again.request_id == "two"
    assert again.version == first.version
    for name in ("scores", "is_anomaly", "probability"):
        np.testing.assert_array_equal(getattr(again.output, name), getattr(first.output, name))
    assert again.output.anomalies == first.output.anomalies
    assert len(again.output.anomalies) > 0
    assert service.heard == ["two"]  # the predictor told its own observers of the first
    assert (service.cached.answers.hits, service.cached.answers.misses) == (1, 1)


def test_the_answer_names_the_model_that_was_asked_for() -> None:
    service = Service()
    service.shelf.models["same"] = service.shelf.models["m"]
    assert service.cached.predict(ask(VALUES[:5])).model == "m"
    service.model.calls.clear()
    assert service.cached.predict(ask(VALUES[:5], "same")).model == "same"
    assert service.model.calls == []  # one model by two names


T, S = Table(VALUES[:6]), Series(VALUES[:6])
CLOCK = np.arange(6) * HOUR
DIFFERENT: dict[str, PredictionRequest] = {
    "values": PredictionRequest(MODEL, Table(VALUES[1:7])),
    "order": PredictionRequest(MODEL, Table(VALUES[5::-1])),
    "shape": PredictionRequest(MODEL, Table(VALUES[:6].reshape(9, 2))),
    "names": PredictionRequest(MODEL, Table(VALUES[:6], ["a", "b", "c"])),
    "names moved": PredictionRequest(MODEL, Table(VALUES[:6], ["b", "a", "c"])),
    "names run together": PredictionRequest(MODEL, Table(VALUES[:6], ["a', 'b", "", "c"])),
    "names run apart": PredictionRequest(MODEL, Table(VALUES[:6], ["a", "', 'b", "c"])),
    "lone surrogate": PredictionRequest(MODEL, Table(VALUES[:6], ["a", "\ud800", "c"])),
    "part": PredictionRequest(MODEL, T, core=slice(0, 3)),
    "other part": PredictionRequest(MODEL, T, core=slice(1, 3)),
    "without a candidate": PredictionRequest(MODEL, T, candidate=False),
    "series": PredictionRequest(MODEL, S),
    "later series": PredictionRequest(MODEL, Series(VALUES[:6], first=4)),
    "time": PredictionRequest(MODEL, Series(VALUES[:6], time=CLOCK)),
    "later": PredictionRequest(MODEL, Series(VALUES[:6], time=CLOCK + HOUR)),
    "panel": PredictionRequest(MODEL, Panel(VALUES[:6], [0, 6])),
    "panel of two": PredictionRequest(MODEL, Panel(VALUES[:6], [0, 2, 6])),
    "cut elsewhere": PredictionRequest(MODEL, Panel(VALUES[:6], [0, 3, 6])),
    "other ids": PredictionRequest(MODEL, Panel(VALUES[:6], [0, 3, 6], ids=["x", "y"])),
    "panel with time": PredictionRequest(
        MODEL, Panel(VALUES[:6], [0, 3, 6], ids=["x", "y"], time=CLOCK)
    ),
    "nothing": PredictionRequest(MODEL, Table(np.zeros((0, 3)))),
    "plain": PredictionRequest(MODEL, T),
}


def test_whatever_an_answer_depends_on_makes_another_question() -> None:
    found = {name: fingerprint(request) for name, request in DIFFERENT.items()}
    assert len(set(found.values())) == len(DIFFERENT)
    again = PredictionRequest(ModelRef("n"), Table(VALUES[:6].copy()), request_id="x", key="u")
    assert fingerprint(again) == found["plain"]


def test_another_model_is_another_question() -> None:
    service = Service()
    assert service.asks_the_model(ask(VALUES[:5]))
    other = Norm().fit(VALUES * 2)
    service.shelf.models["n"] = (other, "1")
    other.calls.clear()
    service.cached.predict(ask(VALUES[:5], "n"))
    assert other.calls
    # The same name and version, loaded anew: another object, another answer.
    service.shelf.models["m"] = (other, "1")
    assert service.cached.predict(ask(VALUES[5:9])).output.scores.shape == (4,)
    assert service.cached.answers.misses == 3


def test_a_file_written_again_is_not_answered_for_by_the_old_one(
    home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "m.sonde"
    app = build(read_settings(), lambda notice: None)
    cached = CachedPredictor(app.predictor, app.models, entries=9, seconds=60, mb=1)
    request = ask(VALUES[:5], str(path))
    scores = []
    for scale in (1.0, 100.0):
        sonde.save(sonde.create("hbos").fit(VALUES * scale), path)
        scores.append(cached.predict(request).output.scores)
    assert not np.array_equal(scores[0], scores[1])


class Moving:
    """A source whose alias moves between the look-up and the answer."""

    def __init__(self) -> None:
        self.old, self.new = Norm().fit(VALUES), Norm().fit(VALUES * 50)
        self.has_moved = False

    def resolve(self, ref: ModelRef, key: str | None) -> tuple[Any, str]:
        found = (self.new, "2") if self.has_moved else (self.old, "1")
        self.has_moved = True
        return found


def test_an_alias_that_moves_meanwhile_mixes_nothing_up() -> None:
    models = Moving()
    cached = CachedPredictor(Predictor(models), models, entries=9, seconds=60, mb=1)
    assert cached.predict(ask(VALUES[:5])).version == "2"
    assert len(cached.answers) == 0


def test_failures_are_not_kept() -> None:
    service = Service()
    for _ in range(2):
        with pytest.raises(SchemaMismatch):
            service.cached.predict(ask(VALUES[:5, :2]))
        with pytest.raises(NotFound):
            service.cached.predict(ask(VALUES[:5], "nobody"))
    assert len(service.cached.answers) == 0


def test_many_at_once_ask_only_for_what_is_not_known() -> None:
    service = Service()
    service.cached.predict(ask(VALUES[:1]))
    service.model.calls.clear()
    requests = [
        ask(VALUES[:1], request_id="known"),
        ask(VALUES[1:3], request_id="new"),
        ask(VALUES[:1, :2], request_id="wrong"),
        ask(VALUES[:1], "nobody"),
        ask(VALUES[3:4], request_id="new too"),
    ]
    answers = service.cached.predict_many(requests)
    assert [getattr(one, "code", None) for one in answers] == [
        None,
        None,
        "schema_mismatch",
        "not_found",
        None,
    ]
    shown = [one.request_id for one in answers if isinstance(one, Prediction)]
    assert shown == ["known", "new", "new too"]
    assert sum(service.model.calls) in (3, 3 * 2)  # not the row that was known
    assert len(service.cached.answers) == 3


def test_an_answer_gets_too_old() -> None:
    service = Service(seconds=60)
    assert service.asks_the_model(ask(VALUES[:5]))
    service.clock.now = 59.9
    assert not service.asks_the_model(ask(VALUES[:5]))
    service.clock.now = 60.0
    assert service.asks_the_model(ask(VALUES[:5]))
    assert len(service.cached.answers) == 1


def test_the_least_recently_asked_goes_first() -> None:
    service = Service(entries=2)
    a, b, c = (ask(VALUES[i : i + 1]) for i in range(3))
    for request in (a, b, a, c):
        service.cached.predict(request)
    assert not service.asks_the_model(a)
    assert service.asks_the_model(b)
    assert len(service.cached.answers) == 2


def test_bytes_are_bounded() -> None:
    service = Service(mb=0.25)
    for i in range(30):
        service.cached.predict(ask(np.zeros((1000, 3)) + i / 1000))
    answers = service.cached.answers
    assert 1 < len(answers) < 16  # 17 kB each
    assert 0 < answers.n_bytes <= 2**18
    held = sum(kept.n_bytes for kept in answers._kept.values())
    assert answers.n_bytes == held
    large = ask(np.zeros((50_000, 3)))
    assert service.asks_the_model(large)
    assert service.asks_the_model(large)  # it alone is more than fits
    assert len(answers) > 1


def test_a_batch_is_not_held_for_one_of_its_answers() -> None:
    answers = Answers(9, 60, 1)
    scores = np.zeros(100_000)
    output = Detection(scores[:1], scores[:1] > 0, scores[:1], [], 0.01)
    answers.put((0, b""), Prediction("m", "1", None, output, "", 0.0))
    kept = answers.get((0, b""))
    assert kept is not None
    assert kept.output.scores.base is None


def test_nobody_changes_what_another_is_told() -> None:
    service = Service()
    first = service.cached.predict(ask(VALUES[:5] * 9))
    first.output.scores[:] = 0.0  # its own
    first.output.anomalies.clear()
    second = service.cached.predict(ask(VALUES[:5] * 9))
    assert second.output.scores.min() > 0
    second.output.problems.append("mine")
    second.output.anomalies.clear()
    with pytest.raises(ValueError, match="read-only"):
        second.output.scores[:] = 0.0
    third = service.cached.predict(ask(VALUES[:5] * 9))
    assert third.output.problems == []
    assert len(third.output.anomalies) > 0


def test_a_kept_answer_is_written_as_the_first_was() -> None:
    import orjson

    service = Service()
    first, again = (service.cached.predict(ask(VALUES[:5] * 9)) for _ in range(2))
    texts = [
        orjson.dumps(one.output.scores, option=orjson.OPT_SERIALIZE_NUMPY) for one in (first, again)
    ]
    assert texts[0] == texts[1]


def test_a_model_that_is_gone_is_not_held() -> None:
    service = Service()
    service.cached.predict(ask(VALUES[:5]))
    assert len(service.cached._numbers) == 1
    service.shelf.models.clear()
    del service.model
    gc.collect()
    assert len(service.cached._numbers) == 0


def test_a_broken_observer_costs_the_caller_nothing(caplog: pytest.LogCaptureFixture) -> None:
    shelf = Shelf({"m": (Norm().fit(VALUES), "1")})

    def broken(request: PredictionRequest, answer: Prediction) -> None:
        raise RuntimeError("no disk")

    cached = CachedPredictor(
        Predictor(shelf), shelf, entries=9, seconds=60, mb=1, observers=[broken]
    )
    for _ in range(2):
        assert len(cached.predict(ask(VALUES[:5])).output) == 5
    assert "no disk" in caplog.text


def test_many_threads_at_once() -> None:
    service = Service(entries=20, mb=0.05)
    wanted = [np.sqrt(np.square(VALUES[i : i + 3]).sum(axis=1)) for i in range(40)]

    def work(seed: int) -> None:
        for i in np.random.default_rng(seed).integers(0, 40, 300):
            answer = service.cached.predict(ask(VALUES[i : i + 3]))
            np.testing.assert_array_equal(answer.output.scores, wanted[i])

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    answers = service.cached.answers
    assert answers.n_bytes == sum(kept.n_bytes for kept in answers._kept.values())
    assert answers.hits + answers.misses == 1200


def test_without_entries_nothing_is_kept() -> None:
    service = Service(entries=0)
    asked: Sequence[bool] = [service.asks_the_model(ask(VALUES[:5])) for _ in range(2)]
    assert asked == [True, True]
