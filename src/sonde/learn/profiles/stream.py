"""The matrix profile of a series that goes on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...data import rows_from
from ...data.quoting import shortened
from ...errors import InvalidInput, TooShort
from ...kernels import profile_stream as s
from ...kernels.profile_stream import stream_extend, stream_later, stream_update
from ...kernels.windows import MISSING
from .. import parameters as check
from .stream_state import UNBOUNDED, blank, kept, larger, refuse_broken, room
from .window import SHORTEST

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class MatrixProfileStream:
    """For each new point, how far the window that ends with it lies from all windows before it.

    Distances are z-normalised Euclidean, 0 to 2·√window, from the values themselves: offsets, level
    steps and spikes that pass through leave no error behind. Neighbours no farther than a quarter
    of a window are left out. A window with a missing value (NaN, infinite, or 1e150 times as large
    as the history) has the distance ∞ and the index −1; two constant windows are at 0, a constant
    and another at √window. Of neighbours at one distance, the newest is told.

    With ``egress``, the oldest point leaves for each that comes, and what a window was told of its
    neighbours stays: the earlier one may have left since. Without, everything is kept, and memory
    grows by about 100 bytes a point. One writer at a time.

    Parameters
    ----------
    history : (n,) numbers to begin with, NaN for missing ones; with ``egress`` as many are kept,
        without it there may be none.
    window : points of a window, 3 or more.
    egress : whether the oldest point leaves when a new one comes.

    Raises
    ------
    InvalidInput : values that are no numbers, or more than one column.
    TooShort : with ``egress``, a history in which no two windows can be compared.

    Source
    ------
    Yeh et al. (2018), "Time series joins, motifs, discords and shapelets: a unifying view that
    exploits the matrix profile", Data Mining and Knowledge Discovery 32 (STAMPI); with running
    covariances as in Zimmerman et al. (2019), "Matrix profile XIV", SoCC, section 3.

    Examples
    --------
    >>> x = np.sin(np.arange(300) / 5)
    >>> stream = MatrixProfileStream(x[:250], window=30)
    >>> distance, index = stream.update(x[250])
    >>> distance < 0.3, index < 213
    (True, True)
    >>> distances, indices = stream.extend(x[251:])
    >>> distances.shape, stream.first, stream.distances.shape
    ((49,), 50, (221,))
    """

    def __init__(self, history: Any, window: int, egress: bool = True) -> None:
        check.whole("MatrixProfileStream", "window", window, SHORTEST)
        check.flag("MatrixProfileStream", "egress", egress)
        x = _one_column(history)
        needed = window + math.ceil(window / 4) + 1
        if egress and len(x) < needed:
            raise TooShort(
                f"a stream of windows of {window} points that keeps as many points as its history "
                f"needs a history of at least {needed}, got {len(x)}; give more, or egress=False",
                needed=needed,
                got=len(x),
            )
        state = blank(int(window), most=len(x) if egress else None, unit=_unit_of(x))
        self._begin(state)
        self.extend(x)

    def _begin(self, state: dict[str, NDArray[Any]]) -> None:
        self._state = state
        self._arrays = state["floats"], state["integers"], state["clock"], state["scale"]
        bounded = state["clock"][s.MOST] < UNBOUNDED
        self._room = UNBOUNDED if bounded else room(state)

    # --- use ---------------------------------------------------------------------------------

    def update(self, value: float) -> tuple[float, int]:
        """One more point: the distance from the window that ends with it, and to which window.

        The index counts from the first point of the history. (∞, −1) where there is none.

        Raises
        ------
        InvalidInput : a value that is no number; nothing is changed.
        """
        number = value if isinstance(value, float) else _number(value)
        if self._room < 1:
            self._begin(larger(self._state, 1))
        self._room -= 1
        found: tuple[float, int] = stream_update(*self._arrays, float(number))
        return found

    def extend(self, values: Any) -> tuple[Floats, Integers]:
        """As ``update``, of many points: (n,) distances and (n,) indices, with the same bits.

        A point costs less where 16 or more come together.
        """
        x = _one_column(values)
        if self._room < len(x):
            self._begin(larger(self._state, len(x)))
        self._room -= len(x)
        distances, indices = np.empty(len(x)), np.empty(len(x), dtype=np.int64)
        stream_extend(*self._arrays, x, distances, indices)
        return distances, indices

    # --- the profile of what is kept -----------------------------------------------------------

    @property
    def window(self) -> int:
        """Points of a window."""
        return int(self._state["clock"][s.WINDOW])

    @property
    def first(self) -> int:
        """The oldest point that is kept, counted from the first of the history.

        The window that begins there is entry 0 of all the profiles.
        """
        return int(self._state["clock"][s.FIRST])

    def __len__(self) -> int:
        """Points that are kept."""
        clock = self._state["clock"]
        return int(clock[s.POINTS] - clock[s.FIRST])

    @property
    def distances(self) -> Floats:
        """(k,) to the nearest window, earlier or later, of each that is kept."""
        return self._nearest()[0]

    @property
    def indices(self) -> Integers:
        """(k,) where that window begins, counted from the first point of the history."""
        return self._nearest()[1]

    @property
    def left_distances(self) -> Floats:
        """(k,) to the nearest earlier window, among those kept when the window came."""
        return np.array(self._state["floats"][s.LEFT, kept(self._state)])

    @property
    def left_indices(self) -> Integers:
        """(k,) where that window begins; it may have left since."""
        return np.array(self._state["integers"][s.EARLIER, kept(self._state)])

    @property
    def right_distances(self) -> Floats:
        """(k,) to the nearest later window."""
        return self._later()[0]

    @property
    def right_indices(self) -> Integers:
        """(k,) where that window begins."""
        return self._later()[1]

    def arcs(self) -> tuple[Integers, Integers]:
        """Of each window kept, the nearest later one, counted from the oldest window kept, and
        whether it can be a neighbour: 0 where it has a missing value.

        As ``kernels.arcs`` takes them.
        """
        columns, integers = kept(self._state), self._state["integers"]
        later = integers[s.LATER, columns]
        whole = (integers[s.KIND, columns] != MISSING).astype(np.int64)
        return np.where(later < 0, -1, later - self.first), whole

    def _later(self) -> tuple[Floats, Integers]:
        columns = kept(self._state)
        n = columns.stop - columns.start
        distances, indices = np.empty(n), np.empty(n, dtype=np.int64)
        floats, integers, clock, _ = self._arrays
        stream_later(floats, integers, clock, distances, indices)
        return distances, indices

    def _nearest(self) -> tuple[Floats, Integers]:
        left, earlier = self.left_distances, self.left_indices
        right, later = self._later()
        is_later = right < left
        return np.where(is_later, right, left), np.where(is_later, later, earlier)

    # --- storage -----------------------------------------------------------------------------

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything as named arrays, copied: for ``np.savez``, and for ``from_state``."""
        return {name: array.copy() for name, array in self._state.items()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> MatrixProfileStream:
        """A stream that goes on, to the bit, where ``state`` was taken.

        Raises
        ------
        InvalidInput : arrays that ``state`` has not given.

        Examples
        --------
        >>> stream = MatrixProfileStream(np.arange(50.0) % 7, window=10)
        >>> again = MatrixProfileStream.from_state(stream.state())
        >>> again.update(3.0) == stream.update(3.0)
        True
        """
        try:
            refuse_broken(state)
        except ValueError as error:
            raise InvalidInput(f"this is no state of a matrix profile stream: {error}") from None
        stream = cls.__new__(cls)
        names = ("floats", "integers", "clock", "scale")
        stream._begin({name: np.array(state[name], order="C") for name in names})
        return stream

    def __repr__(self) -> str:
        return f"<matrix profile stream: {len(self)} points, windows of {self.window}>"


def _number(value: Any) -> float:
    """What is no float already; masked and None are missing values."""
    if value is None or value is np.ma.masked:
        return math.nan
    try:
        if isinstance(value, Real):
            return float(value)
    except OverflowError:
        pass
    raise InvalidInput(
        "a matrix profile stream takes one number at a time, NaN where one is missing; got "
        f"{shortened(repr(value))}; extend takes several"
    )


def _one_column(values: Any) -> Floats:
    """(n,) float64, contiguous; a copy, since kernels would be compiled anew for read-only data."""
    if np.ndim(values) == 0 and not hasattr(values, "columns"):
        raise InvalidInput(
            "a matrix profile stream takes points in a sequence, got "
            f"{shortened(repr(values))}; update takes one"
        )
    if isinstance(values, list | tuple | np.ndarray) and len(values) == 0:
        return np.empty(0)
    x = rows_from(values, prefer="series").values
    if x.shape[1] != 1:
        raise InvalidInput(
            f"a matrix profile stream takes one column of numbers, got an array of shape {x.shape};"
            " make a stream for each column",
            shape=x.shape,
        )
    return np.array(x[:, 0])


def _unit_of(x: Floats) -> float:
    """The power of two that takes the largest known value to about 1."""
    largest = float(np.abs(x[np.isfinite(x)]).max(initial=0.0))
    # 2^1000 keeps the unit of very small numbers finite.
    return math.ldexp(1.0, -max(math.frexp(largest)[1], -1000)) if largest else 1.0
