"""The EWMA detector on streams whose warm-up comes in several pieces."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import sonde
from sonde.core import Series
from sonde.data import Policy
from sonde.errors import InvalidInput
from sonde.learn import create

MINUTE = 60 * 10**9
PERIOD, WARMUP, N = 40, 750, 2400


def stream(*gaps: int) -> Series:
    """A row a minute with a season of the clock, and 11 minutes more before each of ``gaps``."""
    minutes = np.arange(N)
    for gap in gaps:
        minutes[gap:] += 11
    noise = 0.05 * np.random.default_rng(2).normal(size=N)
    return Series(np.sin(2 * np.pi * minutes / PERIOD) + noise, ["v"], minutes * MINUTE)


def cold(data: Series, **more: Any) -> Any:
    model: Any = create("ewma", warmup=WARMUP, **more)
    model.start(data, Policy("auto", max_gap=0), None)
    return model


def in_pieces(model: Any, data: Series, bounds: list[int]) -> NDArray[np.float64]:
    scores = []
    for start, stop in pairwise(bounds):
        scores.append(model.anomaly_scores(data[start:stop]))
        model._learn_as_it_goes(data[start:stop])
    return np.concatenate(scores)


@pytest.mark.parametrize("period", [PERIOD, None])
@pytest.mark.parametrize("gaps", [(), (1500,), (500, 1500)])
def test_pieces_shorter_than_the_warm_up_give_the_scores_of_the_whole(
    gaps: tuple[int, ...], period: int | None
) -> None:
    data = stream(*gaps)
    whole = cold(data, period=period).anomaly_scores(data)
    assert np.nanmax(whole[WARMUP + 100 :]) < 10  # the season follows the clock over the gap
    pieces = in_pieces(cold(data, period=period), data, list(range(0, N + 1, 300)))
    np.testing.assert_array_equal(pieces, whole)


def test_a_stream_stored_in_its_warm_up_still_knows_its_times(tmp_path: Path, home: Path) -> None:
    data = stream(1500)
    model = cold(data, period=PERIOD)
    model._learn_as_it_goes(data[:300])
    sonde.save(model, tmp_path / "m.sonde")
    loaded: Any = sonde.load(tmp_path / "m.sonde")
    whole = cold(data, period=PERIOD).anomaly_scores(data)
    np.testing.assert_array_equal(loaded.anomaly_scores(data[300:]), whole[300:])


def test_a_clock_that_does_not_go_on_leaves_the_season_to_the_rows() -> None:
    data = stream()
    again = Series(data.values[400:], ["v"], data.time[:-400])  # type: ignore[index]
    model = cold(data, period=PERIOD)
    scores = in_pieces(model, data, [0, 400])
    untimed = cold(data, period=PERIOD)
    rows = Series(data.values, ["v"])
    expected = in_pieces(untimed, rows, [0, 400, N])
    np.testing.assert_array_equal(np.concatenate([scores, model.anomaly_scores(again)]), expected)


@pytest.mark.parametrize(
    "times", [np.arange(WARMUP)[::-1], np.arange(WARMUP - 1), np.arange(WARMUP) * 1.0]
)
def test_held_times_that_cannot_be_right_are_refused(times: NDArray[Any]) -> None:
    data = stream()
    model = cold(data, period=PERIOD)
    model._learn_as_it_goes(data[:300])
    held = model.snapshot()
    model.restore(held)
    with pytest.raises(InvalidInput, match="does not fit ewma: 'warmup_time'"):
        model.restore(held | {"warmup_time": times.copy()})
