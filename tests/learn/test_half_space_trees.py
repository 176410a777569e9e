"""Half-space trees as a detector: their ranges, their windows, and states that must be refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

import sonde
from sonde.errors import InvalidInput
from sonde.kernels.half_space import BEHIND, FILLING, JUDGING, LATEST, ROWS
from sonde.learn import create

ROWS_3 = np.random.default_rng(4).normal(size=(400, 3))
State = dict[str, NDArray[Any]]


def forest(**more: Any) -> Any:
    return create("half_space_trees", **{"n_estimators": 10, "random_state": 1} | more)


def test_the_unit_and_origin_of_a_column_change_nothing() -> None:
    # Powers of two and moves that lose no digit, so that every cut falls between the same rows.
    rows = np.round(ROWS_3 * 1024) / 1024
    other = rows * [1.0, 2.0**20, 2.0**-30] + [0.0, 2.0**20, 0.0]
    plain, moved = forest().fit(rows), forest().fit(other)
    np.testing.assert_allclose(plain.anomaly_scores(rows), moved.anomaly_scores(other), rtol=1e-9)


def test_what_a_stream_learned_by_itself_is_what_fit_learns_of_its_warm_up() -> None:
    cold, fitted = forest(warmup=100), forest().fit(ROWS_3[:100])
    scores = [cold.update(row) for row in ROWS_3[:101]]
    assert np.isnan(scores[:100]).all()
    assert scores[100] == fitted.update(ROWS_3[100])
    ours, theirs = cold.snapshot(), fitted.snapshot()
    for name, array in theirs.items():
        np.testing.assert_array_equal(ours[name], array, err_msg=name)


def test_finds_a_cloud_that_is_new_and_forgets_it_once_it_is_usual() -> None:
    random = np.random.default_rng(0)
    model = forest(window_size=100).fit(random.normal(size=(500, 2)))
    strange = random.normal(size=(400, 2)) + 6.0
    scores = model.anomaly_scores(strange)
    assert scores[:50].min() > np.median(model.anomaly_scores(random.normal(size=(50, 2)))) + 1
    assert np.median(scores[200:]) < np.median(scores[:50]) - 2


def test_ranks_scattered_rows_above_a_crowd() -> None:
    random = np.random.default_rng(2)
    truth = random.random(2000) < 0.05
    rows = np.where(truth[:, None], random.uniform(-6, 6, (2000, 4)), random.normal(size=(2000, 4)))
    model: Any = create("half_space_trees", random_state=0)
    scores = np.array([model.update(row) for row in rows])
    known = np.isfinite(scores)
    assert known.tolist() == [False] * 250 + [True] * 1750
    assert roc_auc_score(truth[known], scores[known]) > 0.97


def test_rows_with_a_gap_get_no_score_and_teach_nothing() -> None:
    model = forest(warmup=50)
    for row in ROWS_3[:30]:
        model.update(row)
    for _ in range(40):  # of the warm-up too
        assert np.isnan(model.update([np.nan, 0.0, 0.0]))
    scores = [model.update(row) for row in ROWS_3[30:51]]
    assert np.isnan(scores[:20]).all()
    assert np.isfinite(scores[20])
    before = model.snapshot()
    assert np.isnan(model.update([0.0, np.inf, 0.0]))
    for name, array in model.snapshot().items():
        np.testing.assert_array_equal(array, before[name])


def test_works_on_a_table_and_blames_the_column() -> None:
    rows = ROWS_3.copy()
    rows[123, 2] = 12.0
    found = sonde.detect(sonde.Table(rows, ["a", "b", "c"]), detector=forest(n_estimators=50))
    assert int(np.nanargmax(found.scores)) == 123
    top = max(found.anomalies, key=lambda anomaly: anomaly.score)
    assert max(top.columns, key=dict(top.columns).__getitem__) == "c"


@pytest.mark.parametrize("value", [0.0, 7.0, 1e300, -1.7e308])
def test_constant_columns_and_jumps_out_of_them_are_finite(value: float) -> None:
    rows = np.full((120, 2), value)
    rows[100, 1] = 1.7e308
    scores = forest().fit(rows[:60]).anomaly_scores(rows)
    assert np.isfinite(scores).all()
    assert int(np.argmax(scores)) == 100


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_estimators", 0),
        ("height", 0),
        ("height", 21),
        ("window_size", 1),
        ("size_limit", 0.0),
        ("size_limit", 1.5),
        ("warmup", 1),
    ],
)
def test_a_parameter_out_of_range_is_named(name: str, value: float) -> None:
    with pytest.raises(InvalidInput, match=name):
        forest(**{name: value}).fit(ROWS_3)


def test_more_trees_than_memory_holds_are_refused() -> None:
    with pytest.raises(InvalidInput, match="would not fit into memory"):
        forest(n_estimators=100, height=20).fit(ROWS_3)


def _a_column_that_is_not_there(state: State) -> None:
    state["columns"][0, 5] = 3


def _a_column_below_all(state: State) -> None:
    state["columns"][0, 5] = -1


def _a_cut_nowhere(state: State) -> None:
    state["cuts"][1, 2] = np.nan


def _a_mass_below_0(state: State) -> None:
    state["masses"][0, 3, FILLING] = -1


def _a_mass_that_is_not_that_of_its_parts(state: State) -> None:
    state["masses"][0, 3, JUDGING] += 1


def _a_root_without_all_rows(state: State) -> None:
    state["masses"][0, 0, JUDGING] -= 1


def _fewer_nodes(state: State) -> None:
    state["masses"] = state["masses"][:, :-2].copy()


def _a_window_that_is_over(state: State) -> None:
    state["clock"][LATEST] = 250


def _fewer_rows_than_are_counted(state: State) -> None:
    state["clock"][ROWS] = state["clock"][BEHIND] - 1


def _a_warm_up_of_another_length(state: State) -> None:
    state["held"] = np.zeros((5, 3))


def _a_warm_up_that_is_over(state: State) -> None:
    state["held"] = np.zeros((250, 3))


@pytest.mark.parametrize(
    "break_it",
    [
        _a_column_that_is_not_there,
        _a_column_below_all,
        _a_cut_nowhere,
        _a_mass_below_0,
        _a_mass_that_is_not_that_of_its_parts,
        _a_root_without_all_rows,
        _fewer_nodes,
        _a_window_that_is_over,
        _fewer_rows_than_are_counted,
        _a_warm_up_of_another_length,
        _a_warm_up_that_is_over,
    ],
)
def test_broken_trees_are_refused(break_it: Callable[[State], None]) -> None:
    model = forest(n_estimators=2, height=4).fit(ROWS_3[:300])
    for row in ROWS_3[300:]:
        model.update(row)
    state = model.snapshot()
    model.restore({name: array.copy() for name, array in state.items()})
    break_it(state)
    with pytest.raises(InvalidInput, match="does not fit half_space_trees"):
        model.restore(state)


def test_a_warm_up_with_an_unknown_row_is_refused() -> None:
    model = forest()
    for row in ROWS_3[:20]:
        model.update(row)
    state = model.snapshot()
    state["held"][10] = np.nan
    with pytest.raises(InvalidInput, match="'held' must have known rows"):
        model.restore(state)
