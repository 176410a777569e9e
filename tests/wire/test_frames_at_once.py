"""Frames of nothing but numbers reach a model without being looked into, and change nothing."""

from __future__ import annotations

import io

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonde.core import Schema, Series, Table
from sonde.wire import media as m
from sonde.wire.bodies import Body, container_of, parse, reading_of
from sonde.wire.limits import Limits

FLOATS = st.floats(-1e6, 1e6)
NAMES = ("load", "rate", "n")


def body_of(frame: pl.DataFrame, media: str = m.ARROW) -> Body:
    held = io.BytesIO()
    if media == m.PARQUET:
        frame.write_parquet(held)
    else:
        frame.write_ipc_stream(held, compat_level=pl.CompatLevel.oldest())
    return parse(held.getvalue(), media, Limits())


@pytest.mark.parametrize("media", [m.ARROW, m.PARQUET])
@given(
    rows=st.lists(st.lists(FLOATS, min_size=3, max_size=3), min_size=1, max_size=6),
    names=st.permutations(NAMES) | st.just(["c0", "c1", "c2"]),
    is_named=st.booleans(),
    is_series=st.booleans(),
)
def test_a_frame_of_floats_gives_the_same_as_a_reading_of_it(
    media: str, rows: list[list[float]], names: list[str], is_named: bool, is_series: bool
) -> None:
    channels = NAMES if is_named else ("c0", "c1", "c2")
    schema = Schema("series" if is_series else "table", channels, is_named)
    body = body_of(pl.DataFrame(rows, schema=list(names), orient="row"), media)
    quick = container_of(body, schema)
    if not is_named and names[0] != "c0":
        assert quick is None  # whether such a column is data, only the reading can tell
        return
    slow = reading_of(body, schema=schema)
    assert quick is not None
    assert type(quick) is (Series if is_series else Table)
    assert type(quick) is type(slow.data)
    assert quick.channels == slow.data.channels
    assert quick.values.tobytes() == slow.data.values.tobytes()
    assert slow.rows.tolist() == list(range(len(rows)))
    assert slow.problems == []


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"load": [1.5, None], "rate": [2.5, 3.5]}),
        pl.DataFrame({"load": [1.5, np.nan], "rate": [2.5, 3.5]}),
        pl.DataFrame({"load": [1.5, np.inf], "rate": [2.5, 3.5]}),
        pl.DataFrame({"load": [1, 2], "rate": [2.5, 3.5]}),
        pl.DataFrame({"load": ["1,5", "2,5"], "rate": [2.5, 3.5]}),
        pl.DataFrame({"load": [1.5, 2.5], "rate": [2.5, 3.5], "more": [1.0, 2.0]}),
        pl.DataFrame({"load": [1.5, 2.5], "rte": [2.5, 3.5]}),
        pl.DataFrame({"load": [1.5, 2.5]}),
    ],
    ids=["missing", "nan", "infinite", "whole", "text", "wider", "misspelt", "narrower"],
)
def test_any_other_frame_is_left_to_the_reading(frame: pl.DataFrame) -> None:
    assert container_of(body_of(frame), Schema("table", ("load", "rate"), True)) is None
