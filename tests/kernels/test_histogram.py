from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sonde.kernels import histogram
from tests.reference import histogram as reference

Floats = NDArray[np.float64]

numbers = st.one_of(
    st.integers(-6, 6).map(float),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-1.0, 1.0),
)


def tables(most_rows: int) -> st.SearchStrategy[Floats]:
    return arrays(np.float64, st.tuples(st.integers(1, most_rows), st.just(2)), elements=numbers)


def learned(x: Floats, n_bins: list[int], kernels: Any = histogram) -> tuple[Any, Any, Any, Any]:
    """Lows, scales, offsets of the terms, and the counts as terms, each edged by −1 and −2."""
    lows, highs = kernels.column_ranges(x)
    bins = np.array(n_bins)
    scales = kernels.bin_scales(lows, highs, bins)
    starts = np.concatenate([[0], np.cumsum(bins)])
    counts = kernels.bin_counts(x, lows, scales, starts)
    parts = [[-1.0, *counts[a:b], -2.0] for a, b in itertools.pairwise(starts)]
    return lows, scales, starts + 2 * np.arange(len(starts)), np.concatenate(parts)


def sums(x: Floats, tables: tuple[Any, Any, Any, Any], tol: float = 0.5) -> Floats:
    out = np.empty(len(x))
    histogram.term_sums(x, *tables, tol, out, 0, len(x))
    return out


@given(tables(30), tables(10), st.tuples(st.integers(1, 9), st.integers(1, 9)))
@pytest.mark.filterwarnings("ignore:overflow")  # without the JIT: far outside is infinitely far
def test_agrees_with_the_definition(known: Floats, x: Floats, n_bins: tuple[int, int]) -> None:
    x = np.concatenate([x, known])
    ours, theirs = learned(known, list(n_bins)), learned(known, list(n_bins), reference)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)
    cells, expected = np.empty(x.shape), np.empty(x.shape)
    histogram.column_terms(x, *ours, 0.25, cells, 0, len(x))
    reference.column_terms(x, *theirs, 0.25, expected, 0, len(x))
    np.testing.assert_array_equal(cells, expected)
    totals = np.empty(len(x))
    reference.term_sums(x, *theirs, 0.25, totals, 0, len(x))
    np.testing.assert_array_equal(sums(x, ours, 0.25), totals)


@given(tables(40), st.integers(1, 12))
def test_every_row_is_counted_once_and_found_again(x: Floats, n_bins: int) -> None:
    tables = learned(x, [n_bins, n_bins])
    _, _, offsets, terms = tables
    assert terms[1 : offsets[1] - 1].sum() == len(x)
    cells = np.empty(x.shape)
    histogram.column_terms(x, *tables, 0.01, cells, 0, len(x))
    assert cells.min() >= 1


@pytest.mark.parametrize("step", [0.1, 0.01, 0.7, 1 / 3, 1e-9])
def test_values_on_edges_get_the_term_of_the_bin_they_were_counted_in(step: float) -> None:
    for n_values in range(2, 40):
        grid: Floats = np.arange(n_values, dtype=np.float64)[:, None] * np.float64(step)
        for n_bins in range(1, 25):
            lows, scales, offsets, terms = learned(grid, [n_bins])
            numbered = np.arange(len(terms), dtype=np.float64)
            cells = np.empty(grid.shape)
            histogram.column_terms(grid, lows, scales, offsets, numbered, 0.5, cells, 0, n_values)
            found = np.bincount(cells[:, 0].astype(int), minlength=len(terms))
            np.testing.assert_array_equal(found[1:-1], terms[1:-1])


def test_values_outside_count_as_the_edge_up_to_the_tolerance() -> None:
    tables = learned(np.arange(0.0, 11.0)[:, None], [5])
    x = np.array([-1.1, -0.9, 0.0, 10.0, 10.9, 11.1, -1e308, 1e308, np.nan])[:, None]
    found = sums(x, tables, 0.5)
    np.testing.assert_array_equal(found[:8], [-1, 2, 2, 3, 3, -2, -1, -2])
    assert np.isnan(found[8])


@given(st.lists(st.integers(0, 1500), max_size=4))
@settings(max_examples=20)
def test_a_row_does_not_notice_which_rows_come_with_it(cuts: list[int]) -> None:
    x = np.random.default_rng(1).normal(size=(1500, 3))
    x[[3, 700], 1] = np.nan
    tables = learned(np.nan_to_num(x[:300]), [7, 2, 30])
    whole, parts = sums(x, tables), np.zeros(1500)
    assert np.flatnonzero(np.isnan(whole)).tolist() == [3, 700]
    for start, stop in itertools.pairwise([0, *sorted(cuts), 1500]):
        histogram.term_sums(x, *tables, 0.5, parts, start, stop)
    assert parts.tobytes() == whole.tobytes()


@given(st.lists(numbers, min_size=1, max_size=40), st.integers(1, 8))
def test_likely_bins_agree_with_trying_each(values: list[float], most: int) -> None:
    ordered = np.sort(np.array(values))
    found = histogram.likely_bins(ordered, most)
    expected = reference.likely_bins(ordered, most)
    assert found == expected


def test_two_clusters_want_more_bins_than_an_even_column() -> None:
    even = np.linspace(0, 1, 400)
    apart = np.sort(np.concatenate([even / 10, 0.9 + even / 10]))
    assert histogram.likely_bins(even, 20) == 1
    assert histogram.likely_bins(apart, 20) == 10
