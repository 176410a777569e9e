"""Arrays of one or two axes as columns of a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...errors import InvalidInput
from ..quoting import quoted

# What Polars keeps dates in; coarser units are taken to seconds first.
_UNITS = {"ns", "us", "ms"}


def refuse_array(array: NDArray[Any], what: str) -> None:
    """Raise InvalidInput unless ``array`` can be a table: one or two axes of plain cells."""
    if array.ndim == 3:
        a, b, c = array.shape
        raise InvalidInput(
            f"{what} has three axes ({a} x {b} x {c}), a panel of series, and a file does not say "
            'which is which; load it with numpy and say so: sonde.Panel.from_array(x, axes="ntc") '
            "for series, time, channels",
            shape=array.shape,
        )
    if array.ndim == 0 or array.ndim > 3:
        raise InvalidInput(
            f"{what} has {array.ndim} axes; a table has one or two, so reshape it",
            shape=array.shape,
        )
    if array.dtype.kind == "c":
        raise InvalidInput(
            f"{what} holds complex numbers; save their real and imaginary parts, or their "
            "magnitude, as columns",
            dtype=str(array.dtype),
        )


def columns_of(array: NDArray[Any], names: Sequence[str], what: str) -> list[pl.Series]:
    """One column per field, or per column of ``array``, with ``names`` where it has none.

    Parameters
    ----------
    array : (n,) or (n, d); numbers, booleans, text, bytes (read as UTF-8), dates, or fields.
    what : what to call the array in a refusal.

    Raises
    ------
    InvalidInput : other axes, complex numbers, or cells that are no value.
    """
    refuse_array(array, what)
    if array.dtype.names is not None:
        columns: list[pl.Series] = []
        for field in array.dtype.names:
            part = array[field]
            within = [field] if part.ndim == 1 else [f"{field}_{j}" for j in range(part.shape[-1])]
            columns += columns_of(part, within, f"{what}, field {quoted(field)}")
        return columns
    matrix = array[:, np.newaxis] if array.ndim == 1 else array
    return [_column(matrix[:, j], name, what) for j, name in enumerate(names)]


def _column(values: NDArray[Any], name: str, what: str) -> pl.Series:
    kind = values.dtype.kind
    if kind == "f":
        single = values.dtype.itemsize < 8
        return pl.Series(
            name, values.astype(np.float32 if single else np.float64), nan_to_null=True
        )
    if kind in "iub":
        return pl.Series(name, values.astype(values.dtype.newbyteorder("=")))
    if kind in "mM":
        unit, count = np.datetime_data(values.dtype)
        wanted = unit if unit in _UNITS and count == 1 else "ms"
        letter = "datetime64" if kind == "M" else "timedelta64"
        return pl.Series(name, values.astype(f"{letter}[{wanted}]"))
    if kind == "U":
        return pl.Series(name, values.tolist(), dtype=pl.String)
    if kind == "S":
        cells = [cell.decode("utf-8", "replace") for cell in values.tolist()]
        return pl.Series(name, cells, dtype=pl.String)
    raise InvalidInput(
        f"{what} holds cells of type {values.dtype}, which are no values; save numbers or text",
        dtype=str(values.dtype),
    )
