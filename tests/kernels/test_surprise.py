from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sonde.kernels import surprise as k
from sonde.kernels._surprise_tail import COUNTS, HEAVIEST, HISTOGRAMS, MEMBERS, WEIGHT
from tests.reference import surprise as reference

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MINUTE = 60 * 10**9
NO_TIMES = np.zeros(0, dtype=np.int64)
numbers = st.one_of(st.integers(-80, 80).map(lambda i: i / 8), st.just(np.nan))


def blank(n_columns: int, quiet: int = 0) -> list[Any]:
    clock = np.zeros(k.N_CLOCK, dtype=np.int64)
    clock[k.LAST], clock[k.QUIET], clock[k.ANEW] = k.UNTIMED, quiet, 1
    channels = np.zeros((n_columns, k.WIDTH))
    channels[:, WEIGHT] = 1.0
    return [clock, channels]


def over(run: Any, x: Floats, time: Ints = NO_TIMES, state: list[Any] | None = None) -> Floats:
    out = np.empty((len(x), 1 + x.shape[1]))
    x, time = x.copy(), time.copy()
    x.flags.writeable = time.flags.writeable = False
    run(x, time, *(blank(x.shape[1]) if state is None else state), out)
    return out


def stream(n: int, n_columns: int = 1, seed: int = 3) -> Floats:
    """Noise with a day, a shift, a spike, a louder stretch and missing values."""
    rng = np.random.default_rng(seed)
    day = np.sin(2 * np.pi * np.arange(n) / 96)[:, None]
    x = np.round((2 * day + rng.normal(size=(n, n_columns))) * 64) / 64
    x[n // 2 : n // 2 + 20] += 4.0
    x[2 * n // 3, 0] += 12.0
    x[4 * n // 5 : 4 * n // 5 + 30] *= 4.0
    x[n // 3 : n // 3 + 25] = np.nan
    return x


@given(
    arrays(np.float64, st.tuples(st.integers(1, 60), st.integers(1, 2)), elements=numbers),
    st.integers(0, 5),
    st.one_of(st.none(), st.integers(0, 2**31)),
)
@settings(max_examples=30)
def test_agrees_with_the_definition(x: Floats, quiet: int, seed: int | None) -> None:
    times = NO_TIMES
    if seed is not None:
        draws = np.random.default_rng(seed)
        steps = np.where(draws.random(len(x)) < 0.1, 40, 1)
        times = (np.cumsum(steps) + int(draws.integers(10**6))) * MINUTE
    ours = over(k.surprise_run, x, times, blank(x.shape[1], quiet))
    theirs = over(reference.surprise_run, x, times, blank(x.shape[1], quiet))
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("timed", [True, False])
def test_agrees_with_the_definition_on_a_longer_stream(timed: bool) -> None:
    x = stream(450, 2)
    times = (np.arange(450) * 15 + np.where(np.arange(450) > 300, 2000, 0)) * MINUTE
    times = times if timed else NO_TIMES
    ours, theirs = (over(run, x, times) for run in (k.surprise_run, reference.surprise_run))
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)
    assert (ours[:, 0] > k.ALARMING).any()


def test_a_unit_that_grows_a_thousandfold_takes_its_sizes_along() -> None:
    x = stream(500)
    x[150:] *= 2.0**14
    ours, theirs = (over(run, x) for run in (k.surprise_run, reference.surprise_run))
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)


@given(st.integers(0, 300), st.booleans())
@settings(max_examples=20)
def test_stopping_in_between_changes_no_bit(cut: int, timed: bool) -> None:
    x = stream(300, 2)
    times = np.arange(300) * MINUTE if timed else NO_TIMES
    whole, halves = blank(2, 30), blank(2, 30)
    at_once = over(k.surprise_run, x, times, whole)
    first = over(k.surprise_run, x[:cut], times[:cut], halves)
    second = over(k.surprise_run, x[cut:], times[cut:], halves)
    np.testing.assert_array_equal(at_once, np.concatenate([first, second]))
    for a, b in zip(whole, halves, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("factor", [-1.0, 2.0**40, 2.0**-40])
def test_scores_do_not_depend_on_the_unit(factor: float) -> None:
    x = stream(600)
    np.testing.assert_allclose(
        over(k.surprise_run, x * factor), over(k.surprise_run, x), rtol=1e-6, atol=1e-9
    )


def test_a_missing_row_teaches_nothing() -> None:
    x = stream(400, 2)
    holes = np.insert(x, [100, 200, 300], np.array([1.0, np.nan]), axis=0)
    with_holes, without = blank(2), blank(2)
    scores = over(k.surprise_run, holes, state=with_holes)
    known = np.isfinite(holes).all(axis=1)
    assert np.isnan(scores[~known]).all()
    np.testing.assert_array_equal(
        scores[known], over(k.surprise_run, x, state=without)[np.isfinite(x).all(axis=1)]
    )
    np.testing.assert_array_equal(with_holes[1], without[1])


def test_old_weights_are_divided_before_they_are_too_large() -> None:
    x = stream(800)
    usual, heavy = blank(1), blank(1)
    over(k.surprise_run, x[:400], state=usual)
    heavy[1][:] = usual[1]
    heavy[0][:] = usual[0]
    scale = HEAVIEST / usual[1][0, WEIGHT] * 0.99
    heavy[1][0, WEIGHT] *= scale
    heavy[1][0, HISTOGRAMS : HISTOGRAMS + MEMBERS * 160] *= scale
    for member in range(MEMBERS):
        heavy[1][0, COUNTS + 3 * member : COUNTS + 3 * member + 2] *= scale
    ours = over(k.surprise_run, x[400:], state=heavy)
    np.testing.assert_allclose(ours, over(k.surprise_run, x[400:], state=usual), rtol=1e-6)
    assert heavy[1][0, WEIGHT] < 2.0


def test_a_flat_line_with_a_jump_has_a_finite_score_where_it_jumps() -> None:
    x = np.zeros((300, 1))
    x[200] = 1e300
    scores = over(k.surprise_run, x)[:, 0]
    assert np.isfinite(scores).all()
    assert int(np.argmax(scores)) == 200
    assert scores[200] > 10
