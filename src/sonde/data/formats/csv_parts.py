"""A CSV file in parts of consecutive rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

import polars as pl

from ...errors import InvalidInput
from ..quoting import quoted
from .csv_files import Csv, Schema, Wider, in_other_letters, parsed_blocks, schema_of, widened
from .parts import Parts, TypesChanged, memory_needed, rows_of_a_part
from .repeated_headers import without_repeated_headers
from .text_numbers import Mixed, numbers_from_text

_PACKED = 6  # times that text unpacks to, on average


class CsvParts(Parts):
    """Types are settled by the first time through, and hold for all parts from then on.

    A column that is empty in the first megabyte is one of numbers until a later part has text in
    it. One that holds numbers in the first block and other text later is refused, as when it is
    read whole.
    """

    def __init__(self, csv: Csv) -> None:
        self.name = csv.source.name
        self._csv = csv
        self._schema: Schema = {}
        self._restarts = 0
        self._written: set[str] = set()  # columns whose numbers are written as text
        self._signs: dict[str, str] = {}  # what each takes for its decimal sign
        first, n_bytes = self._settle()
        packed = 1 if csv.source.compression is None else _PACKED
        n_rows = csv.source.size * packed * first.height // max(n_bytes, 1)
        self._size = csv.source.size * packed
        self.needed_mb = memory_needed(n_rows, first)
        self._most = rows_of_a_part(first.width)

    def frames(self, wanted: Collection[str] | None = None) -> Iterator[tuple[pl.DataFrame, float]]:
        rows = n_bytes = 0
        held: list[pl.DataFrame] = []
        for block, size in self._blocks():
            held.append(self._numbers(block, rows, wanted))
            rows, n_bytes = rows + block.height, n_bytes + size
            if sum(frame.height for frame in held) >= self._most:
                yield pl.concat(held), min(1.0, n_bytes / self._size)
                held = []
        if held:
            yield pl.concat(held), 1.0
        if not rows:
            raise InvalidInput(
                f"{self.name} has a header and no rows; there is nothing to look at; check what "
                "wrote it",
                source=self.name,
            )

    def _blocks(self) -> Iterator[tuple[pl.DataFrame, int]]:
        try:
            for frame, size in parsed_blocks(self._csv, self._schema):
                yield self._without_headers(frame), size
        except Wider as wider:
            self._widen(wider)
        except UnicodeDecodeError as fault:
            self._csv = in_other_letters(self._csv, fault)
            self._schema = {}
        else:
            return
        self._settle()
        raise TypesChanged

    def _settle(self) -> tuple[pl.DataFrame, int]:
        """The first block under a schema that it fits, and what its columns of text hold."""
        while True:
            try:
                if not self._schema:
                    schema = schema_of(self._csv)
                    # Numbers where the beginning is empty, for text shows itself when it comes.
                    block = self._first(schema)[0]
                    empty = [c.name for c in block.iter_columns() if c.null_count() == c.len()]
                    self._schema = schema | dict.fromkeys(empty, pl.Float64())
                block, size = self._first(self._schema)
            except Wider as wider:
                self._widen(wider)
            except UnicodeDecodeError as fault:
                self._csv = in_other_letters(self._csv, fault)
                self._schema = {}
            else:
                block = self._without_headers(block)
                self._look_at(block)
                return block, size

    def _first(self, schema: Schema) -> tuple[pl.DataFrame, int]:
        return next(parsed_blocks(self._csv, schema), (pl.DataFrame(schema=schema), 1))

    def _widen(self, wider: Wider) -> None:
        self._restarts += 1
        self._schema = widened(wider.schema, self._restarts)

    def _without_headers(self, block: pl.DataFrame) -> pl.DataFrame:
        rows, notes = without_repeated_headers(block, self._csv.dialect.has_header)
        # Of one type in all parts, whether a header came in them or not.
        return rows.cast(pl.String) if notes else block

    def _look_at(self, block: pl.DataFrame) -> None:
        """Which columns of text hold numbers, by the first block; those empty in it do not."""
        read, _, mixed = self._numbers_in(block)
        self._written = {
            column.name
            for column in block.iter_columns()
            if column.dtype == pl.String
            and column.null_count() < column.len()
            and (read[column.name].dtype.is_numeric() or column.name in mixed)
        }

    def _numbers(
        self, block: pl.DataFrame, first_row: int, wanted: Collection[str] | None
    ) -> pl.DataFrame:
        """``block`` with numbers for text in the columns that hold numbers."""
        written = [name for name in block.columns if name in self._written]
        if not written:
            return block
        read: list[pl.Series] = []
        for name in written:
            frame, notes, mixed = self._numbers_in(block.select(name))
            column = frame.to_series()
            if column.dtype.is_numeric():
                self._keep_to_one_sign(block[name], notes)
            elif wanted is None or name in wanted:
                wrong = mixed.get(name) or _first_text(column)
                raise replace(wrong, row=wrong.row + first_row).error(self.name, name)
            else:
                column = column.clear(column.len()).cast(pl.Float64)
            read.append(column)
        return block.with_columns(read)

    def _numbers_in(self, block: pl.DataFrame) -> tuple[pl.DataFrame, list[str], dict[str, Mixed]]:
        has_commas = self._csv.dialect.decimal_comma
        return numbers_from_text(block, self.name, decimal_comma=has_commas)

    def _keep_to_one_sign(self, column: pl.Series, notes: list[str]) -> None:
        """What is a decimal sign in one part can't be one of thousands in another."""
        said = " ".join(notes)
        if "commas read as decimal signs" in said or "points read as thousands" in said:
            sign = "a comma"
        elif "commas read as thousands" in said or column.str.contains(".", literal=True).any():
            sign = "a point"
        else:
            return
        if self._signs.setdefault(column.name, sign) != sign:
            raise InvalidInput(
                f"{self.name}: the decimal sign of column {quoted(column.name)} is a point in some "
                "rows and a comma in others; write all numbers in one way",
                source=self.name,
                column=column.name,
            )


def _first_text(column: pl.Series) -> Mixed:
    numbers = column.str.strip_chars().cast(pl.Float64, strict=False)
    row = int((numbers.is_null() & column.is_not_null()).arg_max() or 0)
    n = column.len() - column.null_count()
    return Mixed(row, str(column[row]), column.len() - numbers.null_count(), n)
