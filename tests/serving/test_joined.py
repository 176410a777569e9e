"""Answered together, to the bit as if alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sonde import make_pipeline
from sonde.core import Detection, ModelRef, Panel, PredictionRequest, Series, Table
from sonde.data import examine
from sonde.errors import InvalidInput, SchemaMismatch, SondeError, TooShort
from sonde.learn import Detector, Recipe, create, decide, find, names, train
from sonde.serving.joined import joined
from tests.serving.doubles import Norm, PlainForest, ask

RNG = np.random.default_rng(11)
NAMES = ["a", "b", "c"]
VALUES = RNG.normal(size=(400, 3)) + np.sin(np.arange(400) / 4.0)[:, None]


def made(name: str) -> Any:
    known = find(name).__dataclass_fields__  # type: ignore[attr-defined]
    return create(name, **({"random_state": 3} if "random_state" in known else {}))


DETECTORS: dict[str, Any] = {
    name: made(name) for name in names() if issubclass(find(name), Detector)
}
BY_ROWS = {name: one for name, one in DETECTORS.items() if one.reads == "rows"}
BY_ROWS["pipeline"] = make_pipeline(create("robust_scaler"), create("knn"))
BY_ROWS["plain forest"] = PlainForest(random_state=0)


def alone(model: Detector, request: PredictionRequest) -> Detection | SondeError:
    try:
        return decide(model, request.data, core=request.core, candidate=request.candidate)
    except SondeError as error:
        return error


def assert_same(found: Any, wanted: Any) -> None:
    if isinstance(wanted, SondeError):
        assert (type(found), str(found)) == (type(wanted), str(wanted))
        return
    for name in ("scores", "is_anomaly", "probability", "expected", "lower", "upper"):
        one, other = getattr(found, name), getattr(wanted, name)
        assert (one is None) == (other is None), name
        if one is not None:
            assert (one.dtype, one.tobytes()) == (other.dtype, other.tobytes()), name
    for name in ("cutoff", "anomalies", "candidate", "problems", "chosen"):
        assert getattr(found, name) == getattr(wanted, name), name


def assert_as_alone(model: Detector, requests: list[PredictionRequest]) -> None:
    answers = joined(model, requests)
    assert len(answers) == len(requests)
    for answer, request in zip(answers, requests, strict=True):
        assert_same(answer, alone(model, request))


def many(n: int = 40) -> list[PredictionRequest]:
    """Tables of 1 to 20 rows, every fifth with a row far out."""
    requests = []
    for i in range(n):
        rows = RNG.normal(size=(1 if i % 2 else int(RNG.integers(1, 20)), 3))
        if i % 5 == 0:
            rows[RNG.integers(len(rows))] *= 30.0
        requests.append(ask(rows))
    return requests


@pytest.mark.parametrize("name", BY_ROWS)
def test_rows_judged_together_are_judged_as_alone(name: str) -> None:
    model = BY_ROWS[name].__sklearn_clone__().fit(Table(VALUES, NAMES))
    requests = many()
    quiet = [a for a in joined(model, requests) if isinstance(a, Detection) and not a.anomalies]
    assert 0 < len(quiet) < len(requests)  # both with anomalies and without
    assert all(answer.candidate is not None for answer in quiet)
    assert_as_alone(model, requests)


def test_who_asks_for_no_candidate_gets_none() -> None:
    model = Norm().fit(VALUES)
    wanted = [True, False, False, True]
    requests = [
        PredictionRequest(ModelRef("m"), Table(np.full((2, 3), 0.1 + i / 10)), candidate=one)
        for i, one in enumerate(wanted)
    ]
    answers = joined(model, requests)
    assert [one.candidate is not None for one in answers] == wanted  # type: ignore[union-attr]
    assert_as_alone(model, requests)


@pytest.mark.parametrize("name", ["ewma", "seasonal_residual", "random_cut_forest"])
def test_rows_that_depend_on_others_are_judged_alone(name: str) -> None:
    model = DETECTORS[name].__sklearn_clone__().fit(Series(VALUES[:, :1]))
    requests = [
        PredictionRequest(ModelRef("m"), Series(VALUES[start : start + 60, :1], first=start))
        for start in (0, 100, 7)
    ]
    assert_as_alone(model, requests)


def test_everything_else_is_judged_alone_among_those_that_are_joined() -> None:
    reading = examine({name: VALUES[:, i].tolist() for i, name in enumerate(NAMES)}, kind="table")
    model = train(Recipe(detector="hbos"), reading).model
    gaps = VALUES[:9].copy()
    gaps[2, 1] = gaps[4] = np.nan
    infinite = VALUES[:2].copy()
    infinite[0, 0] = np.inf
    requests = [
        ask(VALUES[:5] * 9),
        ask(gaps),
        ask(infinite),
        ask(VALUES[:3]),
        ask(VALUES[:3, :2]),  # too few columns
        ask(np.zeros((0, 3))),
        PredictionRequest(ModelRef("m"), Table(VALUES[:4][:, ::-1], NAMES[::-1])),
        PredictionRequest(ModelRef("m"), Table(VALUES[:4], ["a", "b", "z"])),
        PredictionRequest(ModelRef("m"), Table(VALUES[:20], NAMES), core=slice(5, 9)),
        PredictionRequest(ModelRef("m"), Series(VALUES[:20], NAMES)),
        PredictionRequest(ModelRef("m"), Panel(VALUES[:20], [0, 8, 20], NAMES)),
        ask(VALUES[7:8]),
    ]
    answers = joined(model, requests)
    assert "median" in answers[1].problems[0]  # type: ignore[union-attr]
    assert answers[3].problems == []  # type: ignore[union-attr]
    assert isinstance(answers[4], SchemaMismatch)
    assert isinstance(answers[5], TooShort)
    assert isinstance(answers[7], SchemaMismatch)
    assert len(answers[8]) == 4  # type: ignore[arg-type]
    assert_as_alone(model, requests)


def test_many_requests_are_one_call() -> None:
    model = Norm().fit(VALUES)
    model.calls.clear()
    joined(model, [ask(VALUES[i : i + 2]) for i in range(30)])
    assert model.calls == [60]


def test_who_is_refused_is_refused_alone() -> None:
    model = Norm().fit(VALUES)
    bad = VALUES[:3].copy()
    bad[1, 0] = model.refuses
    answers = joined(model, [ask(VALUES[:2]), ask(bad), ask(VALUES[5:9])])
    assert isinstance(answers[1], InvalidInput)
    assert [len(one) for one in (answers[0], answers[2])] == [2, 4]  # type: ignore[arg-type]


def test_answers_share_nothing_that_one_could_change_for_another() -> None:
    model = Norm().fit(VALUES)
    first, second = joined(model, [ask(VALUES[:1]), ask(VALUES[1:2])])
    assert isinstance(first, Detection)
    assert isinstance(second, Detection)
    first.problems.append("mine")
    first.chosen["mine"] = True
    first.scores[:] = 0.0
    assert (second.problems, second.chosen) == ([], {})
    assert second.scores[0] > 0


def test_nothing_asked_is_nothing_answered() -> None:
    assert joined(Norm().fit(VALUES), []) == []
