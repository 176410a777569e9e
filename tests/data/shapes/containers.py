"""Containers that Hypothesis chooses, and what it means that two are the same."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np

from sonde.core import Container, Panel, Series, Table

DAY = 86_400 * 10**9
# What a frame calls its own columns is refused as a channel, see test_refusals.
_OWN = {"id", "time", "kind", "value", "unique_id", "ds", "y", "instance"}
labels = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=6
).filter(lambda name: name not in _OWN)
cells = st.one_of(st.just(np.nan), st.floats(allow_nan=False, width=32))


def names_of(n: int) -> st.SearchStrategy[list[str]]:
    return st.lists(labels, min_size=n, max_size=n, unique=True)


@st.composite
def clocks(draw: Any, lengths: list[int]) -> Any:
    parts = []
    for n in lengths:
        steps = draw(st.lists(st.integers(1, 400 * DAY), min_size=n, max_size=n))
        parts.append(draw(st.integers(-40_000, 40_000)) * DAY + np.cumsum(steps, dtype=np.int64))
    return np.concatenate(parts)


@st.composite
def panels(
    draw: Any,
    *,
    least: int = 1,
    equal: bool = False,
    width: int | None = None,
    closed: bool = False,
) -> Panel:
    """``closed``: the last point of each series has a value."""
    n = draw(st.integers(1, 4))
    lengths = draw(st.lists(st.integers(least, 6), min_size=n, max_size=n))
    if equal:
        lengths = [lengths[0]] * n
    c = width or draw(st.integers(1, 3))
    total = sum(lengths)
    values = np.array(draw(st.lists(cells, min_size=total * c, max_size=total * c)))
    values = values.reshape(total, c)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    if closed:
        values[offsets[1:] - 1, 0] = 1.0
    time = draw(st.one_of(st.none(), clocks(lengths)))
    return Panel(values, offsets, draw(names_of(c)), draw(names_of(n)), time)


@st.composite
def series(draw: Any) -> Series:
    panel = draw(panels())
    one = panel[0]
    first = draw(st.integers(0, 50)) if one.time is None else 0
    return Series(one.values, one.channels, one.time, first)


@st.composite
def tables(draw: Any) -> Table:
    panel = draw(panels())
    return Table(panel.values, panel.channels)


def assert_same(one: Container, other: Container) -> None:
    assert type(one) is type(other)
    np.testing.assert_array_equal(one.values, other.values)
    assert one.values.dtype == other.values.dtype == np.float64
    assert one.channels == other.channels
    if isinstance(one, Table) or isinstance(other, Table):
        return
    assert (one.time is None) == (other.time is None)
    if one.time is not None and other.time is not None:
        np.testing.assert_array_equal(one.time, other.time)
    if isinstance(one, Panel) and isinstance(other, Panel):
        np.testing.assert_array_equal(one.offsets, other.offsets)
        assert one.ids == other.ids
    if isinstance(one, Series) and isinstance(other, Series):
        assert one.first == other.first


def assert_same_layout(one: Any, other: Any) -> None:
    """Equal to the cell, with types, names and indexes."""
    import pandas as pd

    assert type(one) is type(other)
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one.map(_plain), other.map(_plain), check_exact=True)
    elif isinstance(one, list):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_same_layout(a, b)
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    else:
        assert one.equals(other)


def _plain(cell: Any) -> Any:
    if not hasattr(cell, "index") or isinstance(cell, str):
        return cell
    return (tuple(cell.index), cell.to_numpy().tobytes())
