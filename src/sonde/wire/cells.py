"""Lists of JSON cells to columns of a frame, as a JSON file's would be."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

import polars as pl

from ..core.containers import default_names
from ..data.formats.json_cells import frame_of_rows
from ..data.formats.loaded import Text
from ..data.formats.text_numbers import numbers_from_text
from ..data.quoting import quoted
from ..errors import InvalidInput
from .limits import Limits
from .pointers import pointer_to

SOURCE = "request"
_FITS = 1 << 63
_KINDS = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}


def text_of_columns(columns: dict[str, list[Any]], at: str, *, by_row: bool = False) -> Text:
    """A frame of columns of equal length; text that is all numbers becomes numbers.

    ``by_row`` says that the body holds the cells row by row, which pointers then do too.
    """
    made = []
    for j, (name, cells) in enumerate(columns.items()):
        if set(map(type, cells)) & {dict, list}:
            i = next(i for i, cell in enumerate(cells) if isinstance(cell, dict | list))
            where = pointer_to(at, i, j) if by_row else pointer_to(at, name, i)
            raise wrong(cells[i], "a number, text, true, false or null", where)
        made.append(column_of(name, cells))
    return understood(pl.DataFrame({column.name: column for column in made}))


def text_of_records(records: list[dict[str, Any]], at: str, limits: Limits) -> Text:
    """A frame of one object per row; objects within objects become columns ``a.b``."""
    for i, record in enumerate(records):
        if not isinstance(record, dict):
            raise wrong(record, "an object", pointer_to(at, i))
    limits.check(len(records), 1)
    try:
        frame = frame_of_rows(records, SOURCE)
    except OverflowError:
        raise InvalidInput(
            f"the {SOURCE} holds a whole number beyond what 64 bits can hold; correct it",
            pointer=at,
        ) from None
    if frame.width == 0:
        raise InvalidInput(
            f"the records of the {SOURCE} have no members; there is nothing to look at", pointer=at
        )
    limits.check(frame.height, frame.width)
    return understood(frame)


def understood(frame: pl.DataFrame) -> Text:
    """``frame`` with text that is all numbers as numbers, as in a file, and NaN as missing."""
    if pl.String in frame.dtypes:
        frame, notes, mixed = numbers_from_text(frame, SOURCE)
    else:
        notes, mixed = [], {}
    # All columns at once: asking Polars costs far more than the answer.
    return Text(frame.fill_nan(None), notes, mixed)


def columns_of_rows(
    rows: list[Any], names: Sequence[str] | None, at: str, limits: Limits
) -> dict[str, list[Any]]:
    """The cells of each column; a row that is a bare number is a row of one cell.

    Raises
    ------
    InvalidInput : rows of different lengths, or other than ``names`` says; names the row.
    """
    bare = [not isinstance(row, list) for row in rows]
    if all(bare):
        limits.check(len(rows), 1)
        if dict in set(map(type, rows)):
            i = next(i for i, row in enumerate(rows) if isinstance(row, dict))
            raise wrong(rows[i], "a number, text, true, false or null", pointer_to(at, i))
        return {_one_name(names): rows}
    if any(bare):
        i = bare.index(True) if not bare[0] else bare.index(False)
        raise wrong(rows[i], "a list of cells" if not bare[0] else "a number", pointer_to(at, i))
    width = len(rows[0])
    limits.check(len(rows), width)
    for i, row in enumerate(rows):
        if len(row) != width:
            raise InvalidInput(
                f"{SOURCE}, row {i} has {len(row)} cells, and row 0 has {width}; give all rows "
                "the same cells, null where one is missing",
                row=i,
                pointer=pointer_to(at, i),
                needed=width,
                got=len(row),
            )
    if width == 0:
        raise InvalidInput(
            f"the rows of the {SOURCE} have no cells; there is nothing to look at",
            pointer=pointer_to(at, 0),
        )
    named = default_names(width) if names is None else names
    if len(named) != width:
        raise InvalidInput(
            f"{len(named)} names for rows of {width} cells; give each column its name, or none",
            pointer="/names",
            needed=width,
            got=len(named),
        )
    return {name: list(cells) for name, cells in zip(named, zip(*rows, strict=True), strict=True)}


def column_of(name: str, cells: list[Any]) -> pl.Series:
    """One column: numbers as numbers, booleans as booleans, several kinds as text."""
    kinds = set(map(type, cells))
    plain = kinds - {type(None)}
    if plain <= {float}:  # or nothing at all
        return pl.Series(name, cells, dtype=pl.Float64)
    if plain == {bool}:
        return pl.Series(name, cells, dtype=pl.Boolean)
    if plain == {str}:
        return pl.Series(name, cells, dtype=pl.String)
    if plain == {int} and all(cell is None or -_FITS <= cell < _FITS for cell in cells):
        return pl.Series(name, cells, dtype=pl.Int64)
    if plain <= {int, float}:
        return pl.Series(name, list(map(_float, cells)), dtype=pl.Float64)
    return frame_of_rows([{name: cell} for cell in cells], SOURCE).to_series()


def wrong(found: Any, wanted: str, pointer: str) -> InvalidInput:
    """The refusal of a value of another kind than belongs there."""
    kind = _KINDS.get(type(found), "a number")
    shown = f": {quoted(found)}" if isinstance(found, str | int | float) else ""
    return InvalidInput(
        f"{pointer or 'the body'} is {kind}{shown}; it must be {wanted}", pointer=pointer
    )


def _one_name(names: Sequence[str] | None) -> str:
    if names is None:
        return default_names(1)[0]
    if len(names) != 1:
        raise InvalidInput(
            f"{len(names)} names for rows of one number; give one name, or none", pointer="/names"
        )
    return names[0]


def _float(cell: float | None) -> float | None:
    """A number; an integer beyond float64 is infinity, as in a file."""
    if cell is None:
        return None
    try:
        return float(cell)
    except OverflowError:
        return inf if cell > 0 else -inf
