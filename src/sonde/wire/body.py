"""What a body held, in the form that reads it fastest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

    from ..data.formats.text_numbers import Mixed
    from ..errors import SondeError

Floats = NDArray[np.float64]


class Body(msgspec.Struct, frozen=True, eq=False):
    """What a body holds: data in one form, or none, and everything beside them.

    Parameters
    ----------
    values : (n_rows, n_columns) float64, all finite, where the body is JSON of nothing but numbers.
    names : of the columns; None for rows without names.
    frame : any other table, numbers as numbers, missing as null, all else as text.
    series : one list of numbers, or of channels, per series.
    time, id : one entry per row (of each series), or the name of a column.
    options : every other member of the body, as it came; the operation judges them.
    requests : the data sets of a request for several, a refusal in the place of one.
    form : ``"rows"``, ``"columns"``, ``"records"``, ``"series"``, ``"frame"`` for CSV, Parquet and
        Arrow, ``""`` where there are no data.
    at : the JSON pointer to the data.
    notes, mixed : as for a file, see ``data.formats.loaded.Text``.
    document : the JSON text that ``values`` were taken from.
    """

    values: Floats | None = None
    names: tuple[str, ...] | None = None
    frame: pl.DataFrame | None = None
    series: list[Any] | None = None
    time: list[Any] | str | None = None
    id: list[Any] | str | None = None
    options: dict[str, Any] = {}  # msgspec copies it
    requests: tuple[Body | SondeError, ...] | None = None
    form: str = ""
    at: str = ""
    notes: tuple[str, ...] = ()
    mixed: dict[str, Mixed] = {}
    document: bytes = b""

    @property
    def n_rows(self) -> int:
        """Rows of the data; all points of all series; 0 where there are no data."""
        if self.values is not None:
            return len(self.values)
        if self.series is not None:
            return sum(map(points_of, self.series))
        return 0 if self.frame is None else self.frame.height

    @property
    def n_columns(self) -> int:
        """Columns of the data, or channels of the first series."""
        if self.values is not None:
            return int(self.values.shape[1])
        if self.series is not None:
            first = self.series[0]
            return len(first) if isinstance(first[0], list) else 1
        return 0 if self.frame is None else self.frame.width

    @property
    def has_data(self) -> bool:
        return self.values is not None or self.frame is not None or self.series is not None


def points_of(series: list[Any]) -> int:
    """How many points one series of a body has."""
    return len(series[0]) if series and isinstance(series[0], list) else len(series)
