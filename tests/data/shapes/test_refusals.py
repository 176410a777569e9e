"""What could be read two ways, or not at all, is refused with the place and the remedy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given

from sonde.core import Panel, Series, Table
from sonde.data.shapes import LAYOUTS, container_from, convert
from sonde.errors import InvalidInput

RNG = np.random.default_rng(20)
LETTERS = {"n": 4, "t": 6, "c": 3}


@pytest.mark.parametrize("axes", ["nct", "ntc", "cnt", "ctn", "tnc", "tcn", "nt", "tn", "tc", "ct"])
def test_any_order_of_axes_gives_the_same_panel(axes: str) -> None:
    cube = RNG.normal(size=[LETTERS[one] if one in axes else 1 for one in "ntc"])
    order = ["ntc".index(one) for one in axes]
    missing = tuple(i for i, one in enumerate("ntc") if one not in axes)
    given_array = cube.squeeze(missing).transpose([sorted(order).index(i) for i in order])
    panel = Panel.from_array(given_array, axes=axes)
    assert len(panel) == cube.shape[0]
    np.testing.assert_array_equal(np.stack([one.values for one in panel]), cube)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6))
def test_more_channels_than_points_must_be_meant(n: int, c: int, t: int) -> None:
    cube = np.zeros((n, c, t))
    assert len(Panel.from_array(cube, axes="nct").channels) == c
    assert len(Panel.from_array(cube, axes="ntc").channels) == t
    if c <= t:
        assert len(Panel.from_array(cube).channels) == c
        return
    with pytest.raises(InvalidInput) as refused:
        Panel.from_array(cube)
    for part in (
        f"{n} series, {c} channels, {t} points",
        f"{n} series, {c} points, {t} channels",
        "axes='nct' or axes='ntc'",
    ):
        assert part in str(refused.value)


def test_masked_cells_and_none_are_missing() -> None:
    masked = np.ma.masked_equal([[1.0, 2.0]], 2.0)
    np.testing.assert_array_equal(Panel.from_array(masked).values.ravel(), [1.0, np.nan])
    np.testing.assert_array_equal(Panel.from_array([[1.0, None]]).values.ravel(), [1.0, np.nan])


days = pd.date_range("2024-01-01", periods=3)
ragged = Panel(np.arange(5.0), [0, 2, 5], ["rate"], ["a", "b"])
wide = Panel(np.zeros((6, 2)), [0, 3, 6], ["rate", "load"], ["a", "b"])
hollow = Panel([1.0], [0, 0, 1], ["rate"], ["a", "b"])
flat = {"id": ["a", "a", "b"], "time": days, "rate": [1.0, 2.0, 3.0]}


def changed(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({**flat, **columns})


def indexed(*levels: Any) -> pd.DataFrame:
    return pd.DataFrame({"rate": [1.0, 2.0, 3.0]}, index=pd.MultiIndex.from_arrays(levels))


def cells(*values: Any) -> pd.DataFrame:
    return pd.DataFrame({f"c{i}": pd.Series([v], dtype=object) for i, v in enumerate(values)})


CASES: list[tuple[Callable[[], Any], str]] = [
    # axes
    (lambda: Panel.from_array(np.zeros(3)), "2 axes (n_series, n_points) or 3"),
    (lambda: Panel.from_array(np.zeros((2, 3)), axes="nc"), "axes='nc' names no order of axes"),
    (lambda: Panel.from_array(np.zeros((2, 3)), axes="tt"), "axes='tt' names no order of axes"),
    (lambda: Panel.from_array(np.zeros((2, 3)), axes="nct"), "names 3 axes (n_series, n_channels"),
    (lambda: Panel.from_array(np.zeros((0, 3))), "shape (0, 3) holds no series with points"),
    (lambda: Panel.from_array([["a"]]), "an array of text"),
    (lambda: Panel.from_array([[1, "a", None]]), "an array of text"),
    (lambda: Panel.from_array(np.zeros((1, 2)) + 1j), "an array of complex numbers"),
    (lambda: Panel.from_array([[1.0], [1.0, 2.0]]), "a list of arrays, one per series"),
    (lambda: Panel.from_array([[1.0, {}]]), "something that is no number"),
    (lambda: Panel.from_array(np.zeros((2, 3)), time=[1, 2]), "each of the 6 points or the 3"),
    (lambda: Panel.from_array(np.zeros((1, 1)), time=[1.5]), "int64 nanoseconds"),
    (lambda: Panel.from_array(np.zeros((1, 1)), time=["NaT"]), "int64 nanoseconds"),
    (
        lambda: Panel.from_array(np.zeros((1, 2)), time=np.array(["2024", "NaT"], "datetime64[s]")),
        "entry 1 of time is missing",
    ),
    (
        lambda: Panel.from_array(np.zeros((1, 1)), time=np.array(["3000"], "datetime64[s]")),
        "outside the years 1677–2262",
    ),
    (
        lambda: Panel.from_array(np.zeros((2, 2)), time=np.array([[1, 2], [4, 3]])),
        "row 1 of series number 1 is not later than row 0",
    ),
    # layouts and options
    (lambda: convert(wide, "pytorch"), "there is no layout 'pytorch'; there are sklearn, numpy2d"),
    (lambda: container_from([1], "x"), "there is no layout 'x'"),
    (lambda: convert(np.zeros((2, 2)), "aeon"), "not a ndarray; make one with sonde.container"),  # type: ignore[arg-type]
    (lambda: container_from(wide, "aeon"), "this is a panel already"),
    (lambda: convert(wide, "aeon", id="x"), "has no option 'id'; it takes copy"),
    (lambda: container_from([[1]], "numpy2d", ids=["a", "a"]), "two series are called 'a'"),
    # arrays
    (lambda: convert(wide, "sklearn"), "each row could be a point, or a series"),
    (lambda: convert(Table([[1.0]]), "aeon"), "the rows of a Table have no order"),
    (lambda: convert(ragged, "aeon"), "'a' has 2 points and series 'b' has 3; convert to 'list'"),
    (lambda: convert(wide, "numpy2d"), "holds one channel; there are 2: 'rate', 'load'"),
    (lambda: convert(Panel([], [0, 0]), "numpy2d"), "no series has any points"),
    (lambda: convert(wide, "stumpy"), "STUMPY reads one series"),
    (lambda: container_from(np.zeros((3, 2)), "numpy3d"), "this one has 2 axes: shape (3, 2)"),
    (lambda: container_from(np.zeros((1, 2, 3)), "numpy2d"), "this one has 3 axes"),
    (lambda: container_from(np.zeros((5, 2)), "stumpy"), "axes='ct' or axes='tc'"),
    (lambda: container_from(np.zeros((5, 2)), "stumpy", axes="nt"), "axes must be 'ct' or 'tc'"),
    (lambda: container_from(np.zeros((1, 1, 1)), "stumpy"), "shape (1, 1, 1)"),
    (lambda: container_from(np.zeros((2, 2)), "sklearn", kind="panel"), "'table' or 'series'"),
    (lambda: container_from(np.zeros((2, 2)), "sklearn", time=[1, 2]), "say kind='series'"),
    # tslearn
    (lambda: convert(hollow, "tslearn"), "series 'a' has no points"),
    (lambda: convert(Series([1.0, np.nan]), "tslearn"), "'0' ends in a point without any value"),
    (
        lambda: container_from(np.zeros((1, 2, 5)), "tslearn"),
        "1 series, 2 channels, 5 points; say which",
    ),
    (lambda: container_from(np.zeros((1, 2)), "tslearn"), "this one has shape (1, 2)"),
    (lambda: container_from(np.zeros((1, 2, 1)), "tslearn", axes="tn"), "axes must be 'ntc'"),
    (lambda: container_from([[[1.0]], [[np.nan]]], "tslearn"), "series 1 has nothing but NaN"),
    # lists
    (lambda: container_from([], "list"), "this is an empty list"),
    (lambda: container_from(5, "list_tc"), "this is a int"),
    (lambda: container_from([np.zeros((5, 2))] * 2, "list"), "5 channels, 2 points; it could also"),
    (lambda: container_from([np.zeros((1, 1, 1))], "list"), "series 0 of the list has 3 axes"),
    (lambda: container_from([[1.0], ["a"]], "list"), "series 1 of the list: an array of text"),
    (
        lambda: container_from([np.zeros((5, 2)), np.zeros((4, 2))], "list"),
        "series 0 of the list has 5 channels (shape (5, 2)) and series 1 has 4 (shape (4, 2)); "
        "read the other way round they agree: layout='list_tc'",
    ),
    (
        lambda: container_from([np.zeros((2, 5)), np.zeros((3, 4))], "list_tc"),
        "give every series the same channels",
    ),
    # frames of frames
    (lambda: container_from([1], "nested"), "not a list"),
    (lambda: container_from(cells(1.0), "nested"), "row 0, column 'c0': a cell must be a pandas"),
    (lambda: container_from(cells(pd.Series(["x"])), "nested"), "row 0, column 'c0': could not"),
    (
        lambda: container_from(cells(pd.Series([1.0]), pd.Series([1.0, 2.0])), "nested"),
        "row 0: columns 'c0' (1 points) and 'c1' (2 points) have different indexes",
    ),
    (
        lambda: container_from(cells(pd.Series([1.0], [0]), pd.Series([1.0], [1])), "nested"),
        "have different indexes",
    ),
    (
        lambda: container_from(cells(pd.Series([1.0, 2.0], days[[1, 0]])), "nested"),
        "series '0': point 1 is not later than the one before it",
    ),
    (
        lambda: container_from(cells(pd.Series([1.0, 2.0], [0, 5])), "nested"),
        "from the integer 0 to 5; integers that do not rise by one are moments of an unknown unit",
    ),
    (lambda: container_from(cells(pd.Series([1.0])), "nested", channels=["x"]), "no column 'x'"),
    (lambda: container_from(pd.DataFrame(), "nested"), "no rows or no columns"),
    (
        lambda: container_from([pd.DataFrame({"a": [1.0]}), pd.DataFrame({"b": [1.0]})], "df_list"),
        "frame 1 of the list has the columns ['b'] and frame 0 has ['a']",
    ),
    (
        lambda: container_from(
            [pd.DataFrame({"a": [1.0]}, days[:1]), pd.DataFrame({"a": [1.0]})], "df_list"
        ),
        "series '0' has dates and series '1' has none",
    ),
    (lambda: container_from([1], "df_list"), "entry 0 of the list is a int"),
    (lambda: container_from(1, "df_list"), "is a list of pandas frames"),
    # an index of two levels
    (lambda: container_from(changed(), "multi_index"), "this DataFrame has 1: [None]"),
    (lambda: container_from(indexed([0] * 3, [0] * 3, days), "multi_index"), "has 3: [None, None"),
    (lambda: container_from(indexed(["a", None, "b"], days), "multi_index"), "row 1: the instance"),
    (
        lambda: container_from(indexed(["a"] * 3, [*days[:2], pd.NaT]), "multi_index"),
        "row 2: time 'index' is missing",
    ),
    (lambda: container_from(indexed(["a"] * 3, days[[0, 1, 0]]), "multi_index"), "rows 0 and 2"),
    (lambda: container_from(indexed(["a"] * 3, ["x", "y", "z"]), "multi_index"), "holds no dates"),
    (
        lambda: container_from(indexed([1, "1", 2], days), "multi_index"),
        "two series are called '1'",
    ),
    (lambda: convert(hollow, "multi_index"), "1 series have none: 'a'; leave them out"),
    (lambda: container_from(indexed(["a"] * 3, days), "pandas"), "index of 2 levels"),
    # long frames
    (lambda: container_from(changed(rate=["1", "x", "2"]), "tsfresh"), "row 0, column 'rate': '1'"),
    (lambda: container_from(changed(id=["a", None, "b"]), "tsfresh"), "row 1: id column 'id' is"),
    (lambda: container_from(changed(time=[0.5, 1, 2]), "tsfresh"), "'time' (Float64) holds no"),
    (lambda: container_from(changed(time=[*days[:2], pd.NaT]), "tsfresh"), "row 2: time 'time'"),
    (lambda: container_from(changed(time=[0, 2, 0]), "tsfresh"), "of series 'a' goes from the"),
    (lambda: container_from(changed(time=[1, 1, 1]), "tsfresh"), "rows 0 and 1 of the tsfresh"),
    (
        lambda: container_from(changed(time=[1, 2, 10**12]), "tsfresh", time_unit="s"),
        "row 2: time 'time' is outside the years 1677–2262",
    ),
    (lambda: container_from(changed(time=[1, 2, 3]), "tsfresh", time_unit="h"), "one of 's', 'ms'"),
    (lambda: container_from(changed(), "tsfresh", id="unit"), "has no column 'unit'; there are"),
    (lambda: container_from(changed(), "tsfresh", channels=["x"]), "has no column 'x'"),
    (lambda: container_from(changed()[["id", "time"]], "tsfresh"), "no column of values beside"),
    (lambda: container_from(changed()[:0], "tsfresh"), "has no rows"),
    (
        lambda: container_from(changed(kind="x", value=[1, 2, 3]), "tsfresh"),
        "layout='tsfresh_long'",
    ),
    (lambda: container_from(changed(), "tsfresh_long"), "has no column 'kind'"),
    (
        lambda: container_from(changed(kind="x", value=["u", "v", "w"]), "tsfresh_long"),
        "row 0, column 'value': 'u' is no number",
    ),
    (
        lambda: container_from(
            changed(time=days[[0, 0, 1]], kind=["x"] * 3, value=[1, 2, 3]), "tsfresh_long"
        ),
        "rows 0 and 1 of the tsfresh frame both give the value of 'x'",
    ),
    (
        lambda: container_from(
            changed(id="a", time=days[[0, 0, 0]], kind=["x", "y", "x"], value=[1, 2, 3]),
            "tsfresh_long",
        ),
        "rows 0 and 2 of the tsfresh frame both give the value of 'x'",
    ),
    (lambda: container_from(changed(), "statsforecast"), "has no column 'unique_id'"),
    (lambda: convert(wide, "statsforecast"), "which of 'rate', 'load' is to be forecast as y?"),
    (lambda: convert(wide, "statsforecast", target="x"), "there is no channel 'x' to forecast"),
    (
        lambda: convert(Series(np.zeros((2, 2)), ["y", "x"]), "statsforecast", target="x"),
        "a channel is called 'y', as a column of the layout statsforecast is",
    ),
    (lambda: convert(wide, "tsfresh", id="rate"), "a channel is called 'rate'"),
    (lambda: convert(wide, "tsfresh", id="time"), "two columns of the layout tsfresh have one"),
    # plain frames
    (lambda: container_from(pd.DataFrame([[1, 2]], columns=["a", "a"]), "pandas"), "called 'a'"),
    (lambda: container_from(pl.DataFrame({"a": [1]}), "polars", kind="rows"), "kind must be one"),
    (lambda: container_from(pl.DataFrame({"a": [1]}), "polars", kind="panel"), "no column 'id'"),
    (lambda: container_from(changed(), "pandas", kind="series", id="id"), "a series has no id"),
    (lambda: container_from(changed(), "pandas", kind="table", id="id"), "neither id nor time"),
    (lambda: container_from(changed(), "pandas", kind="series"), "row 0, column 'id': 'a' is no"),
    (lambda: container_from(changed(), "pandas", kind="table"), "row 0, column 'id': 'a' is no"),
    (lambda: container_from(changed().set_index(days), "pandas"), "index of dates and a column"),
    (lambda: container_from(pl.DataFrame({"a": []}), "polars"), "the frame has no rows"),
    (lambda: convert(Series([1.0], ["time"], [5]), "polars"), "a channel is called 'time'"),
]


@pytest.mark.parametrize(("call", "part"), CASES, ids=[part[:40] for _, part in CASES])
def test_is_refused_with_the_place_and_the_remedy(call: Callable[[], Any], part: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(part)):
        call()


def test_a_channel_may_be_called_time_where_there_is_none() -> None:
    table = Table([[1.0, 2.0]], ["id", "time"])
    back = container_from(convert(table, "polars"), "polars", kind="table")
    assert back.channels == ("id", "time")


def test_series_of_several_shapes_decide_between_channels_and_points() -> None:
    # Only (channels, points) fits: the points differ, and there are few of them.
    panel = container_from([np.zeros((3, 2)), np.zeros((3, 1))], "list")
    assert isinstance(panel, Panel)
    assert panel.offsets.tolist() == [0, 2, 3]
    assert len(panel.channels) == 3


def test_every_layout_is_described() -> None:
    for name in LAYOUTS:
        assert name in str(convert.__doc__)
