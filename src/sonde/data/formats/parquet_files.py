"""Parquet to frames: one file, or a folder of files as one table."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from ...errors import InvalidInput
from ..inputs.folders import Part
from ..inputs.sources import Source
from ..quoting import quoted, shortened
from .loaded import Text, refuse_no_rows
from .parquet_footer import is_sound


def read_parquet(source: Source) -> Text:
    """The frame in a Parquet file, or in all files of a folder of them.

    Categories become text, and decimals numbers. What the folders' names say (``year=2024``)
    becomes columns, unless the files have columns of that name.

    Raises
    ------
    InvalidInput : damaged, without columns or rows, or files of a folder whose columns differ;
        the message names the file and the column.
    """
    if source.parts:
        frame = _stacked(source.parts)
    elif source.path is not None:
        frame = _frame(source.path, source.name)
    else:
        # Unpacked by us, which keeps to the limit, where it is compressed as a whole.
        with source.start() as stream:
            frame = _frame(io.BytesIO(source.read(stream)), source.name)
    return Text(refuse_no_rows(frame, source.name))


def _frame(held: Path | io.BytesIO, name: str) -> pl.DataFrame:
    if not _has_sound_footer(held):
        raise _damaged(name)
    try:
        # A star in a file's name is no pattern, and a sign of equality no partition.
        frame = pl.read_parquet(held, glob=False, hive_partitioning=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as refused:
        said = next(iter(str(refused).splitlines()), "")
        if isinstance(refused, NotImplementedError) or "not supported" in said.lower():
            raise InvalidInput(
                f"{name} is a Parquet file that uses what is not read here "
                f"({shortened(said)}); write it again without",
                source=name,
            ) from None
        raise _damaged(name) from None
    return frame.with_columns(plain(column) for column in frame.get_columns())


def _has_sound_footer(held: Path | io.BytesIO) -> bool:
    if isinstance(held, io.BytesIO):
        sound = is_sound(held)
        held.seek(0)
        return sound
    try:
        with held.open("rb") as stream:
            return is_sound(stream)
    except OSError:  # the reader says why it cannot be opened
        return True


def _damaged(name: str) -> InvalidInput:
    return InvalidInput(
        f"{name} is a damaged or cut off Parquet file; copy or download it again", source=name
    )


def plain(column: pl.Series) -> pl.Series:
    """Categories as text, decimals as whole numbers or floats; all else as it is."""
    dtype = column.dtype
    if dtype in (pl.Categorical, pl.Enum):
        return column.cast(pl.String)
    if not isinstance(dtype, pl.Decimal):
        return column
    if dtype.scale == 0:
        # Databases write their integers so; as floats, long ids would fall together.
        whole = column.cast(pl.Int64, strict=False)
        if whole.null_count() == column.null_count():
            return whole
    return column.cast(pl.Float64)


def _stacked(parts: Sequence[Part]) -> pl.DataFrame:
    """The rows of all parts, in their order, with their keys as columns at the end."""
    frames = [_frame(part.path, str(part.path)) for part in parts]
    for part, frame in zip(parts, frames, strict=True):
        _refuse_unlike(frames[0], parts[0].path, frame, part.path)
    columns = frames[0].columns
    try:
        stacked = pl.concat([frame.select(columns) for frame in frames], how="vertical_relaxed")
    except pl.exceptions.PolarsError as refused:
        said = next(iter(str(refused).splitlines()), "")
        raise InvalidInput(
            f"the files of {parts[0].path.parent} have columns of different kinds "
            f"({shortened(said)}); read them one by one",
            source=str(parts[0].path.parent),
        ) from None
    rows = pl.Series([frame.height for frame in frames])
    for key in parts[0].keys:
        if key not in columns:
            # As text: what names a folder tells rows apart, it was not measured.
            values = pl.Series(key, [part.keys[key] for part in parts], dtype=pl.String)
            place = pl.Series(range(len(parts)), dtype=pl.UInt32)
            repeated = pl.select(pl.lit(place).repeat_by(pl.lit(rows)).explode()).to_series()
            stacked = stacked.with_columns(values.gather(repeated.drop_nulls()))
    return stacked


def _refuse_unlike(first: pl.DataFrame, first_path: Path, other: pl.DataFrame, path: Path) -> None:
    missing = [name for name in first.columns if name not in other.columns]
    extra = [name for name in other.columns if name not in first.columns]
    if missing or extra:
        what = f"lacks column {quoted(missing[0])}" if missing else f"has column {quoted(extra[0])}"
        raise InvalidInput(
            f"{path} {what}, unlike {first_path.name}; files of a folder are read as one table and "
            "need the same columns: name the files that fit",
            source=str(path),
            missing=missing,
            extra=extra,
        )
    for name in first.columns:
        kinds = first[name].dtype, other[name].dtype
        if pl.Null not in kinds and kinds[0].is_numeric() != kinds[1].is_numeric():
            raise InvalidInput(
                f"column {quoted(name)} is {kinds[1]} in {path} and {kinds[0]} in "
                f"{first_path.name}; write it as one kind in all files",
                source=str(path),
                column=name,
            )
