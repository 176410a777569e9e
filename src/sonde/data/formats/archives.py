"""The formats of the field's archives, ``.ts`` and ``.arff``: series with their labels."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...core import Panel, Table
from ...core.labelled import Labelled
from ...errors import InvalidInput
from ..frames import values_of
from ..inputs.sources import Source, open_source
from ..quoting import quoted
from .arff_files import Arff, parse_arff
from .csv_dialect import different_names
from .encodings import text_of
from .file_kinds import kind_of_file
from .loaded import Text, refuse_no_rows
from .series_text import panel_of
from .ts_files import parse_ts

_BEGIN = 1 << 16


def read_archive(source: str | Path | IO[Any]) -> Labelled[Any]:
    """The series or rows of a ``.ts`` or ``.arff`` file beside their labels.

    Parameters
    ----------
    source : a path or an open file, plain or packed.

    Returns
    -------
    A panel and its labels, one per series: str for classes, float64 for targets, None where the
    file has none. An ARFF file of ordinary rows gives a table of its numeric columns, and the
    last attribute as labels where that is nominal. Missing is NaN.

    Raises
    ------
    NotFound : no such file.
    InvalidInput : another kind of file, or a damaged one; names the series or row.

    Examples
    --------
    >>> import io
    >>> X, y = read_archive(io.BytesIO(b"@classLabel true a b\\n@data\\n1,2,3:a\\n4,?:b\\n"))
    >>> [len(series) for series in X], y.tolist()
    ([3, 2], ['a', 'b'])
    """
    opened = open_source(source)
    with opened.start() as stream:
        kind = kind_of_file(opened.read(stream, _BEGIN), opened.name)
    text, _ = _text(opened)
    if kind == "ts":
        return parse_ts(text, opened.name)[0]
    if kind == "arff":
        arff = parse_arff(text, opened.name)
        return (
            _series(arff, opened.name) if arff.holds_series else _labelled_table(arff, opened.name)
        )
    raise InvalidInput(
        f"{opened.name} is neither .ts nor .arff: no line begins with @data; read it with "
        "sonde.read",
        source=opened.name,
    )


def read_ts(source: Source) -> Text:
    """The panel in a ``.ts`` file, also as a frame of its points.

    Raises
    ------
    As ``parse_ts``.
    """
    text, notes = _text(source)
    labelled, more = parse_ts(text, source.name)
    return Text(_points(labelled), notes + more, labelled=labelled)


def read_arff(source: Source) -> Text:
    """The rows of an ``.arff`` file; its panel, also as points, where its rows are series.

    Raises
    ------
    As ``parse_arff``.
    """
    text, notes = _text(source)
    arff = parse_arff(text, source.name)
    if not arff.holds_series:
        return Text(refuse_no_rows(_frame(arff, source.name), source.name), notes)
    labelled = _series(arff, source.name)
    return Text(_points(labelled), notes, labelled=labelled)


def _text(source: Source) -> tuple[str, list[str]]:
    with source.start() as stream:
        return text_of(source.read(stream), source.name)


def _points(labelled: Labelled[Panel]) -> pl.DataFrame:
    """One row per point: the series' name, its time if any, its channels, its label if any."""
    panel, y = labelled
    lengths = np.diff(panel.offsets)
    of = np.repeat(np.arange(len(panel)), lengths)
    columns = [pl.Series("series", panel.ids, dtype=pl.String).gather(of)]
    if panel.time is not None:
        columns.append(pl.Series("time", panel.time).cast(pl.Datetime("ns")))
    for j, name in enumerate(panel.channels):
        columns.append(pl.Series(name, panel.values[:, j], nan_to_null=True))
    if y is not None:
        columns.append(pl.Series("class", y.tolist()).gather(of))
    return pl.DataFrame(columns)


def _series(arff: Arff, source: str) -> Labelled[Panel]:
    relational = [j for j, a in enumerate(arff.attributes) if a.kind == "series"]
    if len(relational) > 1:
        raise InvalidInput(f"{source} has several relational attributes; keep one")
    if relational:
        held = [(row[relational[0]] or "").strip().split("\n") for row in arff.rows]
        width = len(held[0])
        for i, channels in enumerate(held):
            if len(channels) != width:
                raise InvalidInput(
                    f"{source}, series {i} has {len(channels)} channels where series 0 has "
                    f"{width}; repair the row",
                    source=source,
                    series=i,
                )
        panel = panel_of([channel for channels in held for channel in channels], width, source)
    else:
        panel = panel_of([",".join(c or "?" for c in row[:-1]) for row in arff.rows], 1, source)
    return Labelled(panel, _labels(arff))


def _labels(arff: Arff) -> NDArray[Any] | None:
    """The last attribute, where that is a class; float64 where it is a number beside series."""
    last = arff.attributes[-1]
    cells = [row[-1] for row in arff.rows]
    if last.kind == "class":
        return np.array([cell or "" for cell in cells], dtype=np.str_)
    if last.kind == "number" and arff.holds_series:
        return np.array([np.nan if cell is None else float(cell) for cell in cells])
    return None


def _frame(arff: Arff, source: str) -> pl.DataFrame:
    names, _ = different_names([a.name for a in arff.attributes])
    columns = [
        pl.Series(name, [row[j] for row in arff.rows], dtype=pl.String)
        for j, name in enumerate(names)
    ]
    return pl.DataFrame(
        [
            _numbers(column, source) if attribute.kind == "number" else column
            for column, attribute in zip(columns, arff.attributes, strict=True)
        ]
    )


def _numbers(column: pl.Series, source: str) -> pl.Series:
    whole = column.cast(pl.Int64, strict=False)
    if whole.null_count() == column.null_count():
        return whole
    numbers = column.cast(pl.Float64, strict=False)
    wrong = (numbers.is_null() & column.is_not_null()).arg_true()
    if len(wrong):
        row = int(wrong[0])
        raise InvalidInput(
            f"{source}, row {row}, column {quoted(column.name)}: {quoted(column[row])} is not a "
            "number, as its @attribute says; correct one of them",
            source=source,
            row=row,
            column=column.name,
        )
    return numbers.fill_nan(None)


def _labelled_table(arff: Arff, source: str) -> Labelled[Table]:
    frame = _frame(arff, source)
    numeric = [name for name, t in frame.schema.items() if t.is_numeric()]
    if not numeric:
        raise InvalidInput(f"{source} has no attribute of numbers; nothing can be learned from it")
    return Labelled(Table(values_of(frame, numeric), numeric), _labels(arff))
