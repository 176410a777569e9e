"""Arrow's messages, checked by the library that wrote the format."""

from __future__ import annotations

import datetime
import io
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonde.wire.arrow_messages import Announced, announced, with_words, words_of

pa: Any = pytest.importorskip("pyarrow")

FRAME = pl.DataFrame(
    {
        "row": [0, 1, 2],
        "time": [datetime.datetime(2024, 1, day) for day in (1, 2, 3)],
        "name": ["a", None, "é" * 50],
        "score": [0.5, None, 2.5],
    }
)


def stream_of(frame: pl.DataFrame, compression: Any = "uncompressed") -> bytes:
    held = io.BytesIO()
    frame.write_ipc_stream(held, compression=compression, compat_level=pl.CompatLevel.oldest())
    return held.getvalue()


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=300), max_size=5))
def test_words_travel_in_the_schema(words: dict[str, str]) -> None:
    try:
        "".join([*words, *words.values()]).encode()
    except UnicodeEncodeError:
        return
    stream = with_words(stream_of(FRAME), words)
    assert words_of(stream) == words
    table = pa.ipc.open_stream(stream).read_all()
    table.validate(full=True)
    told = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
    assert told == words
    assert table.num_rows == 3
    assert pl.read_ipc_stream(stream).equals(FRAME)


def test_words_of_pyarrow_are_read() -> None:
    table = pa.table({"a": [1]}).replace_schema_metadata({"sonde": "{}", "k": "ü"})
    held = io.BytesIO()
    with pa.ipc.new_stream(held, table.schema) as writer:
        writer.write_table(table)
    assert words_of(held.getvalue()) == {"sonde": "{}", "k": "ü"}
    assert words_of(with_words(held.getvalue(), {"new": "1"})) == {"new": "1"}


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
def test_says_what_comes(compression: Any) -> None:
    frame = pl.DataFrame({"a": [0.0] * 1000, "b": [1] * 1000})
    expected = Announced(1000, 2, 16_000)
    assert announced(stream_of(frame, compression)) == expected
    held = io.BytesIO()
    frame.write_ipc(held, compression=compression)
    assert announced(held.getvalue()) == expected


@given(st.binary(max_size=200), st.integers(0, 400), st.integers(0, 255))
def test_damage_is_no_crash(rubbish: bytes, at: int, byte: int) -> None:
    stream = bytearray(stream_of(FRAME))
    stream[at % len(stream)] = byte
    for data in (rubbish, b"ARROW1\0\0" + rubbish, bytes(stream), bytes(stream[:at])):
        announced(data)
        words_of(data)
