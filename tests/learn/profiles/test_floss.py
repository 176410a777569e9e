"""Changes of behaviour in series that go on."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from sonde.errors import InvalidInput
from sonde.kernels._jit import config
from sonde.learn.profiles.floss import EDGE, RegimeStream
from tests.reference.arcs import later_arcs
from tests.reference.profile import all_distances

pytestmark = pytest.mark.skipif(
    bool(config.DISABLE_JIT), reason="vectors exist in compiled code only: kernels/simd.py"
)

Floats = NDArray[np.float64]


def two_behaviours(n: int, change: int, seed: int = 0) -> Floats:
    t = np.arange(n)
    x = np.where(t < change, np.sin(t / 4), np.sign(np.sin(t / 5)))
    return x + 0.1 * np.random.default_rng(seed).normal(size=n)


def curve_from_the_definition(x: Floats, m: int) -> Floats:
    distances = all_distances(x, x, m)
    i, j = np.indices(distances.shape)
    zone = math.ceil(m / 4)
    distances[j - i <= zone] = np.inf
    later = np.array(distances.argmin(axis=1))
    later[np.isinf(distances).all(axis=1)] = -1
    whole = np.isfinite(np.lib.stride_tricks.sliding_window_view(x, m)).all(axis=1)
    passing, expected = later_arcs(later, np.asarray(whole, dtype=np.int64), zone)
    curve = np.minimum(np.where(expected > 0, passing / np.maximum(expected, 1e-9), 1.0), 1.0)
    curve[: EDGE * m] = curve[len(curve) - EDGE * m :] = 1.0
    return curve


def test_the_curve_is_that_of_the_definition() -> None:
    x = two_behaviours(420, 250)
    x[100] = np.nan
    stream = RegimeStream(x[:220], 12)
    stream.extend(x[220:])
    np.testing.assert_allclose(stream.curve, curve_from_the_definition(x[200:], 12), atol=1e-9)
    np.testing.assert_array_equal(stream.scores, 1.0 - stream.curve)
    x = two_behaviours(400, 250)
    x[150] = np.nan
    whole = RegimeStream(x, 12)
    np.testing.assert_allclose(whole.curve, curve_from_the_definition(x, 12), atol=1e-9)


def test_a_change_is_told_soon_after_it_happened() -> None:
    x = two_behaviours(1400, 900)
    stream = RegimeStream(x[:700], 25)
    told = [stream.update(value) for value in x[700:]]
    assert max(score for score, _ in told[:200]) < 0.5
    after = told[200 + (EDGE + 3) * 25 :]
    assert min(score for score, _ in after[:100]) > 0.6
    assert all(abs(place - 900) <= 30 for _, place in after[:100])


def test_points_that_come_together_tell_the_same() -> None:
    x = two_behaviours(900, 600)
    one, many = RegimeStream(x[:400], 25), RegimeStream(x[:400], 25)
    told = [one.update(value) for value in x[400:]]
    assert many.extend(x[400:]) == told[-1]
    assert RegimeStream.from_state(one.state()).changes(2) == many.changes(2)


def test_changes_stand_apart_and_come_clearest_first() -> None:
    t = np.arange(1800)
    x = np.concatenate(
        [np.sin(t[:600] / 4), np.sign(np.sin(t[:600] / 5)), (t[:600] % 23) / 11 - 1]
    ) + 0.1 * np.random.default_rng(0).normal(size=1800)
    found = RegimeStream(x, 25).changes(2)
    assert sorted(place for _, place in found) == pytest.approx([600, 1200], abs=30)
    assert found[0][0] >= found[1][0] > 0.5


def test_nothing_is_told_where_there_are_no_neighbours() -> None:
    stream = RegimeStream(np.full(300, np.nan), 20)
    assert stream.update(float("nan")) == (0.0, -1)
    assert stream.changes(3) == []


def test_a_history_too_short_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at least 220, got 219"):
        RegimeStream(np.arange(219.0), 20)
