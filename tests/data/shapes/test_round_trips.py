"""What goes into a layout comes out of it again, as far as the layout can hold it."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from sonde.core import Container, Panel, Series, Table
from sonde.data.shapes import LAYOUTS, container_from, convert

from .containers import assert_same, assert_same_layout, panels, series, tables

# What an array can't say is said beside it; frames say all of it themselves.
ALL = ("channels", "ids", "time")
PANELS: dict[str, tuple[st.SearchStrategy[Panel], dict[str, str], tuple[str, ...]]] = {
    "numpy2d": (panels(equal=True, width=1), {}, ALL),
    "numpy3d": (panels(equal=True), {"axes": "nct"}, ALL),
    "aeon": (panels(equal=True), {"axes": "nct"}, ALL),
    "sktime": (panels(equal=True), {"axes": "nct"}, ALL),
    "tslearn": (panels(closed=True), {"axes": "ntc"}, ALL),
    "list": (panels(least=0), {"axes": "ct"}, ALL),
    "list_tc": (panels(least=0), {}, ALL),
    "df_list": (panels(), {}, ("ids",)),
    "nested": (panels(), {}, ()),
    "multi_index": (panels(), {}, ()),
    "tsfresh": (panels(), {}, ()),
    "tsfresh_long": (panels(), {}, ()),
    "statsforecast": (panels(), {}, ()),
    "pandas": (panels(), {}, ()),
    "polars": (panels(), {}, ()),
    "arrow": (panels(), {}, ()),
}
FRAMES = ("multi_index", "tsfresh", "statsforecast", "pandas", "polars", "arrow")


def test_every_layout_has_its_round_trip() -> None:
    assert {*PANELS, "sklearn", "stumpy"} == set(LAYOUTS)


def there(panel: Panel, layout: str) -> tuple[Any, dict[str, Any]]:
    _, options, beside = PANELS[layout]
    names: dict[str, Any] = {**options, **{name: getattr(panel, name) for name in beside}}
    target = {"target": panel.channels[0]} if layout == "statsforecast" else {}
    # A panel without time has columns of positions there, and no such column in a plain frame.
    return convert(panel, layout, **target), {**names, **target}


@pytest.mark.parametrize("layout", PANELS)
@settings(max_examples=25)
@given(data=st.data())
def test_a_panel_comes_back_whole(layout: str, data: st.DataObject) -> None:
    panel = data.draw(PANELS[layout][0])
    shaped, names = there(panel, layout)
    assert_same(container_from(shaped, layout, **names), panel)


@pytest.mark.parametrize("layout", PANELS)
@settings(max_examples=25)
@given(data=st.data())
def test_a_layout_comes_back_the_same(layout: str, data: st.DataObject) -> None:
    panel = data.draw(PANELS[layout][0])
    shaped, names = there(panel, layout)
    assert_same_layout(there(container_from(shaped, layout, **names), layout)[0], shaped)  # type: ignore[arg-type]


@pytest.mark.parametrize("layout", FRAMES)
@settings(max_examples=25)
@given(data=st.data())
def test_the_order_of_rows_with_time_does_not_matter(layout: str, data: st.DataObject) -> None:
    panel = data.draw(panels().filter(lambda panel: panel.time is not None))
    frame, names = there(panel, layout)
    order = np.array(data.draw(st.permutations(range(len(panel.values)))))
    if layout == "polars":
        frame = frame[order]
    elif layout == "arrow":
        frame = frame.take(order)
    else:
        frame = frame.iloc[order]
    read = container_from(frame, layout, **names)
    assert isinstance(read, Panel)
    back = [read.ids.index(name) for name in panel.ids]
    assert_same(read[back], panel)


@settings(max_examples=25)
@given(data=st.data())
def test_values_without_rows_are_missing_in_the_stacked_frame(data: st.DataObject) -> None:
    panel = data.draw(panels(width=2).filter(lambda panel: panel.time is not None))
    frame = convert(panel, "tsfresh_long")
    order = np.array(data.draw(st.permutations(range(len(frame)))))
    full = container_from(frame.iloc[order], "tsfresh_long")
    rows = panel.values.copy()
    is_there = ~np.isnan(rows).all(axis=1)
    if not np.all(np.bincount(np.repeat(np.arange(len(panel)), np.diff(panel.offsets))[is_there],
                              minlength=len(panel))):  # fmt: skip
        return
    part = container_from(frame.iloc[order].dropna(), "tsfresh_long")
    assert isinstance(full, Panel)
    assert isinstance(part, Panel)
    for name in panel.ids:
        wanted = panel[panel.ids.index(name)]
        for read, keep in ((full, slice(None)), (part, ~np.isnan(wanted.values).all(axis=1))):
            one = read[read.ids.index(name)]
            columns = [
                one.channels.index(c) if c in one.channels else None for c in wanted.channels
            ]
            for j, column in enumerate(columns):
                if column is None:
                    assert np.isnan(wanted.values[:, j]).all()
                else:
                    np.testing.assert_array_equal(one.values[:, column], wanted.values[keep, j])


@given(series())
def test_a_series_comes_back_from_frames(one: Series) -> None:
    kind = {} if one.time is not None else {"kind": "series"}
    assert_same(container_from(convert(one, "pandas"), "pandas", **kind), one)
    whole = Series(one.values, one.channels, one.time)  # only pandas' index holds ``first``
    for layout in ("polars", "arrow"):
        assert_same(container_from(convert(one, layout), layout, **kind), whole)


@given(series())
def test_a_series_comes_back_from_arrays(one: Series) -> None:
    whole = Series(one.values, one.channels, one.time)
    names = {"channels": one.channels, "time": one.time}
    rows = convert(one, "sklearn")
    assert_same(container_from(rows, "sklearn", kind="series", **names), whole)
    shaped = convert(one, "stumpy")
    assert shaped.ndim == min(len(one.channels), 2)
    assert_same(container_from(shaped, "stumpy", axes="ct", **names), whole)


@given(tables())
def test_a_table_comes_back(table: Table) -> None:
    rows = container_from(convert(table, "sklearn"), "sklearn", channels=table.channels)
    assert_same(rows, table)
    for layout in ("pandas", "polars", "arrow"):
        assert_same(container_from(convert(table, layout), layout, kind="table"), table)


@given(series())
def test_a_series_is_a_panel_of_one(one: Series) -> None:
    panel = Panel.of([one])
    for layout in ("numpy3d", "list", "nested", "multi_index", "tsfresh"):
        assert_same_layout(convert(one, layout), convert(panel, layout))


@pytest.mark.parametrize("layout", ["sklearn", "numpy2d", "numpy3d", "tslearn", "stumpy", "list"])
def test_arrays_of_one_channel_are_the_same_memory_both_ways(layout: str) -> None:
    values = np.arange(12.0)
    data: Container = Panel(values, [0, 4, 8, 12])
    if layout in ("sklearn", "stumpy"):
        data = Series(values)
    shaped = convert(data, layout)
    first = shaped[0] if layout == "list" else shaped
    assert np.shares_memory(first, values)
    assert not first.flags.writeable
    if layout != "list":
        assert np.shares_memory(container_from(shaped, layout).values, values)
    mine = convert(data, layout, copy=True)
    assert not np.shares_memory(mine[0] if layout == "list" else mine, values)
    assert (mine[0] if layout == "list" else mine).flags.writeable


def test_frames_have_memory_of_their_own() -> None:
    table = Table(np.zeros((3, 2)))
    frame = convert(table, "pandas")
    frame.iloc[0, 0] = 5.0
    assert table.values[0, 0] == 0.0


def test_missing_is_null_in_polars_and_arrow_and_infinity_stays() -> None:
    table = Table([[np.nan, np.inf], [1.0, -np.inf]])
    assert convert(table, "polars").null_count().row(0) == (1, 0)
    assert convert(table, "arrow").column("c0").null_count == 1


def test_moments_with_a_zone_are_kept_and_the_zone_is_not() -> None:
    import pandas as pd

    moments = pd.date_range("2024-03-30 22:00", periods=4, freq="h", tz="Europe/Vienna")
    frame = pd.DataFrame({"id": "a", "time": moments, "rate": [1.0, 2.0, 3.0, 4.0]})
    read = container_from(frame, "pandas")
    assert isinstance(read, Panel)
    assert read.time is not None
    np.testing.assert_array_equal(read.time, moments.as_unit("ns").asi8)
    indexed = frame.set_index(["id", "time"])
    assert_same(container_from(indexed, "multi_index"), read)
    back = convert(read, "tsfresh")
    assert str(back["time"].iloc[0]) == "2024-03-30 21:00:00"


def test_integers_are_positions_or_moments_of_a_named_unit() -> None:
    import polars as pl

    rows = {"id": ["a", "b", "a", "b"], "time": [8, 0, 7, 1], "rate": [1, 2, 3, 4]}
    read = container_from(pl.DataFrame(rows), "polars")
    assert read.values.ravel().tolist() == [3.0, 1.0, 2.0, 4.0]
    assert not isinstance(read, Table)
    assert read.time is None
    timed = container_from(pl.DataFrame(rows), "polars", time_unit="ms")
    assert isinstance(timed, Panel)
    assert timed.time is not None
    assert timed.time.tolist() == [7 * 10**6, 8 * 10**6, 0, 10**6]


def test_numbers_as_ids_become_text() -> None:
    import pandas as pd

    frame = pd.DataFrame({"unique_id": [7, 7, 5], "ds": [0, 1, 0], "y": [1, 2, 3]})
    read = container_from(frame, "statsforecast", target="rate")
    assert isinstance(read, Panel)
    assert (read.ids, read.channels) == (("7", "5"), ("rate",))
    indexed = frame.set_index(["unique_id", "ds"])
    indexed_read = container_from(indexed, "multi_index")
    assert isinstance(indexed_read, Panel)
    assert indexed_read.ids == ("7", "5")
    assert [one.values.ravel().tolist() for one in indexed_read] == [[1.0, 2.0], [3.0]]


def test_columns_named_by_numbers_and_marks_for_missing_are_read() -> None:
    import pandas as pd

    frame = pd.DataFrame({0: pd.array([1, None], dtype="Int64"), 1: [True, False]})
    read = container_from(frame, "pandas")
    assert read.channels == ("0", "1")
    np.testing.assert_array_equal(read.values, [[1.0, 1.0], [np.nan, 0.0]])
    nested = pd.DataFrame({0: [pd.Series(pd.array([1, None], dtype="Int64"))]})
    nested_read = container_from(nested, "nested")
    np.testing.assert_array_equal(nested_read.values, [[1.0], [np.nan]])


def test_a_clock_can_be_shared_by_series_of_one_length() -> None:
    day = np.arange("2024-01-01", "2024-01-05", dtype="datetime64[D]")
    panel = container_from(np.zeros((3, 4)), "numpy2d", time=day, ids=[7, 8, 9])
    assert isinstance(panel, Panel)
    assert panel.time is not None
    assert panel.time.reshape(3, 4)[2].tolist() == day.astype("datetime64[ns]").astype(int).tolist()
    assert panel.ids == ("7", "8", "9")
