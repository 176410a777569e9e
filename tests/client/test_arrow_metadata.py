"""What stands beside the columns of an Arrow stream, compared with pyarrow."""

from __future__ import annotations

import io

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonde.client.arrow_metadata import schema_metadata
from sonde.errors import Malformed


def stream(metadata: dict[str, str] | None) -> bytes:
    schema = pa.schema([("a", pa.float64()), ("b", pa.string())], metadata=metadata)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_table(pa.table({"a": [1.0], "b": ["x"]}, schema=schema))
    return sink.getvalue()


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=200), max_size=5))
def test_reads_what_pyarrow_wrote(metadata: dict[str, str]) -> None:
    assert schema_metadata(stream(metadata)) == metadata


def test_no_metadata_are_none() -> None:
    assert schema_metadata(stream(None)) == {}
    assert schema_metadata(pl.DataFrame({"a": [1]}).write_ipc_stream(None).getvalue()) == {}


@given(st.binary(max_size=400))
def test_other_bytes_are_refused(data: bytes) -> None:
    for begin in (b"", b"\xff\xff\xff\xff", b"\xff\xff\xff\xff\x40\x00\x00\x00"):
        try:
            schema_metadata(begin + data)
        except Malformed:
            continue


@given(st.integers(0, 250), st.integers(0, 255))
def test_a_damaged_schema_is_refused_or_read(place: int, value: int) -> None:
    damaged = bytearray(stream({"sonde": '{"a": 1}'}))
    damaged[place] = value
    try:
        schema_metadata(bytes(damaged))
    except Malformed:
        return


@pytest.mark.parametrize("size", [0, 3, 8, 20, 60])
def test_a_stream_that_was_cut_off_is_refused(size: int) -> None:
    with pytest.raises(Malformed):
        schema_metadata(stream({"sonde": "x"})[:size])
