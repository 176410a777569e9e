from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonde.report.lines import Line, lines_of
from sonde.report.thin import gaps_of, thin

from .answers import MINUTE, clock, panel_answer, series_answer

NO_GAPS = np.empty(0, dtype=np.int64)


def line_of(n: int, n_channels: int = 1, seed: int = 0, missing: float = 0.0) -> Line:
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 1, (n, n_channels))
    values[rng.random((n, n_channels)) < missing] = np.nan
    scores = rng.gamma(1.0, 1.0, n)
    return Line(None, np.arange(n), clock(n), values, scores, scores, None, None, None, ())


def test_a_short_line_keeps_every_row() -> None:
    line = line_of(500)
    points = thin(line, 500, [], NO_GAPS)
    assert np.array_equal(points.starts, np.arange(500))
    assert np.array_equal(points.values, line.values)
    assert np.array_equal(points.score, line.score)


@given(
    st.integers(1, 4000), st.integers(60, 400), st.integers(1, 3), st.sampled_from([0.0, 0.3, 1.0])
)
def test_extremes_and_the_number_of_points_hold_for_any_size(
    n: int, most: int, n_channels: int, missing: float
) -> None:
    line = line_of(n, n_channels, seed=n, missing=missing)
    points = thin(line, most, [], NO_GAPS)
    assert len(points.starts) <= max(n if n <= most else 0, most + 2)
    assert np.all(np.diff(points.starts) > 0)
    assert points.starts[0] == 0
    for c in range(n_channels):
        seen = line.values[np.isfinite(line.values[:, c]), c]
        kept = points.values[np.isfinite(points.values[:, c]), c]
        assert np.isin(kept, seen).all()
        if seen.size:
            assert (kept.min(), kept.max()) == (seen.min(), seen.max())
    assert points.score.max() == line.score.max()


def test_extremes_of_a_bucket_stay_in_the_order_in_which_they_came() -> None:
    line = line_of(1000)
    line.values[:, 0] = np.tile([0.0, 5.0, -5.0, 0.0], 250)
    points = thin(line, 500, [], NO_GAPS)
    assert points.values[:2, 0].tolist() == [5.0, -5.0]


def test_anomalies_stay_row_by_row() -> None:
    line = line_of(50_000)
    points = thin(line, 2_000, [(30_000, 30_040)], NO_GAPS)
    inside = points.starts[(points.starts >= 29_980) & (points.starts < 30_060)]
    assert np.array_equal(inside, np.arange(29_980, 30_060))
    assert len(points.starts) < 2_100


def test_more_anomalies_than_fit_leave_the_first_ones_whole() -> None:
    line = line_of(50_000)
    spans = [(start, start + 100) for start in range(1_000, 49_000, 400)]
    points = thin(line, 2_000, spans, NO_GAPS)
    assert len(points.starts) < 2_400
    assert np.isin(np.arange(1_000, 1_100), points.starts).all()
    assert not np.isin(np.arange(45_000, 45_100), points.starts).all()


def test_missing_time_breaks_the_line_where_it_is_missing() -> None:
    reading, detection = series_answer()
    line = lines_of(reading, detection)[0]
    gaps = gaps_of(line, MINUTE)
    assert gaps.tolist() == [300]
    assert thin(line, 10_000, [], gaps).breaks.tolist() == [300]
    thinned = thin(line, 60, [], gaps)
    assert len(thinned.breaks) == 1
    assert thinned.starts[thinned.breaks[0]] >= 300 > thinned.starts[thinned.breaks[0] - 1]


def test_what_is_irregular_by_nature_is_not_a_gap() -> None:
    rng = np.random.default_rng(5)
    line = line_of(2_000)
    time = np.cumsum(rng.integers(1, 100, 2_000))
    time[1_000:] += 5_000
    irregular = replace(line, time=time)
    assert gaps_of(irregular, None).tolist() == [1_000]


@pytest.mark.parametrize("position", [0, 1])
def test_lines_know_their_own_rows(position: int) -> None:
    reading, detection = panel_answer()
    line = lines_of(reading, detection)[position]
    assert line.rows[0] == 200 * position
    assert line.anomalies == ((0,) if position else ())
    if position:
        assert line.span_of(detection.anomalies[0]) == (50, 60)
        assert line.position_of(255) == 55
