"""Profiles over several lengths, and the length that is proposed."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

import sonde
from sonde.core import Series
from sonde.errors import InvalidInput, TooShort
from sonde.learn.profiles.window import proposed_window

NOISE = np.random.default_rng(0).normal(size=500)


def test_each_row_is_a_profile_in_one_unit() -> None:
    pan = sonde.pan_profile(NOISE, windows=[40, 10, 20, 10])
    assert pan.windows == (10, 20, 40)
    assert pan.distances.shape == (3, 500)
    for row, window in zip(pan.distances, pan.windows, strict=True):
        alone = sonde.matrix_profile(NOISE, window)
        np.testing.assert_array_equal(row[: alone.n_windows], alone.distances / np.sqrt(2 * window))
        assert np.isnan(row[alone.n_windows :]).all()
    assert np.nanmax(pan.distances) <= np.sqrt(2)


def test_the_motif_is_found_with_its_length() -> None:
    x = NOISE.copy()
    x[400:460] = x[100:160]
    window, motif = sonde.pan_profile(x, windows=[30, 60, 90]).motif()
    assert (window, motif.first, motif.second) == (60, 100, 400)


def test_the_discord_is_found_with_its_length() -> None:
    x = np.sin(np.arange(600) / 4) + 0.01 * np.random.default_rng(0).normal(size=600)
    x[300:340] = np.linspace(x[300], x[340], 40)
    window, discord = sonde.pan_profile(x, windows=[20, 40, 150]).discord()
    assert window in (20, 40)
    assert 280 < discord.start < 340


def test_lengths_are_proposed_around_the_cycle() -> None:
    pan = sonde.pan_profile(np.sin(np.arange(400) * 2 * np.pi / 25) + 0.1 * NOISE[:400])
    assert pan.windows[0] == 6
    assert pan.windows[-1] == 100
    assert "around 25: the shortest cycle" in pan.why
    assert repr(pan).startswith("<pan matrix profile: windows of 6, ")


def test_lengths_that_cannot_be_used_are_refused() -> None:
    with pytest.raises(InvalidInput, match="windows must be 1 to 1,000 lengths, got 0"):
        sonde.pan_profile(NOISE, windows=[])
    for windows in (20, "20", b"20"):
        with pytest.raises(InvalidInput, match="windows must be several lengths, such as"):
            sonde.pan_profile(NOISE, windows=windows)
    with pytest.raises(InvalidInput, match="windows must be 1 to 1,000 lengths, got more"):
        sonde.pan_profile(NOISE, windows=count(3))
    with pytest.raises(InvalidInput, match="windows must be 3 or more, got 2"):
        sonde.pan_profile(NOISE, windows=[2, 10])
    with pytest.raises(TooShort, match="there are 500"):
        sonde.pan_profile(NOISE, windows=[10, 450])
    with pytest.raises(InvalidInput, match="one channel, and there are 2"):
        sonde.pan_profile(NOISE.reshape(250, 2))
    with pytest.raises(InvalidInput, match="all windows are constant"):
        sonde.pan_profile(np.ones(100), windows=[10]).motif()


def test_without_neighbours_there_is_no_discord() -> None:
    x = np.full(25, np.nan)
    x[:8] = NOISE[:8]
    with pytest.raises(InvalidInput, match="no window has another to be compared with"):
        sonde.pan_profile(x, windows=[8]).discord()


def test_the_window_is_the_shortest_cycle() -> None:
    x = np.sin(np.arange(900) * 2 * np.pi / 24) + 0.3 * np.random.default_rng(0).normal(size=900)
    assert proposed_window(Series(x)) == (24, "the shortest cycle that repeats has 24 rows")


def test_a_cycle_that_does_not_keep_step_is_a_wave() -> None:
    rng = np.random.default_rng(2)
    x = np.sin(np.cumsum(2 * np.pi / 40 * (1 + 0.3 * rng.normal(size=2000))))
    window, why = proposed_window(Series(x))
    assert 20 <= window <= 80
    assert "rows" in why


def test_where_nothing_repeats_it_says_so() -> None:
    assert proposed_window(Series(NOISE)) == (64, "nothing repeats; 64 rows are usual")


@pytest.mark.parametrize("n", [12, 40, 100])
def test_four_windows_fit_into_a_short_series(n: int) -> None:
    window, _ = proposed_window(Series(NOISE[:n]))
    assert 3 <= window <= n // 4


def test_bounds_are_explained() -> None:
    window, why = proposed_window(Series(np.tile([0.0, 1.0, 0.0, -1.0], 50) + 0.05 * NOISE[:200]))
    assert window == 8
    assert "fewer than 8 rows hold no shape" in why
    slow = np.sin(np.arange(9000) * 2 * np.pi / 2000) + 0.1 * np.random.default_rng(0).normal(
        size=9000
    )
    window, why = proposed_window(Series(slow))
    assert window == 1024
    assert "1024 rows" in why


def test_flat_and_missing_series_have_a_window_too() -> None:
    assert proposed_window(Series(np.ones(400)))[0] == 64
    assert proposed_window(Series(np.full(400, np.nan)))[0] == 64
    assert proposed_window(Series(np.array([1e308, -1e308] * 200) * NOISE[:400].clip(-1, 1)))[0]


def test_too_few_rows_for_a_proposal_are_refused() -> None:
    with pytest.raises(TooShort, match="11 rows are too few to propose a window for"):
        sonde.matrix_profile(NOISE[:11])
