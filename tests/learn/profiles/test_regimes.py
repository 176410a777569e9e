"""Series cut where their behaviour changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import sonde
from sonde.errors import InvalidInput
from sonde.learn.profiles.regimes import arc_curves

Floats = NDArray[np.float64]
TSSB = Path(__file__).parents[4] / "shared" / "data" / "tssb"


def three_behaviours(seed: int = 0) -> Floats:
    """A sine to row 500, then a square wave to 1,100, then a saw to 1,600, with noise."""
    t = np.arange(1600)
    parts = [np.sin(t[:500] / 4), np.sign(np.sin(t[:600] / 5)), (t[:500] % 23) / 11 - 1]
    return np.concatenate(parts) + 0.1 * np.random.default_rng(seed).normal(size=1600)


def test_cuts_lie_where_behaviour_changes() -> None:
    profile = sonde.matrix_profile(three_behaviours(), 25)
    found = profile.regimes(k=3)
    assert [one.start for one in found] == pytest.approx([0, 500, 1100], abs=15)
    assert [one.stop for one in found[:-1]] == [one.start for one in found[1:]]
    assert found[-1].stop == 1600
    assert np.isnan(found[0].score)
    assert all(0.8 < one.score <= 1.0 for one in found[1:])


def test_the_number_of_stretches_is_found() -> None:
    profile = sonde.matrix_profile(three_behaviours(), 25)
    assert [one.start for one in profile.regimes()] == pytest.approx([0, 500, 1100], abs=15)


@pytest.mark.parametrize("seed", range(3))
def test_what_does_not_change_is_not_cut(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for x in (rng.normal(size=1000), np.sin(np.arange(1000) / 4) + 0.2 * rng.normal(size=1000)):
        assert len(sonde.matrix_profile(x, 20).regimes()) == 1


def test_arcs_cut_the_same_series() -> None:
    profile = sonde.matrix_profile(three_behaviours(), 25)
    found = profile.regimes(k=3, method="fluss")
    assert [one.start for one in found] == pytest.approx([0, 500, 1100], abs=30)


def test_the_series_backwards_is_cut_in_the_same_places() -> None:
    x = three_behaviours()
    there, back = (sonde.matrix_profile(one, 25).regimes(k=3) for one in (x, x[::-1]))
    assert sorted(1600 - one.start for one in back[1:]) == pytest.approx(
        [one.start for one in there[1:]], abs=15
    )


def test_channels_are_looked_at_together() -> None:
    rng = np.random.default_rng(0)
    x = np.column_stack([three_behaviours(), 0.1 * rng.normal(size=1600).cumsum()])
    found = sonde.matrix_profile(x, 25).regimes(k=3)
    assert [one.start for one in found] == pytest.approx([0, 500, 1100], abs=25)


def test_gaps_do_not_stop_it() -> None:
    x = three_behaviours()
    x[200:210], x[800] = np.nan, np.inf
    found = sonde.matrix_profile(x, 25).regimes(k=3)
    assert [one.start for one in found] == pytest.approx([0, 500, 1100], abs=25)


def test_one_stretch_and_too_short_ones_are_whole() -> None:
    profile = sonde.matrix_profile(three_behaviours(), 25)
    assert [(one.start, one.stop) for one in profile.regimes(k=1)] == [(0, 1600)]
    assert len(profile.regimes(k=1000)) <= 1600 // 125
    short = sonde.matrix_profile(three_behaviours()[:200], 25)
    assert [(one.start, one.stop) for one in short.regimes(k=2)] == [(0, 200)]
    assert len(short.regimes(k=2, method="fluss")) == 1


def test_every_stretch_has_room_for_five_windows() -> None:
    profile = sonde.matrix_profile(three_behaviours(), 25)
    for found in (profile.regimes(k=12), profile.regimes(k=12, method="fluss")):
        assert len(found) > 3
        assert min(one.stop - one.start for one in found) >= 124


@pytest.mark.parametrize("hole", [None, 100])
def test_arcs_are_counted_as_the_definition_says(hole: int | None) -> None:
    x = three_behaviours()[450:650]
    if hole is not None:
        x[hole : hole + 30] = np.nan
    profile = sonde.matrix_profile(x, 20)
    n = profile.n_windows
    senders = (profile.indices >= 0).mean()  # the share of windows that an arc begins at
    curve = profile.arc_curve
    assert curve.shape == (n,)
    for i in range(1, n):
        over = sum(
            min(a, b) < i <= max(a, b) for a, b in enumerate(profile.indices.tolist()) if b >= 0
        )
        assert curve[i] == pytest.approx(min(1.0, over / (senders * 2 * i * (n - i) / n)))


def test_windows_without_a_neighbour_send_no_arc() -> None:
    x = three_behaviours()
    x[700:900] = np.nan
    profile = sonde.matrix_profile(x, 25)
    assert (profile.indices == -1).any()
    assert profile.arc_curve.min() >= 0.0
    assert profile.arc_curve.max() == 1.0
    wide = sonde.matrix_profile(np.column_stack([x, x]), 25)
    assert arc_curves(wide).shape == (2, 1576)


def test_a_join_has_no_regimes() -> None:
    x = three_behaviours()
    profile = sonde.matrix_profile(x, 25, other=x[:300])
    for ask in (profile.regimes, lambda: profile.arc_curve):
        with pytest.raises(InvalidInput, match="compute the profile of the series with itself"):
            ask()


def test_arguments_out_of_range_are_refused() -> None:
    profile = sonde.matrix_profile(three_behaviours(), 25)
    with pytest.raises(InvalidInput, match="k must be 1 or more"):
        profile.regimes(k=0)
    with pytest.raises(InvalidInput, match="one of clasp, fluss"):
        profile.regimes(k=2, method="pelt")
    with pytest.raises(InvalidInput, match="give k, or take method='clasp'"):
        profile.regimes(method="fluss")


@pytest.mark.skipif(not TSSB.is_dir(), reason="the labelled series are not beside the checkout")
@pytest.mark.parametrize(
    ("name", "window", "cuts"),
    [("CBF", 20, [384, 704]), ("ItalyPowerDemand", 20, [816]), ("OSULeaf", 10, [907, 1680])],
)
def test_real_series_are_cut_where_people_cut_them(name: str, window: int, cuts: list[int]) -> None:
    profile = sonde.matrix_profile(np.loadtxt(TSSB / f"{name}.txt"), window)
    found = [one.start for one in profile.regimes(k=len(cuts) + 1)[1:]]
    assert found == pytest.approx(cuts, abs=window)
