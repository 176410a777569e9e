"""Arrow streams read without a library: the same bits as with one, or nothing."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonde.core import Schema
from sonde.errors import SondeError, TooLarge
from sonde.wire import media as m
from sonde.wire.arrow_messages import BATCH, messages
from sonde.wire.arrow_numbers import numbers_of_arrow
from sonde.wire.bodies import parse
from sonde.wire.limits import Limits
from sonde.wire.reading import container_of

LIMITS = Limits()
RNG = np.random.default_rng(4)


def stream(frame: pl.DataFrame, **more: Any) -> bytes:
    return frame.write_ipc_stream(None, **more).getvalue()


def by_library(data: bytes) -> Any:
    """The container that the careful way makes of a stream, for a model of its columns."""
    body = parse(data, m.ARROW, LIMITS)
    assert body.names is not None
    return container_of(body, Schema("table", body.names, True))


def quickly(data: bytes) -> Any:
    body = numbers_of_arrow(data, LIMITS)
    return None if body is None else container_of(body, Schema("table", body.names or (), True))


@given(
    st.integers(1, 30), st.integers(1, 12), st.sampled_from(["oldest", "newest"]), st.integers(0, 9)
)
def test_numbers_are_those_of_the_library_to_the_bit(n: int, d: int, level: str, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(n, d)) * 10.0 ** np.arange(d)
    frame = pl.DataFrame(values, [f"v{j}" for j in range(d)], orient="row")
    data = stream(frame, compat_level=getattr(pl.CompatLevel, level)())
    quick = quickly(data)
    assert quick.values.tobytes() == by_library(data).values.tobytes() == values.tobytes()
    assert quick.channels == tuple(frame.columns)
    assert quick.values.flags.c_contiguous


def test_batches_of_pyarrow_are_joined() -> None:
    pa = pytest.importorskip("pyarrow")
    values = RNG.normal(size=(50, 3))
    table = pa.table({f"v{j}": values[:, j] for j in range(3)})
    held = io.BytesIO()
    with pa.ipc.new_stream(held, table.schema) as writer:
        writer.write_table(table, max_chunksize=8)
        writer.write_batch(
            pa.RecordBatch.from_arrays([pa.array([], pa.float64())] * 3, table.schema.names)
        )
    data = held.getvalue()
    assert sum(one.kind == BATCH for one in messages(data)) == 8
    assert quickly(data).values.tobytes() == values.tobytes()


def test_columns_that_lie_anywhere_in_the_body_are_found() -> None:
    values = RNG.normal(size=(8, 3))
    data = bytearray(stream(pl.DataFrame(values, ["a", "b", "c"], orient="row")))
    assert quickly(bytes(data)).values.tobytes() == values.tobytes()
    batch = next(one for one in messages(bytes(data)) if one.kind == BATCH)
    at = batch.header.child(2).at + 4  # type: ignore[union-attr]
    first, last = at + 16, at + 16 * 5
    data[first : first + 16], data[last : last + 16] = (
        data[last : last + 16],
        data[first : first + 16],
    )
    swapped = quickly(bytes(data)).values
    assert swapped.tobytes() == values[:, ::-1].tobytes()


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"a": [1.5, None]}),
        pl.DataFrame({"a": [1.5, float("nan")]}),
        pl.DataFrame({"a": [1.5, float("inf")]}),
        pl.DataFrame({"a": [1, 2]}),
        pl.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"]}),
        pl.DataFrame({"a": [1.5, 2.5]}, schema={"a": pl.Float32}),
        pl.DataFrame({"a": [[1.5], [2.5]]}),
        pl.DataFrame({"a": []}, schema={"a": pl.Float64}),
        pl.DataFrame({"a": ["x", "y"]}, schema={"a": pl.Categorical}),
    ],
)
def test_all_else_is_left_to_the_library(frame: pl.DataFrame) -> None:
    assert numbers_of_arrow(stream(frame), LIMITS) is None


def test_packed_streams_and_files_are_left_to_the_library() -> None:
    frame = pl.DataFrame({"a": np.arange(100) + 0.5})
    for packing in ("lz4", "zstd"):
        assert numbers_of_arrow(stream(frame, compression=packing), LIMITS) is None
    assert numbers_of_arrow(frame.write_ipc(None).getvalue(), LIMITS) is None
    for data in (b"", b"\xff" * 64, b"ARROW1" + bytes(64), bytes(64)):
        assert numbers_of_arrow(data, LIMITS) is None


def test_more_than_may_come_is_refused() -> None:
    data = stream(pl.DataFrame(np.ones((20, 3)) * 0.5))
    for limits in (Limits(rows=19), Limits(columns=2), Limits(points=59)):
        with pytest.raises(TooLarge):
            numbers_of_arrow(data, limits)


FRAME = pl.DataFrame(RNG.normal(size=(6, 4)), ["a", "b", "c", "d"], orient="row")
WHOLE = stream(FRAME)


@given(st.data())
def test_a_stream_that_was_tampered_with_gives_the_librarys_bits_or_nothing(
    data: st.DataObject,
) -> None:
    changed = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(changed) - 9))
        if data.draw(st.booleans()):
            changed[at] = data.draw(st.integers(0, 255))
        else:
            number = data.draw(st.sampled_from([0, 1, -1, 2**31, 2**62, 2**63 - 1, -(2**63)]))
            struct.pack_into("<q", changed, at, number)
    cut = bytes(changed[: data.draw(st.integers(len(changed) // 2, len(changed)))])
    try:
        quick = quickly(cut)
    except TooLarge:
        return
    if quick is None:
        return
    assert len(quick.values) <= len(cut) // 8
    try:
        slow = by_library(cut)
    except SondeError:  # the library looks at more than where the numbers lie
        return
    assert quick.values.tobytes() == slow.values.tobytes()


def test_a_stream_that_is_cut_off_gives_nothing() -> None:
    ends = next(one for one in messages(WHOLE) if one.kind == BATCH).end
    for size in range(0, ends, 8):
        assert quickly(WHOLE[:size]) is None
