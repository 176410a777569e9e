"""What models cost, by the clock."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sonde import make_pipeline
from sonde.core import Panel, Series, Table
from sonde.data import examine
from sonde.learn import Detector, Recipe, create, decide, find, names, train
from sonde.serving.measure import FEW, Cost, measure, rows_like
from tests.serving.doubles import Norm

RNG = np.random.default_rng(9)
VALUES = RNG.normal(size=(400, 3)) + np.sin(np.arange(400) / 4.0)[:, None]
HOUR = 3_600_000_000_000
DETECTORS = [name for name in names() if issubclass(find(name), Detector)]


def test_what_a_request_takes_is_a_share_for_the_call_and_one_for_each_row() -> None:
    cost = Cost(per_call_s=2e-3, per_row_s=1e-5)
    assert cost.seconds_for(1) == pytest.approx(2.01e-3)
    assert cost.seconds_for(1000) == pytest.approx(1.2e-2)


@pytest.mark.parametrize(
    ("per_call_s", "per_row_s", "pays"),
    [
        (5e-3, 4e-6, True),
        (9e-4, 1e-6, False),  # a queue and a thread cost about as much
        (5e-3, 5e-3, False),  # rows are what takes the time
        (5e-3, 1.6e-3, False),  # 107 ms together, 422 ms apart: not a quarter
        (5e-3, 1.5e-3, True),
    ],
)
def test_batching_pays_where_the_call_is_what_takes_the_time(
    per_call_s: float, per_row_s: float, pays: bool
) -> None:
    assert Cost(per_call_s, per_row_s, joins=True).pays == pays
    assert not Cost(per_call_s, per_row_s, joins=False).pays


def test_finds_what_a_call_and_a_row_cost() -> None:
    # A decision asks the model once for the scores.
    model = Norm(per_call_s=4e-3, per_row_s=2e-4).fit(VALUES)
    cost = measure(model)
    assert cost.per_call_s == pytest.approx(4e-3, rel=0.5)
    assert cost.per_row_s == pytest.approx(2e-4, rel=0.5)
    assert cost.pays
    assert cost.joins


def test_a_quick_model_is_measured_with_more_rows_and_does_not_pay() -> None:
    model = Norm().fit(VALUES)
    cost = measure(model)
    assert max(model.calls) > FEW
    assert not cost.pays
    assert 0 < cost.per_call_s < 1e-2
    assert cost.seconds_for(1) < cost.seconds_for(100_000)


def test_a_model_whose_rows_are_not_judged_by_themselves_is_not_joined() -> None:
    # It says that it reads rows one by one; trying it shows that it does not.
    model = Norm(per_call_s=4e-3, mixes=True).fit(VALUES)
    cost = measure(model)
    assert cost.per_call_s > 2e-3
    assert not cost.joins
    assert not cost.pays


def check(model: Any) -> None:
    """It can be measured, and the rows that were made for it are of its kind."""
    n_rows = max(model.schema_.min_rows, 1) + 3
    data = rows_like(model, n_rows)
    assert len(data.values) == n_rows
    assert np.isfinite(decide(model, data).scores).any()
    cost = measure(model)
    assert 0 < cost.seconds_for(1) < 1.0
    assert cost.per_row_s > 0


@pytest.mark.parametrize("name", DETECTORS)
def test_every_detector_can_be_measured(name: str) -> None:
    known = find(name).__dataclass_fields__  # type: ignore[attr-defined]
    model: Any = create(name, **({"random_state": 3} if "random_state" in known else {}))
    data = VALUES if model.reads == "rows" else VALUES[:, :1]
    check(model.fit((Table if model.reads == "rows" else Series)(data)))


def test_a_pipeline_can_be_measured() -> None:
    check(make_pipeline(create("robust_scaler"), create("knn")).fit(Table(VALUES)))


@pytest.mark.parametrize("missing", ["auto", "drop", "linear", "previous", "zero", "error"])
def test_a_series_in_time_can_be_measured_under_any_policy(missing: Any) -> None:
    times = np.arange(400) * HOUR + 1_700_000_000_000_000_000
    reading = examine(Series(VALUES[:, :1], ["x"], times))
    check(train(Recipe(detector="seasonal_residual", missing=missing), reading).model)


@pytest.mark.parametrize("detector", ["auto", "ecod", "ewma"])
def test_many_series_can_be_measured(detector: str) -> None:
    panel = Panel(VALUES[:, :1], [0, 200, 400], ["x"], ids=["left", "right"])
    check(train(Recipe(detector=detector), examine(panel)).model)


def test_a_table_with_categories_can_be_measured() -> None:
    frame = {"kind": ["a", "b", "b", "c"] * 100, "x": VALUES[:, 0].tolist()}
    check(train(Recipe(detector="hbos"), examine(frame, categories=["kind"], kind="table")).model)


def test_steps_of_years_stay_within_time() -> None:
    model: Any = create("ewma").fit(Series(VALUES[:, :1]))
    from dataclasses import replace

    model._fitted = replace(model._fitted, schema=replace(model.schema_, step_ns=365 * 24 * HOUR))
    check(model)


def test_rows_are_near_what_the_model_learned() -> None:
    far = {name: (VALUES[:, i] + 1e6).tolist() for i, name in enumerate("abc")}
    model = train(Recipe(detector="hbos"), examine(far, kind="table")).model
    assert not decide(model, rows_like(model, 20)).is_anomaly.all()
