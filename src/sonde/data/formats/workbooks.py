"""Workbooks (.xlsx, .xlsb, .xls, .ods) to frames."""

from __future__ import annotations

import zipfile
from typing import Any

import polars as pl

from ...errors import InvalidInput, NotFound, need
from ..inputs.sources import Source
from ..quoting import quoted
from .csv_dialect import different_names
from .loaded import Text
from .sheet_sizes import refuse_vast
from .text_numbers import numbers_from_text

_OTHER_OFFICE = {"word/": "a text document", "ppt/": "a presentation"}


def read_workbook(source: Source) -> Text:
    """The frame in the first sheet that holds a table, or in the one that ``source.member`` names.

    A sheet without any row below its header, or without numbers, is passed over for a later one
    that has them: it is a note on the others.
    The header is the first row with as many filled cells as the sheet has columns, or the first
    filled one; blank rows around the table are dropped. A cell whose formula failed is missing.

    Raises
    ------
    MissingExtra : fastexcel is not installed.
    NotFound : no sheet of that name.
    InvalidInput : damaged, locked with a password, or without any table.
    """
    _refuse_other_documents(source)
    fastexcel = need("fastexcel", extra="excel", purpose="workbooks")
    refuse_vast(source)
    with source.start() as stream:
        data = source.read(stream)
    try:
        book = fastexcel.read_excel(data)
        sheets: list[str] = list(book.sheet_names)
        if source.member is not None and source.member not in sheets:
            raise NotFound(
                f"there is no sheet {quoted(source.member)} in {source.name}; it has "
                f"{', '.join(map(quoted, sheets))}",
                source=source.name,
                member=source.member,
            )
        wanted = sheets if source.member is None else [source.member]
        filled = {name: rows for name in wanted if (rows := _rows(book, name)).height}
    except (fastexcel.FastExcelError, pl.exceptions.PanicException) as refused:
        said = str(refused).lower()
        why = (
            "locked with a password; save it without one"
            if "password" in said or "encrypt" in said
            else "damaged, cut off or no workbook; open it in a spreadsheet and save it again"
        )
        raise InvalidInput(f"{source.name} is {why}", source=source.name) from None
    if not filled:
        raise InvalidInput(
            f"{source.name} holds no filled sheet; there is nothing to look at; check what wrote it"
        )
    tables = {name: _table(rows) for name, rows in filled.items()}
    name = next(
        (name for name, (frame, _) in tables.items() if _holds_numbers(frame)),
        next((name for name, (frame, _) in tables.items() if frame.height), next(iter(tables))),
    )
    notes = []
    frame, more = tables[name]
    if frame.is_empty():
        others = ", ".join(quoted(other) for other in sheets if other != name)
        raise InvalidInput(
            f"sheet {quoted(name)} of {source.name} has columns and no rows; there is nothing to "
            f"look at; check what wrote it"
            + (f", or choose another sheet with {source.name}::NAME: {others}" if others else ""),
            source=source.name,
            member=name,
        )
    if len(filled) > 1:
        others = ", ".join(quoted(other) for other in filled if other != name)
        notes.append(
            f"sheet {quoted(name)} was read; {source.name} also has {others}, which "
            f"{source.name}::NAME chooses"
        )
    frame, changed, mixed = numbers_from_text(frame, source.name)
    return Text(frame, notes + more + changed, mixed)


def _holds_numbers(frame: pl.DataFrame) -> bool:
    if frame.is_empty():
        return False
    typed, _, mixed = numbers_from_text(frame, "")
    has_any = any(
        (column.dtype.is_numeric() or column.dtype == pl.Boolean)
        and column.null_count() < column.len()
        for column in typed.iter_columns()
    )
    return has_any or bool(mixed)


def _refuse_other_documents(source: Source) -> None:
    with source.start() as stream:
        if source.read(stream, 2) != b"PK":
            return
    with source.start() as stream, zipfile.ZipFile(stream) as archive:
        names = archive.namelist()
    for folder, what in _OTHER_OFFICE.items():
        if any(name.startswith(folder) for name in names):
            raise InvalidInput(
                f"{source.name} is {what}, which cannot be read here; save its table as CSV",
                source=source.name,
            )


def _rows(book: Any, sheet: str) -> pl.DataFrame:
    """The cells of a sheet as text, without blank rows and columns."""
    loaded = book.load_sheet(
        sheet, header_row=None, dtypes="string", skip_whitespace_tail_rows=True
    )
    frame: pl.DataFrame = pl.DataFrame(loaded)
    if not frame.width:
        return frame
    frame = frame.with_columns(pl.all().str.strip_chars().replace("", None))
    frame = frame[[column.name for column in frame if column.null_count() < frame.height]]
    if not frame.width:
        return frame
    is_filled = frame.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    if frame.width > 1:
        return frame.filter(is_filled)
    rows = is_filled.arg_true()  # in a lone column a blank row is a missing value
    return frame[int(rows[0]) : int(rows[-1]) + 1]


def _table(rows: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """The rows below the header, typed."""
    filled = rows.select(n=pl.sum_horizontal(pl.all().is_not_null()))["n"].to_list()
    # Titles above a table fill one cell; a header fills most of them.
    start = next((i for i, n in enumerate(filled) if 2 * n > rows.width), 0)
    header = [cell or "" for cell in rows.row(start)]
    notes = []
    if start:
        are = "rows above the header were" if start > 1 else "row above the header was"
        notes.append(f"{start} {are} skipped")
    if all(_is_number(cell) for cell in header):
        names: tuple[str, ...] = tuple(f"c{j}" for j in range(rows.width))
        body = rows[start:]
    else:
        names, repeated = different_names(header)
        body = rows[start + 1 :]
        if repeated:
            given = ", ".join(map(quoted, repeated))
            notes.append(f"the header repeats {given}; later ones got a number")
    body.columns = list(names)
    return body.with_columns(_typed(column) for column in body.iter_columns()), notes


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _typed(column: pl.Series) -> pl.Series:
    whole = column.cast(pl.Int64, strict=False)
    if whole.null_count() == column.null_count():
        return whole
    filled = column.drop_nulls().str.to_lowercase()
    if filled.is_in(["true", "false"]).all():
        return column.str.to_lowercase() == "true"
    return column
