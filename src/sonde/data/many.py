"""Several files as one input: their rows end to end, and which file each row is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..core import Anomaly
from ..errors import InvalidInput
from .formats.files import load
from .ids import Ids
from .inputs.paths import is_pattern
from .quoting import quoted


@dataclass(frozen=True, eq=False)
class Files:
    """The files of an input.

    Parameters
    ----------
    names : one for each file, different from each other.
    starts : (n_files + 1,) int64; rows ``starts[i]:starts[i + 1]`` of the input are of file i.

    Examples
    --------
    >>> files = Files(("a.csv", "b.csv"), np.array([0, 3, 5]))
    >>> files.place(3), files.place(2)
    (('b.csv', 0), ('a.csv', 2))
    """

    names: tuple[str, ...]
    starts: NDArray[np.int64]

    def place(self, row: int) -> tuple[str, int]:
        """The file of an input row, and the row within it."""
        i = self._file_of(row)
        return self.names[i], row - int(self.starts[i])

    def placed(self, anomaly: Anomaly) -> Anomaly:
        """The same with its rows counted in the file of its peak, cut where that file ends."""
        i = self._file_of(anomaly.peak)
        first, last = int(self.starts[i]), int(self.starts[i + 1])
        return replace(
            anomaly,
            start=max(anomaly.start, first) - first,
            end=min(anomaly.end, last) - first,
            peak=anomaly.peak - first,
        )

    def named(self, anomaly: Anomaly) -> tuple[str, Anomaly]:
        """The file of an anomaly's peak, and the anomaly as counted in it."""
        return self.place(anomaly.peak)[0], self.placed(anomaly)

    def columns(self) -> tuple[pl.Series, NDArray[np.int64]]:
        """The file's name and the row within it, for every row of the input."""
        counts = np.diff(self.starts)
        codes = pl.Series(np.repeat(np.arange(len(self.names), dtype=np.uint32), counts))
        rows = np.arange(self.starts[-1]) - np.repeat(self.starts[:-1], counts)
        return pl.Series("file", pl.Series(self.names).gather(codes)), rows

    def ids(self) -> Ids:
        """Each file as one series."""
        counts = np.diff(self.starts)
        return Ids("file", np.repeat(np.arange(len(counts)), counts), self.names)

    def _file_of(self, row: int) -> int:
        return int(np.searchsorted(self.starts, row, side="right")) - 1


def paths_in(source: Any) -> list[str] | None:
    """The paths that ``source`` names when it may name several: a list of paths, or a pattern.

    A pattern (``logs/*.csv``) is no name of a file that is there. None for everything else.

    Raises
    ------
    NotFound : a pattern that no file fits.
    """
    if isinstance(source, str | Path):
        return _expanded(str(source)) if is_pattern(str(source)) else None
    is_paths = isinstance(source, list | tuple) and len(source) > 0
    if not is_paths or not all(isinstance(one, str | Path) for one in source):
        return None
    return [path for one in source for path in paths_in(one) or [str(one)]]


def _expanded(pattern: str) -> list[str]:
    from .inputs.remote import expand  # only a pattern needs it

    return expand(pattern)


@dataclass(frozen=True, eq=False)
class Together:
    """The rows of several files in one frame."""

    frame: pl.DataFrame
    files: Files
    notes: list[str]


def load_many(paths: Sequence[str]) -> Together:
    """The rows of all files, in the order of ``paths``.

    The columns are matched by name; those of the first file come in its order. Integers and
    floats go together; a column is text where it is text in one of the files.

    Raises
    ------
    NotFound, InvalidInput : as ``files.load`` for each; a file named twice; files whose columns
        differ (the message names the file and the columns).
    """
    names = _short_names(paths)
    frames: list[pl.DataFrame] = []
    notes: list[str] = []
    for path, name in zip(paths, names, strict=True):
        text, _ = load(path)
        for column, wrong in text.mixed.items():
            raise wrong.error(name, column)
        if frames:
            _refuse_other_columns(frames[0], text.frame, names[0], name)
        frames.append(text.frame)
        notes += [note if name in note else f"{name}: {note}" for note in text.notes]
    starts = np.cumsum([0, *(frame.height for frame in frames)]).astype(np.int64)
    return Together(_stacked(frames, names), Files(names, starts), notes)


def _short_names(paths: Sequence[str]) -> tuple[str, ...]:
    twice = sorted({path for path in paths if paths.count(path) > 1})
    if twice:
        raise InvalidInput(f"{twice[0]} is named twice; name each file once", source=twice[0])
    short = [Path(path).name for path in paths]
    return tuple(short) if len(set(short)) == len(short) else tuple(paths)


def _refuse_other_columns(
    first: pl.DataFrame, other: pl.DataFrame, first_name: str, name: str
) -> None:
    if set(first.columns) == set(other.columns):
        return
    missing = [column for column in first.columns if column not in other.columns]
    extra = [column for column in other.columns if column not in first.columns]
    what = f"lacks column {quoted(missing[0])}" if missing else f"has column {quoted(extra[0])}"
    raise InvalidInput(
        f"{name} {what}, unlike {first_name}; files that are read together need the same columns: "
        "read them one by one, or choose those that fit",
        source=name,
        missing=missing,
        extra=extra,
    )


def _stacked(frames: list[pl.DataFrame], names: tuple[str, ...]) -> pl.DataFrame:
    """One frame; what is text in one file and numbers in another is refused."""
    columns = frames[0].columns
    for column in columns:
        kinds = {frame[column].dtype.is_numeric() for frame in frames if _has_values(frame[column])}
        if len(kinds) == 2:
            at = next(i for i, f in enumerate(frames) if f[column].dtype == pl.String)
            raise InvalidInput(
                f"column {quoted(column)} is text in {names[at]} and numbers in other files, for "
                f"example {quoted(frames[at][column].drop_nulls().first())}; correct that file, or "
                "leave the column out with columns",
                source=names[at],
                column=column,
            )
    try:
        return pl.concat([frame.select(columns) for frame in frames], how="vertical_relaxed")
    except pl.exceptions.PolarsError as refused:
        first = next(iter(str(refused).splitlines()), "")
        raise InvalidInput(
            f"the files' columns are of different kinds ({first[:150]}); read them one by one"
        ) from None


def _has_values(column: pl.Series) -> bool:
    return column.null_count() < column.len()
