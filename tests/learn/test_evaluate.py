"""Rows are held out as time goes, judged with their past, and compared with labels."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from sonde.core import Panel, Series
from sonde.data import examine
from sonde.errors import InvalidInput
from sonde.learn import Recipe, create, rule_from, train
from sonde.learn.evaluate import Evaluation, hold_out
from sonde.learn.metrics import distance_from_uniform

HOUR = np.timedelta64(1, "h")
MADE = np.random.default_rng(7)
WAVE = np.sin(np.arange(1000) * 2 * np.pi / 24) + 0.1 * MADE.normal(size=1000)
ROWS = MADE.normal(size=(2000, 3))


def labelled_wave(*strange: int) -> pl.DataFrame:
    values, labels = WAVE.copy(), np.zeros(1000, dtype=int)
    values[list(strange)] += 4.0
    labels[list(strange)] = 1
    time = np.datetime64("2024-01-01T00", "us") + np.arange(1000) * HOUR
    return pl.DataFrame({"ts": time, "load": values, "label": labels})


def test_the_last_rows_of_a_series_are_judged_with_their_past() -> None:
    reading = examine(labelled_wave(300, 900, 950), labels="label")
    recipe = Recipe("seasonal_residual", rule=rule_from(contamination=0.005))
    found = hold_out(recipe, reading)
    assert isinstance(reading.data, Series)
    by_hand = train(recipe, examine(labelled_wave(300, 900, 950)[:800])).model
    scores = by_hand.anomaly_scores(reading.data)[800:]
    assert (found.learned_rows, found.held_out_rows, found.judged_rows) == (800, 200, 200)
    assert found.flagged_share == (scores > by_hand.threshold_.limits[0]).mean()
    ordinary = np.delete(scores, [100, 150])
    tails = by_hand.calibration_.tail_probability(ordinary)
    assert found.ks_distance == distance_from_uniform(tails)
    assert found.ks_distance != distance_from_uniform(1 - tails)
    assert (found.anomalous_rows, found.recall, found.roc_auc) == (2, 1.0, 1.0)
    assert found.how == "the last 20% of the rows"
    assert found.notes == ()


def test_rows_held_out_do_not_shape_what_judges_them() -> None:
    recipe = Recipe("seasonal_residual")
    quiet = hold_out(recipe, examine(WAVE))
    loud = WAVE.copy()
    loud[900:] *= 50.0
    stormy = hold_out(recipe, examine(loud))
    assert stormy.expected_share == quiet.expected_share
    assert stormy.flagged_share is not None
    assert stormy.flagged_share >= 0.4
    assert quiet.flagged_share is not None
    assert quiet.flagged_share < 0.02


def test_each_series_of_a_panel_gives_its_last_rows() -> None:
    panel = Panel.of([Series(WAVE), Series(5 * WAVE[:400]), Series(WAVE[:2])], ["a", "b", "c"])
    found = hold_out(Recipe("seasonal_residual"), examine(panel), share=0.25)
    assert (found.learned_rows, found.held_out_rows) == (1052, 350)
    assert found.how == "the last 25% of the rows of each series"
    assert found.judged_rows == 350


def test_rows_of_different_series_are_ranked_by_their_probabilities() -> None:
    # The loud series varies more, so that its ordinary rows score above the quiet one's anomaly.
    made = np.random.default_rng(4)
    quiet, loud = made.normal(size=500), np.sign(made.normal(size=500)) * 50.0
    quiet[450] += 9.0
    loud[::10] += 400.0 * made.normal(size=50)
    labels = np.zeros(1000, dtype=int)
    labels[450] = 1
    frame = pl.DataFrame(
        {"id": ["a"] * 500 + ["b"] * 500, "x": np.concatenate([quiet, loud]), "label": labels}
    )
    reading = examine(frame, id="id", kind="series", labels="label")
    found = hold_out(Recipe("seasonal_residual"), reading)
    model = train(Recipe("seasonal_residual"), examine(frame, id="id", kind="series")).model
    scores = model.anomaly_scores(reading.data)
    assert (scores[900:] > scores[450]).any()
    assert found.roc_auc == 1.0


def test_rows_of_a_table_are_drawn_with_the_seed() -> None:
    reading = examine(pl.DataFrame(ROWS, schema=["a", "b", "c"]))
    first, again = hold_out(Recipe("ecod"), reading), hold_out(Recipe("ecod"), reading)
    other = hold_out(Recipe("ecod", random_state=1), reading)
    assert first == again
    assert first.ks_distance != other.ks_distance
    assert first.how == "20% of the rows, drawn"


def test_tail_probabilities_of_rows_like_those_learned_from_are_near_uniform() -> None:
    reading = examine(pl.DataFrame(ROWS, schema=["a", "b", "c"]))
    alike = hold_out(Recipe("isolation_forest"), reading).ks_distance
    shifted = np.vstack([ROWS[:1600], ROWS[1600:] + 2.0])
    other = hold_out(Recipe("isolation_forest"), examine(shifted, kind="series")).ks_distance
    assert alike is not None
    assert other is not None
    assert alike < 1.36 / np.sqrt(400)
    assert other > 0.4


def test_a_detector_that_takes_a_table_in_order_gets_its_last_rows() -> None:
    reading = examine(pl.DataFrame(ROWS, schema=["a", "b", "c"]), kind="table")
    assert hold_out(Recipe("ewma"), reading).how == "the last 20% of the rows"
    own: Any = create("ecod")
    assert hold_out(Recipe(own), reading).how == "20% of the rows, drawn"


@pytest.mark.parametrize("detector", ["isolation_forest", "discord", "ewma", "random_cut_forest"])
def test_an_online_recipe_and_other_families_can_be_evaluated(detector: str) -> None:
    online = detector in ("ewma", "random_cut_forest")
    found = hold_out(Recipe(detector, online=online, fit_rows=400), examine(WAVE))
    assert found.learned_rows == 400
    assert found.judged_rows > 150


def test_labels_count_in_the_order_of_the_input() -> None:
    frame = labelled_wave(300, 900, 950).sample(fraction=1.0, shuffle=True, seed=3)
    found = hold_out(Recipe("seasonal_residual"), examine(frame, labels="label"))
    sorted_ = hold_out(
        Recipe("seasonal_residual"), examine(labelled_wave(300, 900, 950), labels="label")
    )
    assert found == sorted_


def test_labels_to_learn_by_count_in_the_order_of_the_input() -> None:
    recipe = Recipe("seasonal_residual", rule=rule_from(has_labels=True))
    frame = labelled_wave(300, 500, 900)
    found = hold_out(recipe, examine(frame, labels="label"))
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=3)
    assert hold_out(recipe, examine(shuffled, labels="label")) == found


def test_the_threshold_by_labels_is_found_without_the_held_out_ones() -> None:
    recipe = Recipe("seasonal_residual", rule=rule_from(has_labels=True))
    found = hold_out(recipe, examine(labelled_wave(300, 500, 900), labels="label"))
    assert (found.precision, found.recall, found.f1) == (1.0, 1.0, 1.0)
    late = hold_out(recipe, examine(labelled_wave(900), labels="label"))
    assert late.learned_rows == 0
    assert "labels must mark at least one row" in late.notes[0]


def test_what_cannot_be_told_is_none_with_the_reason() -> None:
    found = hold_out(Recipe("seasonal_residual"), examine(labelled_wave(300), labels="label"))
    assert (found.anomalous_rows, found.recall, found.roc_auc) == (0, None, None)
    assert "no held-out row is labelled as an anomaly" in " ".join(found.notes)
    without = hold_out(Recipe("seasonal_residual"), examine(WAVE))
    assert without.anomalous_rows is None
    assert "without labels" in without.notes[0]


@pytest.mark.parametrize("n", [2, 3, 5])
def test_too_few_rows_are_a_note_and_no_error(n: int) -> None:
    found = hold_out(Recipe("seasonal_residual"), examine(np.arange(float(n)) ** 2))
    assert found.notes
    assert replace(found, notes=()) == Evaluation()


def test_a_budget_per_day_is_that_of_all_rows() -> None:
    time = np.datetime64("2024-01-01T00", "us") + np.arange(2000) // 2 * HOUR
    frame = pl.DataFrame(ROWS, schema=["a", "b", "c"]).with_columns(ts=pl.Series(time))
    recipe, reading = Recipe("ecod", rule=rule_from(false_alarms="2/day")), examine(frame)
    found = hold_out(recipe, reading)
    assert found.how == "20% of the rows, drawn"
    assert found.expected_share == train(recipe, reading).model.threshold_.cutoff


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, float("nan")])
def test_an_impossible_share_is_refused(share: float) -> None:
    with pytest.raises(InvalidInput, match="above 0 and below 1"):
        hold_out(Recipe("ecod"), examine(WAVE), share)


def test_rows_the_policy_leaves_out_do_not_count() -> None:
    values = WAVE.copy()
    values[900:950] = np.nan
    found = hold_out(Recipe("seasonal_residual"), examine(values))
    assert found.judged_rows == 150
    assert found.notes[0] == "50 held-out rows have no score and do not count"


def test_more_rows_to_learn_from_than_are_left_take_all_that_are_left() -> None:
    found = hold_out(Recipe("ecod", fit_rows=1900), examine(ROWS))
    assert found.learned_rows == 1600


def test_an_evaluation_is_plain_values() -> None:
    found: Any = hold_out(Recipe("ecod"), examine(ROWS)).to_dict()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
