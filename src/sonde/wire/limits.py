"""How much one request may hold, and the refusal that names the setting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import TooLarge


@dataclass(frozen=True)
class Limits:
    """Limits of one data set; ``depth`` are brackets within brackets, ``data_sets`` per request.

    >>> Limits(rows=10).check(11, 2)
    Traceback (most recent call last):
    sonde.errors.TooLarge: there are 11 rows, and 10 may come at once; send fewer, or raise ...
    """

    rows: int = 1_000_000
    columns: int = 10_000
    points: int = 20_000_000
    depth: int = 32
    data_sets: int = 100

    @classmethod
    def of(cls, settings: Any) -> Limits:
        """From the settings of the same names."""
        return cls(
            settings.rows, settings.columns, settings.points, settings.depth, settings.data_sets
        )

    def check(self, n_rows: int, n_columns: int) -> None:
        """Raise TooLarge for more rows, columns or cells than may come."""
        if n_rows > self.rows:
            raise too_many("rows", n_rows, self.rows)
        if n_columns > self.columns:
            raise too_many("columns", n_columns, self.columns)
        if n_rows * n_columns > self.points:
            raise too_many("points", n_rows * n_columns, self.points)


_CALLED = {"points": "cells", "data_sets": "data sets", "depth": "brackets within each other"}


def too_many(limit: str, got: int, most: int) -> TooLarge:
    """The refusal of what passes the limit of that name.

    >>> too_many("points", 30, 20).facts["setting"]
    'SONDE_LIMITS__POINTS'
    """
    what = _CALLED.get(limit, limit)
    setting = f"SONDE_LIMITS__{limit.upper()}"
    return TooLarge(
        f"there are {got:,} {what}, and {most:,} may come at once; send fewer, or raise {setting} "
        "where the service runs",
        limit=most,
        got=got,
        setting=setting,
    )
