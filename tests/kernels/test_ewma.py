from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sonde.kernels import ewma
from tests.reference import ewma as reference

Floats = NDArray[np.float64]
RATES = np.array([0.1, 0.2, 0.05])
numbers = st.one_of(st.integers(-8000, 8000).map(lambda i: i / 8), st.just(np.nan))


def blank(n_channels: int, period: int, knows_scale: int) -> list[Any]:
    clock = np.array([0, 0, period, knows_scale])
    channels = np.zeros((ewma.N_FIELDS, n_channels))
    channels[ewma.SCALE] = 2.0 * knows_scale
    season = np.linspace(0.0, 1.0, period * n_channels).reshape(period, n_channels)
    return [clock, channels, season]


def over(run: Any, x: Floats, state: list[Any]) -> tuple[Floats, Floats, Floats]:
    out = np.empty(len(x)), np.empty(x.shape), np.empty(x.shape)
    run(x, *state, RATES, *out)
    return out


@given(
    arrays(np.float64, st.tuples(st.integers(1, 40), st.integers(1, 3)), elements=numbers),
    st.integers(1, 5),
    st.integers(0, 1),
)
def test_agrees_with_the_definition(x: Floats, period: int, knows: int) -> None:
    ours, theirs = blank(x.shape[1], period, knows), blank(x.shape[1], period, knows)
    for a, b in zip(over(ewma.ewma_run, x, ours), over(reference.ewma_run, x, theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@given(arrays(np.float64, (30, 2), elements=numbers), st.integers(0, 30))
def test_stopping_in_between_changes_no_bit(x: Floats, cut: int) -> None:
    whole, halves = blank(2, 3, 0), blank(2, 3, 0)
    at_once = over(ewma.ewma_run, x, whole)
    first, second = over(ewma.ewma_run, x[:cut], halves), over(ewma.ewma_run, x[cut:], halves)
    for a, b, c in zip(at_once, first, second, strict=True):
        np.testing.assert_array_equal(a, np.concatenate([b, c]))


@given(arrays(np.float64, (30, 1), elements=numbers), st.sampled_from([2.0, 1024.0, 2.0**-30]))
def test_scores_do_not_depend_on_the_unit(x: Floats, factor: float) -> None:
    plain, scaled = blank(1, 1, 0), blank(1, 1, 0)
    np.testing.assert_allclose(
        over(ewma.ewma_run, x, plain)[0],
        over(ewma.ewma_run, x * factor, scaled)[0],
        rtol=1e-6,
    )


def test_a_flat_line_with_a_jump_has_a_finite_score() -> None:
    x = np.zeros((50, 1))
    x[40] = 1e300
    with np.errstate(over="ignore"):  # what the compiled kernel does without a word
        scores = over(ewma.ewma_run, x, blank(1, 1, 0))[0]
    assert np.isfinite(scores[ewma.MIN_SEEN :]).all()
    assert int(np.nanargmax(scores)) == 40


def test_every_kernel_has_a_reference() -> None:
    assert hasattr(reference, "ewma_run")
    kernels = {n for n in vars(ewma) if hasattr(getattr(ewma, n), "py_func")}
    assert kernels <= {"ewma_run"}
