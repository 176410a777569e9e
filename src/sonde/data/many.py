"""Several files as one input: their rows end to end, and which file each row is of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..core import Anomaly
from ..errors import InvalidInput
from .formats.files import load
from .ids import Ids, candidates, find_ids
from .inputs.paths import is_pattern
from .kinds import KindWanted
from .quoting import quoted
from .timing.clock import Clock
from .timing.daylight import on_winter_time

_FEW = 0.01  # share of the rows that may repeat a moment of their file: rows sent twice


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


def series_of_files(
    files: Files, frame: pl.DataFrame, clock: Clock | None, taken: set[str], wanted: KindWanted
) -> Ids | None:
    """Each file as a series, or None where its moments say that it is none.

    Rows sent twice, few of them, and clocks put back undo no series. Where an id column tells
    apart all rows of one moment, it is the series that it names which the files hold.

    Parameters
    ----------
    frame : the rows of all files; ``taken`` its columns that cannot be ids.
    wanted : ``"series"`` and ``"panel"`` ask for the files however often moments come again, or
        for what an id column names, where that explains all but a few of them.
    """
    ids = files.ids()
    if clock is None or ids.twins(clock.ns) is None:
        return ids
    if find_ids(frame, clock.ns, taken, texts_only=False) is not None:
        return None
    if _are_series(ids, frame, clock):
        return ids
    if wanted not in ("series", "panel"):
        return None
    others = (other for other in candidates(frame, taken) if _are_series(other, frame, clock))
    return next(others, ids)


def _are_series(ids: Ids, frame: pl.DataFrame, clock: Clock) -> bool:
    if _are_few(ids, clock.ns):
        return True
    if not clock.is_local:
        return False
    winter = on_winter_time(
        clock.ns, ids.codes, clock.name, lambda i, j: frame.row(i) == frame.row(j)
    )
    return winter is not None and _are_few(ids, winter.ns)


def _are_few(ids: Ids, ns: NDArray[np.int64]) -> bool:
    return ids.repeats(ns).size <= max(1, int(_FEW * len(ns)))


def why_no_series(files: Files, clock: Clock | None) -> str | None:
    """Why the files are one table, as a sentence; None where no moment comes twice in a file."""
    if clock is None:
        return None
    ids = files.ids()
    repeats = ids.repeats(clock.ns)
    if repeats.size == 0:
        return None
    name, row = files.place(int(repeats[0]))
    return (
        f"time column {quoted(clock.name)} has several rows per moment within a file "
        f"({repeats.size} of {len(clock.ns)} rows repeat one, {name}, row {row} first) and no id "
        "column tells them apart; kind series makes each file a series of the first row of each "
        "moment"
    )


@contextmanager
def rows_of_files(files: Files | None) -> Iterator[None]:
    """Errors about a row of several files name the file and the row within it."""
    try:
        yield
    except InvalidInput as error:
        row = error.facts.get("row")
        if files is None or not isinstance(row, int | np.integer):
            raise
        name, within = files.place(int(row))
        together = f"{len(files.names)} files"
        said = str(error)
        placed = re.sub(rf"^(?:{together}(?:, |: ))?(.*?)\brow {row}\b", _at(name, within), said)
        facts = {**error.facts, "row": within, "source": name}
        raise type(error)(placed, **facts) from None


def _at(name: str, row: int) -> Callable[[re.Match[str]], str]:
    return lambda found: f"{name}, {found[1]}row {row}"


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
    floats go together, and booleans with them as 0 and 1; what is text in one file is text in all.

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
    twice = sorted(path for path, n in Counter(paths).items() if n > 1)
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
        cells = [frame[column] for frame in frames]
        others = [
            i for i, one in enumerate(cells) if _has_values(one) and not _is_number_or_flag(one)
        ]
        are_numbers = [_has_values(one) and one.dtype.is_numeric() for one in cells]
        if others and any(are_numbers):
            at = others[0]
            kind = "text" if cells[at].dtype == pl.String else str(cells[at].dtype)
            raise InvalidInput(
                f"column {quoted(column)} is {kind} in {names[at]} and numbers in other files, for "
                f"example {quoted(cells[at].drop_nulls().first())}; correct that file, or "
                "leave the column out with columns",
                source=names[at],
                column=column,
            )
        if any(are_numbers):
            # True and false count as 1 and 0 where other files hold numbers.
            frames = [
                frame.with_columns(pl.col(column).cast(pl.Int64))
                if frame.schema[column] == pl.Boolean
                else frame
                for frame in frames
            ]
    try:
        return pl.concat([frame.select(columns) for frame in frames], how="vertical_relaxed")
    except pl.exceptions.PolarsError as refused:
        first = next(iter(str(refused).splitlines()), "")
        raise InvalidInput(
            f"the files' columns are of different kinds ({first[:150]}); read them one by one"
        ) from None


def _has_values(column: pl.Series) -> bool:
    return column.null_count() < column.len()


def _is_number_or_flag(column: pl.Series) -> bool:
    return column.dtype.is_numeric() or column.dtype == pl.Boolean
