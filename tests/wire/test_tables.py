"""CSV, Parquet and Arrow bodies."""

from __future__ import annotations

import io
from collections.abc import Callable

import polars as pl
import pytest

from sonde.errors import InvalidInput, Malformed, SondeError, TooLarge
from sonde.wire import media as m
from sonde.wire import tables
from sonde.wire.bodies import parse
from sonde.wire.limits import Limits

FRAME = pl.DataFrame({"ts": ["2024-01-01", "2024-01-02"], "rate": [1.5, None], "n": [1, 2]})
LIMITS = Limits()


def written(frame: pl.DataFrame, media: str) -> bytes:
    held = io.BytesIO()
    if media == m.CSV:
        frame.write_csv(held)
    elif media == m.PARQUET:
        frame.write_parquet(held)
    elif media == m.ARROW:
        frame.write_ipc_stream(held)
    else:
        frame.write_ipc(held)
    return held.getvalue()


TABLES = pytest.mark.parametrize("media", [m.CSV, m.PARQUET, m.ARROW, m.ARROW_FILE])


@TABLES
def test_the_frame_comes_as_it_was(media: str) -> None:
    body = parse(written(FRAME, media), media, LIMITS)
    assert body.frame is not None
    assert body.frame.equals(FRAME)
    assert (body.form, body.n_rows, body.n_columns, body.options) == ("frame", 2, 3, {})


@TABLES
def test_an_empty_body_and_rubbish_are_malformed(media: str) -> None:
    for data in (b"", b"\x00\xff" * 100, written(FRAME, m.PARQUET)[:-9] + b"x"):
        with pytest.raises(InvalidInput) as caught:
            parse(data, media, LIMITS)
        assert caught.value.code == "malformed"


@TABLES
def test_a_table_without_rows_says_so(media: str) -> None:
    with pytest.raises(Malformed, match="no rows"):
        parse(written(FRAME.clear(), media), media, LIMITS)


@TABLES
@pytest.mark.parametrize(
    ("limits", "setting"),
    [(Limits(rows=99), "ROWS"), (Limits(columns=2), "COLUMNS"), (Limits(points=200), "POINTS")],
)
def test_limits_are_named(media: str, limits: Limits, setting: str) -> None:
    data = written(pl.concat([FRAME] * 50), media)
    with pytest.raises(TooLarge) as caught:
        parse(data, media, limits)
    assert caught.value.facts["setting"] == f"SONDE_LIMITS__{setting}"


@pytest.mark.parametrize("media", [m.PARQUET, m.ARROW, m.ARROW_FILE])
def test_rows_are_counted_before_they_are_decoded(
    media: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = written(pl.DataFrame({"a": [0.0] * 1000}), media)
    monkeypatch.setattr(tables, "_READERS", {})
    with pytest.raises(TooLarge, match="1,000 rows, and 999"):
        parse(data, media, Limits(rows=999))


def test_a_packed_buffer_that_claims_too_much_is_refused() -> None:
    held = io.BytesIO()
    pl.DataFrame({"a": [0.0] * 100_000}).write_ipc_stream(held, compression="zstd")
    data = bytearray(held.getvalue())
    at = data.index((800_000).to_bytes(8, "little"))
    data[at : at + 8] = (1 << 40).to_bytes(8, "little")
    with pytest.raises(TooLarge, match="SONDE_LIMITS__POINTS"):
        parse(bytes(data), m.ARROW, LIMITS)


def test_a_fault_in_a_csv_body_names_its_row() -> None:
    with pytest.raises(SondeError, match="request, "):
        parse(b"a,b\n1,2\n3,4,5\n", m.CSV, LIMITS)


def without_marks(stream: bytes) -> bytes:
    """An Arrow stream as it was written before Arrow 0.15: lengths without a mark before them."""
    pa = pytest.importorskip("pyarrow")
    kept, at = b"", 0
    while (length := int.from_bytes(stream[at + 4 : at + 8], "little")) > 0:
        body = pa.ipc.read_message(stream[at:]).body
        end = at + 8 + length + (0 if body is None else body.size)
        kept, at = kept + stream[at + 4 : end], end
    return kept + bytes(4)


def with_rubbish(stream: bytes) -> bytes:
    """An Arrow stream that ends in a message which is none."""
    return stream[:-8] + b"\xff" * 4 + b"\0\1\0\0" * 9


@pytest.mark.parametrize("change", [without_marks, with_rubbish])
def test_no_framing_of_arrow_leads_around_the_limits(
    change: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = change(written(pl.DataFrame({"a": [0.0] * 1000}), m.ARROW))
    monkeypatch.setattr(tables, "_READERS", {})
    with pytest.raises((TooLarge, Malformed)):
        parse(data, m.ARROW, Limits(rows=999))


def _number(value: int) -> bytes:
    """A whole number as the footer of a Parquet file writes it."""
    value, out = 2 * value, b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def test_a_parquet_file_that_states_fewer_rows_than_its_groups_have_is_refused() -> None:
    held = io.BytesIO()
    pl.DataFrame({"flow": [0.5] * 5000}).write_parquet(held, row_group_size=1000)
    body = held.getvalue()
    footer = len(body) - 8 - int.from_bytes(body[-8:-4], "little")
    stated = _number(5000)
    at = body.index(stated, footer)
    lie = body[:at] + bytes([0x82, 0x00]) + body[at + len(stated) :]  # one row, in as many bytes
    assert pl.scan_parquet(io.BytesIO(lie)).select(pl.len()).collect().item() == 1
    with pytest.raises(TooLarge, match="5,000 rows") as refused:
        parse(lie, m.PARQUET, Limits(rows=4000))
    assert refused.value.facts["setting"] == "SONDE_LIMITS__ROWS"
