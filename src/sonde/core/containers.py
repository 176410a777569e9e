"""Immutable containers: arrays with names, time first, channels second."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InvalidInput
from .axes import series_points_channels
from .clocks import Nanoseconds, clock_of, one_per_row, refuse_unsorted

Floats = NDArray[np.float64]


def read_only(values: ArrayLike) -> Floats:
    """A read-only (n_rows, n_channels) float64 C-ordered view; 1-D input becomes one column."""
    matrix = np.ascontiguousarray(values, dtype=np.float64)
    if matrix.ndim == 1:
        matrix = matrix[:, np.newaxis]
    if matrix.ndim != 2:
        raise InvalidInput(f"expected 1 or 2 dimensions, got {matrix.ndim}", ndim=matrix.ndim)
    view = matrix.view()
    view.flags.writeable = False
    return view


def default_names(n: int) -> tuple[str, ...]:
    """The names of channels that came without any: ``c0``, ``c1``, …"""
    return tuple(f"c{i}" for i in range(n))


def _names(given: Sequence[str] | None, n: int) -> tuple[str, ...]:
    names = default_names(n) if given is None else tuple(given)
    if len(names) != n:
        raise InvalidInput(f"{len(names)} names for {n} channels: {names}", names=names)
    if len(set(names)) != n:
        twice = sorted({name for name in names if names.count(name) > 1})
        raise InvalidInput(f"channel names must differ; given more than once: {twice}", names=twice)
    return names


@dataclass(frozen=True, eq=False)
class Series:
    """One thing observed over time.

    Parameters
    ----------
    values : (n_points, n_channels) float64; a flat array is taken as one channel. NaN: missing.
    channels : one name per channel; ``c0, c1, …`` when left out.
    time : (n_points,) int64, nanoseconds since 1970 UTC, strictly increasing, or None.
    first : the position of row 0 in the whole that this is a part of; keeps the phase of a
        season when a series without time is cut.

    Examples
    --------
    >>> pulse = Series([1.0, 2.0, 4.0], channels=["rate"])
    >>> pulse.values.shape, pulse.channels
    ((3, 1), ('rate',))
    >>> pulse[1:].first
    1
    >>> pulse.values[0, 0] = 9.0
    Traceback (most recent call last):
    ValueError: assignment destination is read-only
    """

    values: Floats
    channels: tuple[str, ...]
    time: Nanoseconds | None
    first: int
    origin: ClassVar[Any] = None  # set where it was read, see ``read_from``

    def __init__(
        self,
        values: ArrayLike,
        channels: Sequence[str] | None = None,
        time: ArrayLike | None = None,
        first: int = 0,
    ) -> None:
        matrix = read_only(values)
        clock = one_per_row(time, len(matrix))
        refuse_unsorted(clock)
        object.__setattr__(self, "values", matrix)
        object.__setattr__(self, "channels", _names(channels, matrix.shape[1]))
        object.__setattr__(self, "time", clock)
        object.__setattr__(self, "first", int(first))

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: slice) -> Series:
        """Rows ``start:stop`` (step 1) as a series that knows where it was cut from."""
        start, stop, step = rows.indices(len(self))
        if step != 1:
            raise InvalidInput("a series can be cut, not thinned: the slice's step must be 1")
        stop = max(start, stop)
        clock = None if self.time is None else self.time[start:stop]
        return Series(self.values[start:stop], self.channels, clock, self.first + start)

    def with_values(self, values: ArrayLike) -> Series:
        """The same rows and channels with other numbers."""
        return Series(values, self.channels, self.time, self.first)


@dataclass(frozen=True, eq=False)
class Table:
    """Rows without an order: (n_rows, n_columns) float64 and a name per column.

    >>> Table([[1.0, 2.0], [3.0, 4.0]], ["a", "b"]).channels
    ('a', 'b')
    """

    values: Floats
    channels: tuple[str, ...]
    origin: ClassVar[Any] = None

    def __init__(self, values: ArrayLike, channels: Sequence[str] | None = None) -> None:
        matrix = read_only(values)
        object.__setattr__(self, "values", matrix)
        object.__setattr__(self, "channels", _names(channels, matrix.shape[1]))

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: slice) -> Table:
        return Table(self.values[rows], self.channels)

    def with_values(self, values: ArrayLike) -> Table:
        """The same columns with other numbers."""
        return Table(values, self.channels)


@dataclass(frozen=True, eq=False)
class Panel:
    """Many series of any length, laid end to end in one array.

    Parameters
    ----------
    values : (total_points, n_channels) float64, all series one after the other.
    offsets : (n_series + 1,) int64; series i is ``values[offsets[i]:offsets[i + 1]]``.
    channels : one name per channel.
    ids : one name per series; ``"0", "1", …`` when left out.
    time : (total_points,) int64 nanoseconds, strictly increasing within each series, or None.

    Examples
    --------
    >>> panel = Panel.of([Series([1.0, 2.0]), Series([3.0])], ids=["a", "b"])
    >>> [len(series) for series in panel], panel.offsets.tolist(), panel.ids
    ([2, 1], [0, 2, 3], ('a', 'b'))
    >>> panel[[1]].ids, len(panel[1])
    (('b',), 1)
    """

    values: Floats
    offsets: NDArray[np.int64]
    channels: tuple[str, ...]
    ids: tuple[str, ...]
    time: Nanoseconds | None
    origin: ClassVar[Any] = None

    def __init__(
        self,
        values: ArrayLike,
        offsets: ArrayLike,
        channels: Sequence[str] | None = None,
        ids: Sequence[str] | None = None,
        time: ArrayLike | None = None,
    ) -> None:
        matrix = read_only(values)
        bounds = np.ascontiguousarray(offsets, dtype=np.int64)
        well_formed = bounds.ndim == 1 and bounds.size >= 2 and bounds[0] == 0
        if not (well_formed and bounds[-1] == len(matrix) and np.all(np.diff(bounds) >= 0)):
            raise InvalidInput("offsets must rise from 0 to the number of rows", rows=len(matrix))
        n = bounds.size - 1
        names = tuple(str(i) for i in range(n)) if ids is None else tuple(ids)
        if len(names) != n or len(set(names)) != n:
            raise InvalidInput(f"ids must be {n} different names, one per series", n_series=n)
        clock = one_per_row(time, len(matrix))
        refuse_unsorted(clock, bounds)
        bounds.flags.writeable = False
        object.__setattr__(self, "values", matrix)
        object.__setattr__(self, "offsets", bounds)
        object.__setattr__(self, "channels", _names(channels, matrix.shape[1]))
        object.__setattr__(self, "ids", names)
        object.__setattr__(self, "time", clock)

    @classmethod
    def of(cls, series: Sequence[Series], ids: Sequence[str] | None = None) -> Panel:
        """Copy several series with the same channels into one panel."""
        if len({s.channels for s in series}) != 1:
            raise InvalidInput("a panel needs at least one series, all with the same channels")
        clocks = [s.time for s in series if s.time is not None]
        if clocks and len(clocks) != len(series):
            raise InvalidInput("either every series of a panel has a time axis or none has")
        offsets = np.concatenate([[0], np.cumsum([len(s) for s in series])])
        values = np.concatenate([s.values for s in series])
        time = np.concatenate(clocks) if clocks else None
        return cls(values, offsets, series[0].channels, ids, time)

    @classmethod
    def from_array(
        cls,
        x: Any,
        axes: str | None = None,
        channels: Sequence[str] | None = None,
        ids: Sequence[str] | None = None,
        time: Any = None,
    ) -> Panel:
        """Series of one length from an array whose axes are named by letters.

        Parameters
        ----------
        x : an array of 2 or 3 axes; NaN, and what is masked: missing.
        axes : ``n`` series, ``c`` channels, ``t`` points, in the order of the array:
            ``"ntc"``, ``"tc"``, … When left out ``"nt"`` or ``"nct"``; the latter only where
            there are no more channels than points.
        channels, ids : as for the constructor.
        time : int64 nanoseconds or datetime64 (UTC): (n_points,), which all share, or one each.

        Raises
        ------
        InvalidInput : the letters do not fit, or a shape could be read two ways.

        Examples
        --------
        >>> panel = Panel.from_array(np.zeros((8, 100, 2)), axes="ntc", channels=["x", "y"])
        >>> len(panel), len(panel[0]), panel.channels
        (8, 100, ('x', 'y'))
        """
        cube = series_points_channels(x, axes)
        n, points, width = cube.shape
        clock = clock_of(time, [points] * n)
        return cls(cube.reshape(-1, width), np.arange(n + 1) * points, channels, ids, clock)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, which: int) -> Series: ...
    @overload
    def __getitem__(self, which: slice | Sequence[int] | NDArray[Any]) -> Panel: ...
    def __getitem__(self, which: int | slice | Sequence[int] | NDArray[Any]) -> Series | Panel:
        """One series by its number; several, as a panel, by a slice or an array of numbers."""
        if isinstance(which, int | np.integer):
            i = range(len(self))[int(which)]
            rows = slice(self.offsets[i], self.offsets[i + 1])
            clock = None if self.time is None else self.time[rows]
            return Series(self.values[rows], self.channels, clock)
        chosen = np.arange(len(self))[which]
        return Panel.of([self[int(i)] for i in chosen], [self.ids[i] for i in chosen])

    def __iter__(self) -> Iterator[Series]:
        return (self[i] for i in range(len(self)))


C = TypeVar("C", bound=Series | Table | Panel)


def read_from(container: C, origin: Any) -> C:
    """``container``, remembering what it was read from.

    An answer about it can then go back into the order of that input; a container cut from it or
    made of other numbers has forgotten.
    """
    object.__setattr__(container, "origin", origin)
    return container
