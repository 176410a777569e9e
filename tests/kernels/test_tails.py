"""Tail probabilities: the twin, and that they never rise with the score."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sonde.kernels.tails import tail_probabilities
from tests.reference import tails as reference

Floats = NDArray[np.float64]
NUMBERS = st.floats(-1e6, 1e6)


@st.composite
def calibrations(draw: st.DrawFn) -> tuple[Floats, Floats, Floats]:
    knots = np.sort(draw(arrays(np.float64, 8, elements=NUMBERS)))
    shares = np.linspace(1.0, draw(st.floats(0.001, 1.0)), 8)
    shape = draw(st.one_of(st.floats(1e-6, 0.6), st.floats(-0.15, -1e-6)))
    scale = draw(st.floats(1e-6, 1e6))
    tail = np.array([draw(NUMBERS), draw(st.floats(1e-6, 1.0)), scale, shape])
    return knots, shares, tail


@given(calibrations(), arrays(np.float64, 12, elements=st.one_of(NUMBERS, st.just(np.nan))))
def test_agrees_with_its_twin(calibration: tuple[Floats, Floats, Floats], scores: Floats) -> None:
    knots = calibration[0]
    scores = np.concatenate([scores, knots, [calibration[2][0], -np.inf, np.inf]])
    ours = tail_probabilities(scores, *calibration, 1e-12)
    np.testing.assert_allclose(
        ours, reference.tail_probabilities(scores, *calibration, 1e-12), rtol=1e-9, atol=1e-15
    )


@given(calibrations(), arrays(np.float64, 20, elements=NUMBERS))
def test_never_rises_with_the_score(
    calibration: tuple[Floats, Floats, Floats], scores: Floats
) -> None:
    ours = tail_probabilities(np.sort(scores), *calibration, 1e-12)
    assert (np.diff(ours) <= 1e-12).all()
    assert ((ours >= 0) & (ours <= 1)).all()
