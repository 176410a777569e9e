"""What was read: the container, and how it came about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..core import Anomaly, Container, Detection
from ..errors import MissingValues, TooShort

if TYPE_CHECKING:
    import polars as pl

    from .categories import Categories
    from .many import Files


@dataclass(frozen=True, eq=False)
class Reading:
    """A container beside everything needed to speak about its input again.

    Parameters
    ----------
    data : numbers only, sorted by time within each series; NaN and infinity kept as they came.
    n_rows : rows of the input.
    rows : (rows of ``data``,) int64; ``rows[i]`` is the input row (0-based) of container row i.
        Rows whose moment an earlier row has already are not among them.
    source : ``"plant.csv"``, ``"standard input"``, ``"data frame"``, ``"array"``, …
    kind_reason : a short phrase, why this is a series, a panel or a table.
    time_column, id_column : their names in the input, or None.
    time_values, id_values : as in the input, in its order, for writing results beside them.
    labels : (n_rows,) bool in input order when a labels column was named; True is an anomaly.
    step_ns : the regular step in nanoseconds; None without time or with irregular steps.
    span_ns : from the first moment to the last; None without time.
    left_out : column → why it is not a value (``"text"``, ``"constant"``, ``"row counter"``, …).
    time_shift : (n_rows,) int64 nanoseconds to add to the container's time to get that of the
        input, where clocks put back and forward were made even; None where they agree.
    time_format : how the text of the time column was read, so that other rows can be read so.
    time_doubt : what had to be assumed to read that text; None for nothing.
    categories : what was learned of the columns of categories; None where there are none.
    files : which input rows are of which file, where there are several; None for one.
    problems : sentences about the data that the reader of a result should know.

    Examples
    --------
    >>> from sonde.data import examine
    >>> reading = examine({"ts": ["2024-01-02", "2024-01-01", "2024-01-03"], "rate": [2, 1, 5]})
    >>> reading.kind_reason, reading.rows.tolist(), reading.data.values.ravel().tolist()
    ("time column 'ts', one row per moment", [1, 0, 2], [1.0, 2.0, 5.0])
    >>> reading.problems
    ['1 row is out of time order (row 1 first); rows were sorted by time']
    """

    data: Container
    n_rows: int
    rows: NDArray[np.int64]
    source: str
    kind_reason: str
    time_column: str | None = None
    id_column: str | None = None
    time_values: pl.Series | None = None
    id_values: pl.Series | None = None
    labels: NDArray[np.bool_] | None = None
    step_ns: int | None = None
    span_ns: int | None = None
    left_out: dict[str, str] = field(default_factory=dict)
    time_shift: NDArray[np.int64] | None = None
    time_format: str | None = None
    time_doubt: str | None = None
    categories: Categories | None = None
    files: Files | None = None
    problems: list[str] = field(default_factory=list)

    def answered(self, detection: Detection) -> Detection:
        """An answer about ``data`` as one about the input: its rows, its order, its clock."""
        placed = detection.placed(self.rows, self.n_rows, self.problems)
        if self.time_shift is None:
            return placed
        candidate = None if placed.candidate is None else self._as_written(placed.candidate)
        told = [self._as_written(anomaly) for anomaly in placed.anomalies]
        return replace(placed, anomalies=told, candidate=candidate)

    def _as_written(self, anomaly: Anomaly) -> Anomaly:
        if self.time_shift is None or anomaly.start_time is None or anomaly.end_time is None:
            return anomaly
        return replace(
            anomaly,
            start_time=anomaly.start_time + int(self.time_shift[anomaly.start]),
            end_time=anomaly.end_time + int(self.time_shift[anomaly.end - 1]),
        )

    @contextmanager
    def named_in_errors(self) -> Iterator[None]:
        """Within the block, errors about too few or missing rows name the input.

        Whoever learns from a container does not know which file it came from.
        """
        try:
            yield
        except (TooShort, MissingValues) as error:
            told = str(error)
            if self.source in told:
                raise
            more = "; give it more rows, or choose another detector"
            more = more if isinstance(error, TooShort) else ""
            raise type(error)(f"{self.source}: {told}{more}", **error.facts) from None
