"""CSV, Parquet and Arrow bodies, through the readers of files."""

from __future__ import annotations

import io
from collections.abc import Callable

import polars as pl

from ..data.formats.arrow_files import read_arrow, read_arrow_stream
from ..data.formats.csv_files import read_csv
from ..data.formats.loaded import Text
from ..data.formats.parquet_files import read_parquet
from ..data.formats.parquet_footer import is_sound, rows_stated
from ..data.inputs.sources import Source
from ..errors import InvalidInput, Malformed
from . import media as m
from .arrow_messages import announced
from .body import Body
from .cells import SOURCE
from .limits import Limits, too_many

_BYTES_PER_CELL = 64  # text of that length on average; numbers take 8
_READERS: dict[str, Callable[[Source], Text]] = {
    m.CSV: read_csv,
    m.PARQUET: read_parquet,
    m.ARROW: read_arrow_stream,
    m.ARROW_FILE: read_arrow,
}


def body_of_table(data: bytes, media: str, limits: Limits) -> Body:
    """The frame in a body of type ``media``; its options travel beside it, in the query.

    Raises
    ------
    Malformed : damaged, or not of that type.
    InvalidInput : no rows, or what a file of that kind is refused for.
    TooLarge : more than ``limits`` allow, before it is decoded where the format says so itself.
    """
    if not data:
        raise Malformed(f"the body is empty; send {media}, or set the Content-Type of what it is")
    if media == m.PARQUET:
        _check_parquet(data, limits)
    elif media == m.CSV:
        _check_csv(data, limits)
    else:
        _check_arrow(data, limits)
    source = Source(SOURCE, len(data), None, lambda: io.BytesIO(data))
    try:
        text = _READERS[media](source)
    except InvalidInput as refused:
        if type(refused) is InvalidInput and not refused.facts.keys() & {"row", "column"}:
            raise Malformed(str(refused), **refused.facts) from None
        raise
    limits.check(text.frame.height, text.frame.width)
    return Body(
        frame=text.frame,
        names=tuple(text.frame.columns),
        form="frame",
        notes=tuple(text.notes),
        mixed=text.mixed,
    )


def _check_csv(data: bytes, limits: Limits) -> None:
    """Raise TooLarge for more lines than may come; a quoted cell may hold some, a header is one."""
    if data.count(b"\n") > 2 * limits.rows + 1000:
        raise too_many("rows", data.count(b"\n"), limits.rows)


def _check_parquet(data: bytes, limits: Limits) -> None:
    """Raise TooLarge for more rows or columns than may come, by what the footer says."""
    if not is_sound(io.BytesIO(data)):
        return  # the reader says that it is damaged
    try:
        schema = pl.read_parquet_schema(io.BytesIO(data))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError):
        return
    limits.check(rows_stated(io.BytesIO(data)), len(schema))


def _check_arrow(data: bytes, limits: Limits) -> None:
    """Raise TooLarge for more rows, columns or bytes than may come, by what the messages say.

    Raises Malformed where they can't be followed.
    """
    said = announced(data)
    if said is None:  # a reader may decode a lot before it comes to the damage
        raise Malformed(
            f"{SOURCE} is a damaged or cut off Arrow stream or file; write it again, or send it as "
            "Parquet"
        )
    limits.check(said.n_rows, said.n_columns)
    if said.n_bytes > _BYTES_PER_CELL * limits.points + len(data):
        raise too_many("points", said.n_bytes // _BYTES_PER_CELL, limits.points)
