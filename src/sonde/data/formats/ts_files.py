"""The ``.ts`` format of the archives of time-series classification."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...core import Panel
from ...core.labelled import Labelled
from ...errors import InvalidInput
from ..quoting import quoted, shortened
from ..timing.time_text import parse_dates
from .series_text import panel_of

_COLON = re.compile(r"\([^()]*\)|(:)")  # a colon within (…) belongs to a moment
_POINT = re.compile(r"\(([^()]*),([^(),]*)\)")
_SECOND = 1_000_000_000
_LABEL_TAGS = ("classlabel", "targetlabel")


@dataclass(frozen=True)
class _Header:
    """What stands before ``@data``: tags in small letters, and where the lines of data begin."""

    tags: dict[str, list[str]]
    first: int

    def says(self, tag: str) -> bool:
        return self.tags.get(tag, [""])[0].lower() == "true"


def parse_ts(text: str, source: str) -> tuple[Labelled[Panel], list[str]]:
    """The panel and labels in a ``.ts`` file, and notes on what was decided.

    Labels are str after ``@classLabel true``, float64 after ``@targetLabel true``, None without.
    Moments ``(t,v)`` are dates, or numbers taken as seconds since 1970.

    Raises
    ------
    InvalidInput : no ``@data``, lines with different numbers of channels, labels that the header
        does not list, or cells that are no numbers; names the series.

    Source
    ------
    The format's description by its authors, as sktime and aeon read it. Unlike aeon, unknown
    tags are passed over, and channels are counted rather than believed.
    """
    lines = text.splitlines()
    header = _header(lines, source)
    data = [line for line in lines[header.first :] if line.strip() and line[:1] not in "#%"]
    if not data:
        raise InvalidInput(f"{source} has no series after @data; write it again")
    is_timed = header.says("timestamps") or data[0].lstrip().startswith("(")
    rows = [_cut(line) if is_timed else line.split(":") for line in data]
    labels = [row.pop().strip() for row in rows] if any(map(header.says, _LABEL_TAGS)) else None
    width = len(rows[0])
    if not width:
        raise InvalidInput(
            f"{source}, series 0: {quoted(data[0])} is a label with no values before it, as "
            "@classLabel or @targetLabel announces; repair the line, or write false there",
            source=source,
            series=0,
        )
    for i, row in enumerate(rows):
        if len(row) != width:
            raise InvalidInput(
                f"{source}, series {i} has {len(row)} channels where series 0 has {width} (the "
                f"label not counted): {quoted(data[i])}; repair the line",
                source=source,
                series=i,
            )
    pieces = [piece for row in rows for piece in row]
    clock: NDArray[np.int64] | None = None
    notes: list[str] = []
    if is_timed:
        pieces, clock, notes = _without_moments(pieces, width, source)
    panel = panel_of(pieces, width, source, time=clock)
    return Labelled(panel, None if labels is None else _labels(labels, header, source)), notes


def _cut(line: str) -> list[str]:
    """``line`` between its colons, but for those within parentheses."""
    ends = [found.start() for found in _COLON.finditer(line) if found.group(1)]
    return [line[a:b] for a, b in zip([0, *(e + 1 for e in ends)], [*ends, len(line)], strict=True)]


def _header(lines: list[str], source: str) -> _Header:
    tags: dict[str, list[str]] = {}
    for number, line in enumerate(lines):
        words = line.split()
        if not words or words[0][0] in "#%":
            continue
        if not words[0].startswith("@"):
            raise InvalidInput(
                f"{source}, line {number + 1}: {quoted(line)} stands before @data; put @data "
                "before the first series",
                source=source,
                line=number + 1,
            )
        if words[0].lower() == "@data":
            return _Header(tags, number + 1)
        tags[words[0][1:].lower()] = words[1:] or [""]
    raise InvalidInput(f"{source} has no line @data; put it before the first series")


def _labels(labels: list[str], header: _Header, source: str) -> NDArray[np.str_ | np.float64]:
    if header.says("targetlabel"):
        numbers = pl.Series(labels).cast(pl.Float64, strict=False)
        if numbers.null_count():
            i = int(numbers.is_null().arg_true()[0])
            raise InvalidInput(
                f"{source}, series {i}: target {quoted(labels[i])} is not a number; correct it",
                source=source,
                series=i,
            )
        return np.asarray(numbers.to_numpy(), dtype=np.float64)
    listed = header.tags["classlabel"][1:]
    known = set(listed)
    for i, label in enumerate(labels):
        if label == "" or (known and label not in known):
            raise InvalidInput(
                f"{source}, series {i}: class {quoted(label)} is not one of those that "
                f"@classLabel lists ({shortened(', '.join(listed))}); correct one of them",
                source=source,
                series=i,
            )
    return np.array(labels, dtype=np.str_)


def _without_moments(
    pieces: list[str], width: int, source: str
) -> tuple[list[str], NDArray[np.int64] | None, list[str]]:
    """The values of pieces such as ``(t,v),(t,v)``, and the moments of each series' points."""
    moments: list[str] = []
    values: list[str] = []
    for number, piece in enumerate(pieces):
        points = [(stamp.strip(), value.strip()) for stamp, value in _POINT.findall(piece)]
        if _POINT.sub("", piece).strip(" ,\t") or (not points and piece.strip()):
            raise InvalidInput(
                f"{source}, series {number // width}: {quoted(piece)} is not a list of points "
                "(time,value); repair the line",
                source=source,
                series=number // width,
            )
        stamps = [stamp for stamp, _ in points]
        if number % width == 0:
            first = stamps
            moments += stamps
        elif stamps != first:
            raise InvalidInput(
                f"{source}, series {number // width}: channel {number % width} has other times "
                "than channel 0; bring them to the same times, with ? for what is missing",
                source=source,
                series=number // width,
            )
        values.append(",".join(value for _, value in points))
    seconds = pl.Series(moments, dtype=pl.String).cast(pl.Float64, strict=False)
    if not seconds.null_count():
        ns = np.rint(seconds.to_numpy() * _SECOND).astype(np.int64)
        return values, ns, ["times without a unit were taken as seconds"]
    dates = parse_dates(pl.Series(moments))
    if dates is None or dates.bad is not None:
        wrong = moments[0 if dates is None or dates.bad is None else dates.bad]
        raise InvalidInput(
            f"{source}: {quoted(wrong)} is neither a date like the others nor a number; correct it",
            source=source,
        )
    return values, dates.ns, []
