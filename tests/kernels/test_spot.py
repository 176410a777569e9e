from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sonde.kernels import spot as k
from tests.reference import spot as reference

Floats = NDArray[np.float64]
State = dict[str, NDArray[Any]]

numbers = st.floats(-3.0, 3.0) | st.sampled_from([0.0, 1.0, 8.0, -20.0, np.nan])
streams = arrays(np.float64, st.tuples(st.integers(1, 80), st.integers(1, 2)), elements=numbers)
MOST, Q = 12, 0.01


def blank(d: int, depth: int, most: int = MOST) -> State:
    tails = np.zeros((d, 2, k.N_FIELDS))
    tails[:, :, [k.START, k.SCALE]] = 1.0
    tails[:, :, k.SEEN], tails[:, :, k.PEAKS], tails[:, :, k.NEXT] = 60.0, 3.0, 3.0
    tails[:, :, k.FLOOR], tails[:, :, k.CREDIT] = 1e-3, k.MOST_CREDIT
    peaks = np.zeros((d, 2, most))
    peaks[:, :, :3] = [0.5, 0.25, 1.0]
    state = {
        "centres": np.zeros(d),
        "windows": np.zeros((2, d, max(depth, 1))),
        "places": np.zeros((d, k.N_PLACES), np.int64),
        "tails": tails,
        "peaks": peaks,
    }
    for j in range(d):
        for side in range(2):
            k.tail_fit(tails[j, side], peaks[j, side])
    return state


def columns(d: int, depth: int) -> list[reference.Column]:
    def tail() -> reference.Tail:
        return reference.tail_fit(reference.Tail(1.0, 1e-3, 60.0, [0.5, 0.25, 1.0]))

    return [reference.Column((tail(), tail()), depth) for _ in range(d)]


def run(x: Floats, state: State, depth: int, q: float = Q) -> tuple[Floats, Floats, Floats]:
    out = np.empty(len(x)), np.empty(x.shape), np.empty(x.shape)
    over: Any = k.spot_run
    over(x, q, depth > 0, *state.values(), *out)
    return out


@given(streams, st.sampled_from([0, 3, 10]))
@settings(max_examples=60, deadline=None)
def test_agrees_with_the_definition(x: Floats, depth: int) -> None:
    state, columns_ = blank(x.shape[1], depth), columns(x.shape[1], depth)
    scores, expected, unit = run(x, state, depth)
    theirs = reference.spot_run(x, Q, columns_, MOST)
    low = ~(theirs[0] > k.BEYOND)  # above it the kernel goes on another way
    np.testing.assert_allclose(scores[low], theirs[0][low], rtol=1e-6, atol=1e-9)
    assert (scores[~low] >= k.BEYOND).all()
    np.testing.assert_allclose(expected, theirs[1], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(unit, theirs[2], rtol=1e-6)
    for j, column in enumerate(columns_):
        for side, tail in enumerate(column.tails):
            ours = state["tails"][j, side]
            assert ours[k.SEEN] == pytest.approx(tail.seen)
            assert ours[k.CREDIT] == pytest.approx(tail.credit)
            count = int(ours[k.PEAKS])
            np.testing.assert_allclose(
                sorted(state["peaks"][j, side, :count]), sorted(tail.peaks), rtol=1e-6, atol=1e-9
            )


@given(streams, st.integers(0, 80), st.sampled_from([0, 3, 10]))
@settings(max_examples=30, deadline=None)
def test_stopping_in_between_changes_no_bit(x: Floats, cut: int, depth: int) -> None:
    whole, halves = blank(x.shape[1], depth), blank(x.shape[1], depth)
    at_once = run(x, whole, depth)
    parts = [run(x[:cut], halves, depth), run(x[cut:], halves, depth)]
    for ours, first, second in zip(at_once, *parts, strict=True):
        assert ours.tobytes() == np.concatenate([first, second]).tobytes()
    for name, array in whole.items():
        assert array.tobytes() == halves[name].tobytes(), name


@given(streams, st.sampled_from([0, 3, 10]))
@settings(max_examples=30, deadline=None)
def test_a_mirrored_stream_scores_the_same(x: Floats, depth: int) -> None:
    up, down = run(x, blank(x.shape[1], depth), depth), run(-x, blank(x.shape[1], depth), depth)
    np.testing.assert_array_equal(up[0], down[0])
    np.testing.assert_array_equal(up[1], -down[1])


@pytest.mark.parametrize("shape", [-0.4, 0.0, 0.3])
def test_scores_rise_with_the_distance_without_end_or_jump(shape: float) -> None:
    scores = []
    steps = np.concatenate([np.linspace(0.0, 8.0, 4001), [1e3, 1e9, 1e200]])
    for value in steps:
        state = blank(1, 0)
        state["tails"][:, :, k.SHAPE] = shape
        scores.append(run(np.array([[value]]), state, 0)[0][0])
    rises = np.diff(scores)
    assert np.isfinite(scores).all()
    assert (rises > 0.0).all()
    start = int(np.searchsorted(steps, 1.0))
    assert scores[start] == pytest.approx(-np.log10(2 * 3 / 60))
    assert rises[: start + 200].max() < 0.02


def test_the_band_ends_where_the_alarm_begins() -> None:
    for q in (1e-2, 1e-4):
        _, expected, unit = run(np.array([[0.1]]), blank(1, 0), 0, q)
        edge = expected[0, 0] + unit[0, 0] * -np.log10(q)
        score = run(np.array([[edge]]), blank(1, 0), 0, q)[0][0]
        assert score == pytest.approx(-np.log10(q), rel=1e-9)


def test_no_more_alarms_are_learned_than_there_should_be() -> None:
    state = blank(1, 0)
    before = state["tails"][0, :, k.PEAKS].copy()
    one_after_the_other = run(np.full((50, 1), 100.0), state, 0)[0]
    assert (one_after_the_other > -np.log10(Q)).all()
    assert (state["tails"][0, :, k.PEAKS] - before).tolist() == [1.0, 0.0]
    apart = run(np.array([[0.0], [100.0]] * 20), state, 0)[0]
    assert (apart[1::2] > -np.log10(Q)).all()
    assert (state["tails"][0, :, k.PEAKS] - before).tolist() == [k.MOST_CREDIT, 0.0]
    # Each taught no more than the first row that is ten times as rare as an alarm.
    assert state["peaks"].max() < 20.0


def test_as_many_alarms_as_the_window_holds_are_a_new_level() -> None:
    state = blank(1, 10)
    calm = np.random.default_rng(0).normal(scale=0.3, size=(40, 1))
    scores = run(np.concatenate([calm[:20], 50.0 + calm]), state, 10)[0]
    assert (scores[20:30] > -np.log10(Q)).all()
    assert (scores[30:] < -np.log10(Q)).all()
    assert abs(state["centres"][0] / 10 - 50.0) < 1.0


def test_the_sum_of_the_window_gathers_no_error() -> None:
    state = blank(1, 7)
    x = np.random.default_rng(0).normal(size=(5000, 1)) * 0.1
    x[::3] += 1e-9
    run(x, state, 7)
    assert state["centres"][0] == pytest.approx(state["windows"][0, 0].sum(), rel=1e-12)
