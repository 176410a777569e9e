"""An answer as a frame: one line per row of the input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..core import Detection

if TYPE_CHECKING:
    from ..data.reading import Reading

Floats = NDArray[np.float64]

_OURS = ("file", "row", "score", "is_anomaly", "probability", "expected", "lower", "upper")


def scores_frame(reading: Reading | None, detection: Detection, first_row: int = 0) -> pl.DataFrame:
    """One line per input row, in the input's order; ``first_row`` is what row 0 is called.

    Columns: ``file`` where there are several, ``row`` (0-based, in its file), the time and the id
    column of the input if there are any, ``score`` (null where the row could not be judged),
    ``is_anomaly`` (0 or 1), ``probability``, ``expected``, ``lower``, ``upper`` (null where the
    method has none). An input column that is called like one of ours gets an underscore after
    its name. ``reading`` is None for rows that came as bare numbers.
    """
    if reading is None or reading.files is None:
        columns = [pl.Series("row", np.arange(first_row, first_row + len(detection)))]
    else:
        file, rows = reading.files.columns()
        columns = [file, pl.Series("row", rows)]
    taken = set(_OURS)
    beside = (
        []
        if reading is None
        else [
            (reading.time_column, reading.time_values),
            (reading.id_column, reading.id_values),
        ]
    )
    for name, values in beside:
        if values is not None:
            free = _free_name(name or values.name, taken)
            taken.add(free)
            columns.append(values.alias(free))
    columns += [
        _nullable("score", detection.scores, len(detection)),
        pl.Series("is_anomaly", detection.is_anomaly.astype(np.int8)),
        _nullable("probability", detection.probability, len(detection)),
        _nullable("expected", detection.expected, len(detection)),
        _nullable("lower", detection.lower, len(detection)),
        _nullable("upper", detection.upper, len(detection)),
    ]
    return pl.DataFrame(columns)


def _free_name(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _nullable(name: str, values: Floats | None, n: int) -> pl.Series:
    if values is None:
        return pl.Series(name, [None] * n, dtype=pl.Float64)
    return pl.Series(name, values, dtype=pl.Float64).fill_nan(None)
