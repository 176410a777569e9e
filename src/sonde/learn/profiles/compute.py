"""From anything with rows to its matrix profile."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...core import Panel, Series, Table
from ...core.schema import Schema
from ...data import rows_from
from ...errors import InvalidInput, MissingValues, SchemaMismatch, TooShort
from .. import parameters as check
from ..randomness import threads_for
from .profile import Profile
from .window import SHORTEST, proposed_window

if TYPE_CHECKING:
    from .channels import ChannelNeighbours
    from .joins import Neighbours

Floats = NDArray[np.float64]
Precision = Literal["float64", "float32"]
Device = Literal["cpu", "gpu"]

_OWNER = "matrix_profile"


def matrix_profile(
    x: Any,
    window: int | None = None,
    other: Any = None,
    *,
    columns: Sequence[str] | None = None,
    time: str | None = None,
    precision: Precision = "float64",
    n_jobs: int | None = None,
    device: Device = "cpu",
    tile: int | None = None,
    memory_mb: int | None = None,
    client: Any = None,
) -> Profile:
    """For each window of a series, how far it lies from the window most like it, and where that is.

    Parameters
    ----------
    x : an array or a list (n_points,) or (n_points, n_channels) of any real type; a Series; a
        frame of pandas, Polars or Arrow, a dict of columns, or a path, of which the columns that
        hold measurements are taken, in the order of time. NaN and infinity are missing: their
        windows have distance inf and index −1.
    window : rows of a window, 3 or more; proposed when None, see ``Profile.why``.
    other : a second series, in which the neighbours are looked for (AB-join); as ``x``, with the
        same channels. Nothing is left out then.
    columns, time : of a frame or a path, the columns to take and the column of time.
    precision : ``"float32"`` finds the neighbours in single precision, which is faster; their
        distances are exact. One channel only.
    n_jobs : threads; None is 1, −1 all cores. The result does not depend on it.
    device : ``"gpu"`` compares on an NVIDIA GPU; one channel only.
    tile, memory_mb, client : for a long series of one channel: pieces of so many windows, or of
        so much memory, worked on here or by a ``distributed.Client`` (or the address of a
        scheduler). ``x`` may then be the path of a ``.npy`` file: who works on a piece reads no
        more of it than that.

    Returns
    -------
    Profile : (n − window + 1,) distances and neighbours for one channel, (d, n − window + 1) for
        d > 1, where row k is the mean over the k + 1 channels that match best.

    Raises
    ------
    InvalidInput : data, a window or an option that can't be used; says which and why.
    TooShort : fewer rows than a window and a neighbour need.
    MissingValues : no window without a missing value.
    SchemaMismatch : ``other`` has other channels.
    MissingExtra : a GPU or a cluster without what it needs.

    Examples
    --------
    >>> x = np.sin(np.arange(300) / 4); x[150:160] = 2.0
    >>> profile = matrix_profile(x, window=25)
    >>> profile.distances.shape, int(profile.discords(k=1)[0].start) in range(125, 160)
    ((276,), True)
    >>> matrix_profile([1.0, 2.0, 3.0], window=3)
    Traceback (most recent call last):
    sonde.errors.TooShort: matrix_profile: a window of 3 rows needs 5 rows or more, ...
    """
    check.one_of(_OWNER, "precision", precision, ("float64", "float32"))
    check.one_of(_OWNER, "device", device, ("cpu", "gpu"))
    threads = threads_for(n_jobs)
    in_tiles = tile is not None or memory_mb is not None or client is not None
    for name, value in (("tile", tile), ("memory_mb", memory_mb)):
        if value is not None:
            check.whole(_OWNER, name, value, 1, 2**62)
    series = series_from(x, columns, time, in_tiles)
    second = None if other is None else _matching(other, series, columns, time, in_tiles)
    why = ""
    if window is None:
        window, why = proposed_window(series)
    _check_window(window, len(series), None if second is None else len(second))
    m = int(window)
    for one in (series, second):
        if one is not None:
            _refuse_unknown(one.values, m, "other" if one is second else "x")
    _refuse_unsupported(series, precision, device, in_tiles)
    found: Neighbours | ChannelNeighbours
    if in_tiles:
        how = {"tile": tile, "memory_mb": memory_mb, "threads": threads, "client": client}
        found = _in_tiles(
            _held(x, series), None if second is None else _held(other, second), m, how
        )
    else:
        found = _joined(series, second, m, precision, threads, device)
    return Profile(
        found.distances,
        found.indices,
        found.left_distances,
        found.left_indices,
        found.right_distances,
        found.right_indices,
        window=m,
        values=_plain(series),
        other=None if second is None else _plain(second),
        channels=series.channels,
        time=series.time,
        why=why,
    )


def _joined(
    series: Series,
    second: Series | None,
    m: int,
    precision: Precision,
    threads: int,
    device: Device,
) -> Neighbours | ChannelNeighbours:
    """What is found for each window, in one pass."""
    x, y = _plain(series), None if second is None else _plain(second)
    if x.ndim == 2:
        from .channels import channels_join

        return channels_join(x, m, other=y, threads=threads)
    if device == "gpu":
        from . import gpu

        return gpu.self_join(x, m) if y is None else gpu.cross_join(x, y, m)
    from . import joins

    if y is None:
        return joins.self_join(x, m, precision=precision, threads=threads)
    return joins.cross_join(x, y, m, precision=precision, threads=threads)


def _in_tiles(x: Any, other: Any, m: int, how: dict[str, Any]) -> Neighbours:
    """The same, piece by piece."""
    from . import tiles

    return tiles.self_join(x, m, **how) if other is None else tiles.cross_join(x, other, m, **how)


def _held(source: Any, series: Series) -> Any:
    """The path of a file that workers can read their pieces of, or the values."""
    return source if _is_numpy_file(source) else _plain(series)


def _is_numpy_file(source: Any) -> bool:
    return isinstance(source, str | Path) and str(source).lower().endswith(".npy")


def series_from(
    x: Any,
    columns: Sequence[str] | None = None,
    time: str | None = None,
    in_tiles: bool = False,
) -> Series:
    """``x`` as one series; ``in_tiles``: a path of a ``.npy`` file is mapped, not read.

    Raises
    ------
    InvalidInput : several series, or more channels than points; names of columns that are none.
    """
    is_named = columns is not None or time is not None
    is_mapped = in_tiles and _is_numpy_file(x)
    if (is_mapped or _is_plain(x)) and is_named:
        raise InvalidInput("columns and time are for frames and files; an array has no names")
    if is_mapped:
        from .long_series import long_series

        return Series(long_series(x).values())
    if _is_plain(x) or (isinstance(x, Series | Panel | Table) and not is_named):
        found = rows_from(x, prefer="series")
    else:
        from ...data import examine

        found = examine(x, columns=columns, time=time, kind="series").data
    if isinstance(found, Panel):
        if len(found) != 1:
            raise InvalidInput(
                f"there are {len(found)} series ({', '.join(map(repr, found.ids[:3]))}, …); "
                "a profile is of one: pass them one by one",
                n_series=len(found),
            )
        found = found[0]
    if isinstance(found, Table):
        found = Series(found.values, found.channels)
    if found.values.shape[1] > len(found) > 1 or (len(found) == 1 and found.values.shape[1] > 1):
        raise InvalidInput(
            f"an array of shape {found.values.shape} has more channels than points; "
            "matrix_profile takes (n_points, n_channels): pass its transpose",
            shape=found.values.shape,
        )
    return found


def _is_plain(x: Any) -> bool:
    """True for arrays and lists of numbers, which need no reader."""
    if isinstance(x, list | tuple):
        return not (x and isinstance(x[0], dict))
    return isinstance(x, np.ndarray) or (
        hasattr(x, "__array__") and not hasattr(x, "columns") and not hasattr(x, "__dataframe__")
    )


def _matching(
    other: Any, series: Series, columns: Sequence[str] | None, time: str | None, in_tiles: bool
) -> Series:
    is_array = _is_plain(other) or (in_tiles and _is_numpy_file(other))
    named = None if is_array or isinstance(other, Series | Table | Panel) else columns
    second = series_from(other, named, None if is_array else time, in_tiles)
    mine, theirs = series.values.shape[1], second.values.shape[1]
    if mine == theirs == 1:
        return Series(second.values, series.channels, second.time, second.first)
    if mine != theirs:
        raise SchemaMismatch(
            f"other has {theirs} channels and x has {mine}; both need the same",
            expected=series.channels,
            got=second.channels,
        )
    matched: Series = Schema.of(series).check(second, _OWNER)
    return matched


def _check_window(window: Any, n: int, n_other: int | None) -> None:
    # Of two windows too close to be neighbours one needs a third: ceil(window / 4) + 1 rows on.
    check.whole(_OWNER, "window", window, SHORTEST, 2**62)
    m = int(window)
    if n_other is not None:
        for name, rows in (("x", n), ("other", n_other)):
            if rows < m:
                raise TooShort(
                    f"{_OWNER}: a window of {m} rows does not fit into {name}, which has {rows}; "
                    "take a shorter window",
                    needed=m,
                    got=rows,
                )
        return
    needed = m + -(-m // 4) + 1
    if n < needed:
        raise TooShort(
            f"{_OWNER}: a window of {m} rows needs {needed} rows or more, so that one has a "
            f"neighbour; there are {n}: take a shorter window or more rows",
            needed=needed,
            got=n,
        )


def _refuse_unknown(values: Floats, m: int, name: str) -> None:
    """Raise MissingValues where no channel has a window without a missing value."""
    longest = 0
    for channel in values.T:
        gaps = np.flatnonzero(~np.isfinite(channel))
        edges = np.concatenate([[-1], gaps, [len(channel)]])
        longest = max(longest, int(np.diff(edges).max()) - 1)
        if longest >= m:
            return
    raise MissingValues(
        f"{_OWNER}: no window of {m} rows of {name} is without a missing value; the longest "
        f"stretch has {longest} rows. Fill the gaps first or take a shorter window",
        longest=longest,
        window=m,
    )


def _refuse_unsupported(
    series: Series, precision: Precision, device: Device, in_tiles: bool
) -> None:
    wishes = [("precision", precision == "float32"), ("device", device == "gpu")]
    wishes.append(("tile", in_tiles))
    asked = [name for name, wished in wishes if wished]
    d = series.values.shape[1]
    if d > 1 and asked:
        raise InvalidInput(
            f"{_OWNER}: {asked[0]} is for one channel, and there are {d}; leave it out, or give "
            "one channel at a time",
            parameter=asked[0],
        )
    if len(asked) > 1:
        raise InvalidInput(
            f"{_OWNER}: {asked[0]} and {asked[1]} can't be had together; leave one out",
            parameter=asked[1],
        )


def _plain(series: Series) -> Floats:
    """(n,) for one channel, (n, d) for more."""
    values = series.values
    # A copy: kernels would be compiled once more for an array that can't be written.
    return np.array(values[:, 0]) if values.shape[1] == 1 else values
