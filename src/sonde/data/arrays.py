"""Arrays and array-likes to float64 matrices, with the refusals scikit-learn's checks expect."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput
from .quoting import quoted

Floats = NDArray[np.float64]


class NotANumber(InvalidInput, TypeError):
    """A cell that no number can be made of, such as a dict; TypeError as in NumPy."""


def matrix_from(X: Any) -> Floats:
    """``X`` as (n,) or (n, d) float64; the same memory where it is float64 already.

    Parameters
    ----------
    X : an array, a list of numbers or rows, or anything with ``__array__``. Booleans become
        0 and 1, None and masked cells NaN.

    Raises
    ------
    InvalidInput : sparse, complex, text or dates, more than two dimensions, no rows, no columns.
    """
    if is_sparse(X):
        raise InvalidInput(
            "sparse data is not supported; convert it with .toarray() to a dense array",
            type=type(X).__name__,
        )
    mask = np.ma.getmaskarray(X) if isinstance(X, np.ma.MaskedArray) else None
    values = _numbers(_as_array(X))
    if mask is not None and mask.any():
        values = np.where(mask, np.nan, values)
    if values.ndim not in (1, 2):
        raise InvalidInput(
            f"expected an array of 1 or 2 dimensions (rows, or rows and columns), got "
            f"{values.ndim}: ndim={values.ndim}, shape={values.shape}",
            ndim=values.ndim,
        )
    refuse_empty(values.shape)
    return values


def is_sparse(X: Any) -> bool:
    """True for SciPy's sparse matrices and arrays; SciPy itself need not be there."""
    return type(X).__module__.startswith("scipy.sparse") and hasattr(X, "nnz")


def refuse_empty(shape: tuple[int, ...]) -> None:
    """Raise InvalidInput for no rows or no columns, in scikit-learn's words."""
    if len(shape) == 2 and shape[1] == 0 and shape[0] > 0:
        what = "feature"
    elif shape[0] == 0:
        what = "sample"
    else:
        return
    raise InvalidInput(
        f"Found array with 0 {what}(s) (shape={shape}) while a minimum of 1 is required.",
        shape=shape,
    )


def _as_array(X: Any) -> NDArray[Any]:
    try:
        array = np.asarray(X)
    except (ValueError, TypeError) as refused:
        raise InvalidInput(
            f"could not convert {type(X).__name__} to an array of numbers: {refused}"
        ) from None
    if array.ndim == 0:
        raise InvalidInput(
            f"expected a series, a table or an array, got a single {type(X).__name__}: {quoted(X)}",
            ndim=0,
        )
    return array


def _numbers(array: NDArray[Any]) -> Floats:
    kind = array.dtype.kind
    if kind == "c":
        raise InvalidInput(
            f"Complex data not supported ({array.dtype}); pass real and imaginary parts as columns"
        )
    if kind in "fiub":
        # Beyond float64 is infinity, as in text; NumPy warns of that, and of some bits of a NaN.
        with np.errstate(over="ignore", invalid="ignore"):
            return array.astype(np.float64, copy=False)
    if kind == "O":
        return _from_objects(array)
    what = "dates" if kind in "mM" else "text"
    raise InvalidInput(
        f"could not convert {what} ({array.dtype}) to numbers; pass numeric columns only",
        dtype=str(array.dtype),
    )


def _from_objects(array: NDArray[Any]) -> Floats:
    try:
        # Text is refused even where it spells a number: "007" is a name more often than a 7.
        if not any(isinstance(cell, str | bytes | complex) for cell in array.flat):
            return array.astype(np.float64)
    except (ValueError, TypeError, OverflowError):
        pass
    for position in np.ndindex(array.shape):
        _refuse_cell(array[position], position)
    # Here every cell is None, a number, or something float() takes.
    cells = [np.nan if cell is None else float(cell) for cell in array.flat]
    return np.array(cells).reshape(array.shape)


def _refuse_cell(cell: Any, position: tuple[int, ...]) -> None:
    """Raise unless ``cell`` is None or a number."""
    if isinstance(cell, complex):
        raise InvalidInput(f"Complex data not supported: {quoted(cell)} at {_place(position)}")
    try:
        if cell is not None:
            float("" if isinstance(cell, str | bytes) else cell)
    except OverflowError:
        raise InvalidInput(
            f"{quoted(cell)} at {_place(position)} is too large for a number of 64 bits; correct "
            "it or leave it out",
            position=position,
        ) from None
    except ValueError:
        raise InvalidInput(
            f"could not convert {quoted(cell)} at {_place(position)} to a number", position=position
        ) from None
    except TypeError:
        raise NotANumber(
            f"could not convert {_place(position)}: the argument must be a string or a real "
            f"number, not {type(cell).__name__!r}",
            position=position,
        ) from None


def _place(position: tuple[int, ...]) -> str:
    names = ("row", "column", "axis 2")
    return ", ".join(f"{name} {i}" for name, i in zip(names, position, strict=False))
