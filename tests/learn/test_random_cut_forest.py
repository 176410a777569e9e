"""The random cut forest as a detector: its scale, its stages, and states that must be refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import sonde
from sonde.errors import InvalidInput
from sonde.kernels.random_cut import COLUMN, COUNT, HELD, LEAVES, LEFT, PARENT, RIGHT, ROOT
from sonde.learn import create

RNG = np.random.default_rng(4)
ROWS = RNG.normal(size=(300, 3))
State = dict[str, NDArray[Any]]


def forest(**more: Any) -> Any:
    return create("random_cut_forest", **{"n_estimators": 10, "random_state": 1} | more)


def test_the_unit_and_origin_of_a_column_change_nothing() -> None:
    other = ROWS * [1.0, 2.0**20, 2.0**-30] + [0.0, 0.0, 1.0]
    plain, moved = forest().fit(ROWS), forest().fit(other)
    np.testing.assert_allclose(
        plain.anomaly_scores(ROWS), moved.anomaly_scores(other), rtol=0, atol=1e-6
    )


def test_a_stream_takes_its_scale_at_every_doubling() -> None:
    model = forest(warmup=100)
    scores = np.array([model.update(row) for row in ROWS])
    assert np.isnan(scores[:32]).all()
    assert np.isfinite(scores[32:]).all()
    state = model.snapshot()
    np.testing.assert_array_equal(state["scale"][0], np.median(ROWS[:100], axis=0))
    assert len(state["held"]) == 0
    assert (state["heads"][:, HELD] == 256).all()


def test_what_a_stream_learned_by_itself_is_what_fit_learns_of_its_warm_up() -> None:
    cold, fitted = forest(warmup=100), forest().fit(ROWS[:100])
    for row in ROWS[:100]:
        cold.update(row)
    ours, theirs = cold.snapshot(), fitted.snapshot()
    for name, array in theirs.items():
        np.testing.assert_array_equal(ours[name], array, err_msg=name)


def test_rows_with_a_gap_get_no_score_and_teach_nothing() -> None:
    model = forest(shingle_size=3, warmup=100)
    for row in ROWS:
        model.update(row)
    before = model.snapshot()
    assert np.isnan(model.update([np.nan, 0.0, 0.0]))
    assert np.isnan(model.update([0.0, np.inf, 0.0]))
    after = model.snapshot()
    for name in set(before) - {"clock"}:
        np.testing.assert_array_equal(after[name], before[name])
    assert np.isnan([model.update(row) for row in ROWS[:2]]).all()
    assert np.isfinite(model.update(ROWS[2]))


def test_a_shingle_sees_a_shape_that_single_rows_do_not_show() -> None:
    wave = np.sin(np.arange(1200) / 5)
    wave[900:915] = wave[900]  # a stop, at a value that is quite usual
    single, shingled = (forest(shingle_size=k).fit(wave[:800]) for k in (1, 8))
    where = slice(900, 925)
    assert shingled.anomaly_scores(wave)[where].max() == shingled.anomaly_scores(wave)[100:].max()
    assert single.anomaly_scores(wave)[where].max() < single.anomaly_scores(wave)[100:].max()


def test_works_on_a_table_and_blames_the_column() -> None:
    rows = ROWS.copy()
    rows[123, 2] = 12.0
    found = sonde.detect(sonde.Table(rows, ["a", "b", "c"]), detector=forest())
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
        ("max_samples", 1),
        ("shingle_size", 0),
        ("time_decay", -0.1),
        ("time_decay", 1.5),
        ("warmup", 0),
    ],
)
def test_a_parameter_out_of_range_is_named(name: str, value: float) -> None:
    with pytest.raises(InvalidInput, match=name):
        forest(**{name: value}).fit(ROWS)


def test_more_trees_than_memory_holds_are_refused() -> None:
    with pytest.raises(InvalidInput, match="would not fit into memory"):
        forest(n_estimators=10_000, max_samples=65_536).fit(ROWS)


def _a_ring(state: State) -> None:
    root = state["heads"][0, ROOT]
    state["nodes"][0, root, LEFT] = root


def _one_node_twice(state: State) -> None:
    root = state["nodes"][0, state["heads"][0, ROOT]]
    root[LEFT] = root[RIGHT]


def _a_root_elsewhere(state: State) -> None:
    state["heads"][0, ROOT] = state["nodes"][0, state["heads"][0, ROOT], LEFT]


def _set(name: str, entry: int, value: int) -> Callable[[State], None]:
    def change(state: State) -> None:
        state[name][0, state["heads"][0, ROOT], entry] = value

    return change


def _a_leaf_that_is_not_there(state: State) -> None:
    state["items"][0, 0] = 16


def _a_leaf_counted_to_another(state: State) -> None:
    items = state["items"]
    items[0, 0] = items[0, 1]


def _free_nodes_in_use(state: State) -> None:
    state["spare"][0, :, 12:] = 0


def _fewer_rows(state: State) -> None:
    state["heads"][0, HELD] -= 1


def _fewer_leaves(state: State) -> None:
    state["heads"][0, LEAVES] -= 1


def _a_wider_box(state: State) -> None:
    state["boxes"][0, state["heads"][0, ROOT], 1, 0] += 1.0


def _a_cut_beside_the_box(state: State) -> None:
    state["cuts"][0, state["heads"][0, ROOT]] = 1e8


def _not_standardised(state: State) -> None:
    state["points"][0] = 1e300


def _no_spread(state: State) -> None:
    state["scale"][1] = 0.0


def _warm_up_of_another_length(state: State) -> None:
    state["held"] = np.zeros((5, 3))


BROKEN = [
    _a_ring,
    _one_node_twice,
    _a_root_elsewhere,
    _set("nodes", PARENT, 3),
    _set("nodes", LEFT, -2),
    _set("nodes", RIGHT, 31),
    _set("nodes", COUNT, 5),
    _set("nodes", COLUMN, 3),
    _set("nodes", COLUMN, -1),
    _a_leaf_that_is_not_there,
    _a_leaf_counted_to_another,
    _free_nodes_in_use,
    _fewer_rows,
    _fewer_leaves,
    _a_wider_box,
    _a_cut_beside_the_box,
    _not_standardised,
    _no_spread,
    _warm_up_of_another_length,
]


@pytest.mark.parametrize("n_rows", [12, 200])  # trees with free nodes, and full ones
@pytest.mark.parametrize("break_it", BROKEN)
def test_broken_trees_are_refused(break_it: Callable[[State], None], n_rows: int) -> None:
    if break_it is _free_nodes_in_use and n_rows > 16:
        pytest.skip("full trees have no free node")
    model = forest(n_estimators=2, max_samples=16).fit(ROWS[:n_rows])
    state = model.snapshot()
    model.restore({name: array.copy() for name, array in state.items()})
    break_it(state)
    with pytest.raises(InvalidInput, match="does not fit random_cut_forest"):
        model.restore(state)
