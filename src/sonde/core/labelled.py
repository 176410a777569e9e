"""Data beside the answer to be learned from each of their series or rows."""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar

from numpy.typing import NDArray

from .containers import Panel, Series, Table

X_co = TypeVar("X_co", bound=Series | Panel | Table, covariant=True)


class Labelled(NamedTuple, Generic[X_co]):
    """A container and its labels.

    Parameters
    ----------
    X : the series or rows.
    y : one label for each series of a panel, each row of a series or table: an array of str for
        classes, of float64 for numbers to predict; None where there are none.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = Labelled(Panel([1.0, 2.0, 3.0], [0, 2, 3]), np.array(["a", "b"]))
    >>> len(X), y.tolist()
    (2, ['a', 'b'])
    """

    X: X_co
    y: NDArray[Any] | None
