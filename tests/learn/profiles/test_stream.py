"""Matrix profiles of series that go on."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sonde.errors import InvalidInput, TooShort
from sonde.kernels import profile_stream as kernel
from sonde.kernels._jit import config
from sonde.learn.profiles.stream import MatrixProfileStream
from tests.kernels.hard_cases import HARD, hard_series
from tests.reference.profile import self_join

pytestmark = pytest.mark.skipif(
    bool(config.DISABLE_JIT), reason="vectors exist in compiled code only: kernels/simd.py"
)

Floats = NDArray[np.float64]
X = hard_series("plain", 500)


def same(ours: Floats, theirs: Floats) -> None:
    np.testing.assert_array_equal(np.isinf(ours), np.isinf(theirs))
    known = np.isfinite(ours)
    np.testing.assert_allclose(ours[known], theirs[known], rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", HARD)
def test_the_profile_of_what_was_kept_is_that_of_the_series(name: str) -> None:
    x = hard_series(name, 300)
    twin = self_join(x, 20)
    stream = MatrixProfileStream(x[:120], 20, egress=False)
    stream.extend(x[120:])
    same(stream.distances, twin.distances)
    same(stream.left_distances, twin.left)
    same(stream.right_distances, twin.right)
    has = stream.indices >= 0
    same(twin.all[np.flatnonzero(has), stream.indices[has]], twin.distances[has])


def test_the_oldest_point_leaves_and_places_go_on() -> None:
    stream = MatrixProfileStream(X[:200], 20)
    for value in X[200:]:
        distance, index = stream.update(value)
        assert len(stream) == 200
    assert (stream.first, len(stream.distances)) == (300, 181)
    twin = self_join(X[300:], 20)
    assert distance == pytest.approx(twin.left[-1], abs=1e-6)
    assert twin.all[-1, index - 300] == pytest.approx(distance, abs=1e-6)
    same(stream.right_distances, twin.right)


def test_a_window_keeps_the_neighbour_that_has_left() -> None:
    x = np.random.default_rng(3).normal(size=130)
    x[60:75] = x[:15]
    stream = MatrixProfileStream(x[:75], 15)
    assert stream.left_indices[-1] == 0
    stream.extend(x[75:])
    assert stream.first == 55
    assert (stream.left_indices[60 - 55], stream.indices[60 - 55]) == (0, 0)
    assert stream.left_distances[60 - 55] < 1e-6


def test_growing_one_by_one_is_growing_at_once() -> None:
    slow, quick = (MatrixProfileStream([], 12, egress=False) for _ in range(2))
    x = np.random.default_rng(1).normal(size=1500)
    found = [slow.update(value) for value in x]
    distances, indices = quick.extend(x)
    np.testing.assert_array_equal([d for d, _ in found], distances)
    np.testing.assert_array_equal([i for _, i in found], indices)
    np.testing.assert_array_equal(slow.indices, quick.indices)
    np.testing.assert_array_equal(slow.right_distances, quick.right_distances)
    assert np.isinf(distances[:15]).all()
    assert np.isfinite(distances[15:]).all()


def test_numbers_of_any_kind_are_taken() -> None:
    whole = np.random.default_rng(2).integers(0, 9, 80)
    plain = MatrixProfileStream(whole.astype(np.float64), 8)
    locked = whole.astype(np.float64)
    locked.setflags(write=False)
    for other in (whole, whole.tolist(), whole.astype(np.float32)[:, None], locked, whole[:, None]):
        stream = MatrixProfileStream(other, 8)
        np.testing.assert_array_equal(stream.distances, plain.distances)
        assert stream.update(np.int64(3)) == plain.update(3)  # type: ignore[arg-type]
        plain = MatrixProfileStream(whole, 8)


def test_missing_values_pass_through() -> None:
    stream = MatrixProfileStream(X[:200], 20)
    plain = MatrixProfileStream(X[:200], 20)
    assert stream.update(float("nan")) == (np.inf, -1)
    plain.update(0.0)
    for value in X[200:219]:
        assert stream.update(value) == (np.inf, -1)
        plain.update(value)
    distance, index = stream.update(X[219])
    assert distance == pytest.approx(plain.update(X[219])[0])
    assert 0 <= index < 200
    assert stream.update(1e300) == (np.inf, -1)


@pytest.mark.parametrize(
    ("history", "window", "says"),
    [
        (X, 2, "window must be 3 or more"),
        (X, 8.0, "window must be a whole number"),
        (X[:40], 32, "needs a history of at least 41, got 40"),
        (["a", "b"], 3, "not numeric|numbers"),
        (np.zeros((50, 2)), 3, "one column"),
    ],
)
def test_what_can_not_be_is_refused(history: Any, window: Any, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        MatrixProfileStream(history, window)


def test_too_short_a_history_has_its_own_error() -> None:
    with pytest.raises(TooShort) as caught:
        MatrixProfileStream(X[:10], 8)
    assert caught.value.facts == {"needed": 11, "got": 10}


@pytest.mark.parametrize("egress", [True, False])
def test_a_stored_state_goes_on_to_the_bit(egress: bool) -> None:
    stream = MatrixProfileStream(X[:150], 20, egress=egress)
    stream.extend(X[150:300])
    file = io.BytesIO()
    np.savez(file, **stream.state())  # type: ignore[arg-type]
    file.seek(0)
    with np.load(file) as stored:
        again = MatrixProfileStream.from_state(stored)
    for ours, theirs in zip(stream.extend(X[300:]), again.extend(X[300:]), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(stream.distances, again.distances)
    np.testing.assert_array_equal(stream.right_indices, again.right_indices)


BROKEN: list[tuple[str, Any, Any]] = [
    ("clock", kernel.POINTS, 2**40),
    ("clock", kernel.POINTS, -1),
    ("clock", kernel.BASE, 2**40),
    ("clock", kernel.BASE, -(2**40)),
    ("clock", kernel.FIRST, 0),
    ("clock", kernel.MOST, 3),
    ("clock", kernel.MOST, 2**40),
    ("clock", kernel.WINDOW, 2**40),
    ("clock", kernel.WINDOW, 0),
    ("clock", kernel.ZONE, -1),
    ("clock", kernel.LAGS, 2**40),
    ("clock", kernel.LAGS, 32),
    ("clock", kernel.CURSOR, -5),
    ("clock", kernel.END, 2**40),
    ("clock", kernel.BEGIN, -1),
    ("clock", kernel.NEWEST_CONSTANT, 2**40),
    ("clock", kernel.TOLD, -1),
    ("integers", (kernel.KIND, slice(None)), 3),
    ("integers", (kernel.LATER, slice(None)), 2**40),
    ("integers", (kernel.LATER, slice(None)), 0),
    ("integers", (kernel.EARLIER, slice(None)), 2**40),
    ("integers", (kernel.RESTARTS, slice(None)), 2**40),
    ("floats", (kernel.VALUE, 100), np.nan),
    ("floats", (kernel.LEFT, 100), np.nan),
    ("floats", (kernel.INVERSE, 100), -1.0),
    ("scale", kernel.UNIT, 0.0),
    ("scale", kernel.PEAK, np.nan),
]


@pytest.mark.parametrize(("name", "place", "value"), BROKEN)
def test_a_state_that_leads_outside_is_refused(name: str, place: Any, value: Any) -> None:
    stream = MatrixProfileStream(X[:150], 20)
    stream.extend(X[150:400])
    state = stream.state()
    state[name][place] = value
    with pytest.raises(InvalidInput, match="no state of a matrix profile stream"):
        MatrixProfileStream.from_state(state)


@pytest.mark.parametrize(
    "change",
    [
        {"floats": np.zeros((3, 3))},
        {"integers": np.zeros((4, 9), dtype=np.int64)},
        {"clock": np.zeros(3, dtype=np.int64)},
        {"scale": np.zeros((2, 2))},
        {"clock": np.zeros(kernel.N_CLOCK)},
    ],
)
def test_a_state_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    state = MatrixProfileStream(X[:150], 20).state()
    with pytest.raises(InvalidInput, match=next(iter(change))):
        MatrixProfileStream.from_state(state | change)
    del state["clock"]
    with pytest.raises(InvalidInput, match="'clock' is missing"):
        MatrixProfileStream.from_state(state)


@pytest.mark.parametrize(
    "value", ["5", b"5", [1.0, 2.0], {}, 1j, np.ones(2), np.datetime64("2024-01-01"), 10**400]
)
def test_a_point_that_is_no_number_is_refused_and_changes_nothing(value: Any) -> None:
    x = np.sin(np.arange(100.0))
    stream, other = (
        MatrixProfileStream(x, 10, egress=False),
        MatrixProfileStream(x, 10, egress=False),
    )
    with pytest.raises(InvalidInput, match="one number at a time"):
        stream.update(value)
    with pytest.raises(InvalidInput):
        stream.extend([value])
    assert stream.update(0.5) == other.update(0.5)


@pytest.mark.parametrize("missing", [None, math.nan, np.ma.masked])
def test_a_missing_point_has_no_window(missing: Any) -> None:
    stream = MatrixProfileStream(np.sin(np.arange(100.0)), 10)
    assert stream.update(missing) == (math.inf, -1)


@pytest.mark.parametrize("values", [1j * np.ones(100), ["1"] * 100, None, 3.0, np.ones((50, 2))])
def test_a_history_that_is_no_column_of_numbers_is_refused(values: Any) -> None:
    with pytest.raises(InvalidInput):
        MatrixProfileStream(values, 10)
