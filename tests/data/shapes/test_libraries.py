"""The libraries themselves take what we make, and make what we take."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from sonde.core import Panel, Series, Table
from sonde.data.shapes import container_from, convert

from .containers import assert_same

# What other libraries warn of, on import and in use, is theirs.
pytestmark = pytest.mark.filterwarnings("ignore")
RNG = np.random.default_rng(8)
HOUR = 3600 * 10**9


def library(name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(
            name, reason=f"{name} is not installed; it is one of the peers that are compared"
        )


def panel(lengths: tuple[int, ...] = (12, 12, 12, 12), width: int = 2, *, timed: bool) -> Panel:
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    clock = np.concatenate([np.arange(n) * HOUR + 19_700 * 24 * HOUR for n in lengths])
    return Panel(
        RNG.normal(size=(offsets[-1], width)),
        offsets,
        ["rate", "load", "heat"][:width],
        [f"plant {i}" for i in reversed(range(len(lengths)))],
        clock if timed else None,
    )


def test_scikit_learn_fits_rows_and_series() -> None:
    neighbors = library("sklearn.neighbors")
    rows = convert(Table(RNG.normal(size=(20, 3))), "sklearn")
    assert neighbors.NearestNeighbors().fit(rows).n_features_in_ == 3
    flat = convert(panel(width=1, timed=False), "numpy2d")
    assert neighbors.NearestNeighbors().fit(flat).n_features_in_ == 12


@pytest.mark.parametrize(
    ("layout", "lengths", "kind"),
    [
        ("aeon", (12,) * 4, "numpy3D"),
        ("list", (12, 9, 7), "np-list"),
        ("numpy2d", (12,), "numpy2D"),
    ],
)
def test_aeon_knows_the_collection(layout: str, lengths: tuple[int, ...], kind: str) -> None:
    collection = library("aeon.utils.validation.collection")
    shaped = convert(panel(lengths, 1 if layout == "numpy2d" else 2, timed=False), layout)
    assert collection.get_type(shaped) == kind
    assert collection.is_collection(shaped, include_2d=True)


@pytest.mark.parametrize(("layout", "lengths"), [("aeon", (12,) * 4), ("list", (12, 9, 7))])
def test_aeon_measures_distances(layout: str, lengths: tuple[int, ...]) -> None:
    distances = library("aeon.distances")
    shaped = convert(panel(lengths, timed=False), layout)
    apart = distances.pairwise_distance(shaped, method="euclidean")
    assert apart.shape == (len(lengths), len(lengths))
    assert np.all(apart[np.triu_indices(len(lengths), 1)] > 0)


@pytest.mark.parametrize(
    ("layout", "mtype", "lengths"),
    [
        ("sktime", "numpy3D", (12,) * 4),
        ("nested", "nested_univ", (12, 9, 7)),
        ("multi_index", "pd-multiindex", (12, 9, 7)),
        ("df_list", "df-list", (12, 9, 7)),
    ],
)
@pytest.mark.parametrize("timed", [True, False])
def test_sktime_checks_the_panel(
    layout: str, mtype: str, lengths: tuple[int, ...], timed: bool
) -> None:
    datatypes = library("sktime.datatypes")
    shaped = convert(panel(lengths, timed=timed), layout)
    valid, why, _ = datatypes.check_is_mtype(shaped, mtype, "Panel", return_metadata=True)
    assert valid, why


@pytest.mark.parametrize("timed", [True, False])
def test_sktime_turns_one_of_our_layouts_into_another(timed: bool) -> None:
    datatypes = library("sktime.datatypes")
    one = panel(timed=timed)
    theirs = datatypes.convert(convert(one, "nested"), "nested_univ", "pd-multiindex", "Panel")
    read = container_from(theirs, "multi_index")
    assert isinstance(read, Panel)
    # sktime sorts the instances.
    assert_same(read[[read.ids.index(name) for name in one.ids]], one)
    cube = datatypes.convert(convert(one, "multi_index"), "pd-multiindex", "numpy3D", "Panel")
    assert {row.tobytes() for row in cube} == {row.tobytes() for row in convert(one, "sktime")}


@pytest.mark.parametrize("lengths", [(12,) * 4, (12, 9, 7)])
def test_tslearn_makes_the_same_data_set(lengths: tuple[int, ...]) -> None:
    utils = library("tslearn.utils")
    one = panel(lengths, timed=False)
    theirs = utils.to_time_series_dataset(convert(one, "list_tc"))
    ours = convert(one, "tslearn")
    np.testing.assert_array_equal(ours, theirs)
    assert [utils.ts_size(series) for series in ours] == list(lengths)
    named = container_from(theirs, "tslearn", channels=one.channels, ids=one.ids)
    assert_same(named, one)


def test_stumpy_profiles_one_channel_and_several() -> None:
    stumpy = library("stumpy")
    one = Series(RNG.normal(size=40))
    flat = convert(one, "stumpy")
    # Of the profiles of one channel only the single distances compile within seconds.
    assert np.argmin(stumpy.mass(flat[5:13], flat)) == 5
    several = Series(RNG.normal(size=(40, 3)))
    profile, _ = stumpy.mstump(convert(several, "stumpy"), 8)
    assert profile.shape == (3, 33)


@pytest.mark.parametrize("timed", [True, False])
def test_tsfresh_extracts_the_same_from_both_frames(timed: bool) -> None:
    tsfresh = library("tsfresh")
    settings = library("tsfresh.feature_extraction").MinimalFCParameters()
    one = panel((12, 9, 7), timed=timed)
    how = {"default_fc_parameters": settings, "n_jobs": 0, "disable_progressbar": True}
    names = {"column_id": "id", "column_sort": "time"}
    wide = tsfresh.extract_features(convert(one, "tsfresh"), **names, **how)
    stacked = tsfresh.extract_features(
        convert(one, "tsfresh_long"), column_kind="kind", column_value="value", **names, **how
    )
    assert set(wide.index) == set(one.ids)
    found = wide.loc[list(one.ids), "load__maximum"].to_numpy()
    assert found.tolist() == [series.values[:, 1].max() for series in one]
    np.testing.assert_allclose(wide[stacked.columns], stacked.loc[wide.index])


@pytest.mark.parametrize(("timed", "freq"), [(True, "h"), (False, 1)])
def test_statsforecast_forecasts_the_last_value(timed: bool, freq: Any) -> None:
    statsforecast = library("statsforecast")
    naive = library("statsforecast.models").Naive()
    one = panel((12, 9, 7), 1, timed=timed)
    forecast = statsforecast.StatsForecast(models=[naive], freq=freq, n_jobs=1).forecast(
        h=2, df=convert(one, "statsforecast")
    )
    last = {name: series.values[-1, 0] for name, series in zip(one.ids, one, strict=True)}
    for name, value in zip(forecast["unique_id"], forecast["Naive"], strict=True):
        assert value == pytest.approx(last[name], rel=1e-6)
    read = container_from(forecast, "statsforecast", channels=["Naive"])
    assert isinstance(read, Panel)
    assert np.diff(read.offsets).tolist() == [2, 2, 2]
    assert (read.time is not None) == timed
