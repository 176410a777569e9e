"""Every layout by name, and the two functions that go there and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from typing import Any

from ...core import Container, Panel, Series, Table, kind_of
from ...errors import InvalidInput
from ..quoting import quoted
from .holding import text_names


@dataclass(frozen=True)
class Layout:
    """Where a layout is made and read: ``module.to_name`` and ``module.from_name``."""

    module: str
    name: str
    shape: str

    @property
    def write(self) -> Callable[..., Any]:
        """Container to layout."""
        return self._function("to")

    @property
    def read(self) -> Callable[..., Container]:
        """Layout to container."""
        return self._function("from")

    def _function(self, way: str) -> Callable[..., Any]:
        module = import_module(f".{self.module}", __package__)
        function: Callable[..., Any] = getattr(module, f"{way}_{self.name}")
        return function


_CUBE = "(n_series, n_channels, n_points) array"
LAYOUTS = {
    "sklearn": Layout("arrays", "rows", "(n_rows, n_columns) array"),
    "numpy2d": Layout("arrays", "numpy2d", "(n_series, n_points) array"),
    "numpy3d": Layout("arrays", "numpy3d", _CUBE),
    "aeon": Layout("arrays", "numpy3d", _CUBE),
    "sktime": Layout("arrays", "numpy3d", _CUBE),
    "tslearn": Layout("tslearn", "tslearn", "(n_series, n_points, n_channels) array, NaN at ends"),
    "stumpy": Layout("arrays", "stumpy", "(n_points,) or (n_channels, n_points) array"),
    "list": Layout("lists", "list", "list of (n_channels, n_points) arrays"),
    "list_tc": Layout("lists", "list_tc", "list of (n_points, n_channels) arrays"),
    "df_list": Layout("nested", "df_list", "list of pandas frames, one per series"),
    "nested": Layout("nested", "nested", "pandas frame whose cells are pandas Series"),
    "multi_index": Layout("multi_index", "multi_index", "pandas frame, index (instance, time)"),
    "tsfresh": Layout("tsfresh", "tsfresh", "pandas frame: id, time, one column per channel"),
    "tsfresh_long": Layout("tsfresh", "tsfresh_long", "pandas frame: id, time, kind, value"),
    "statsforecast": Layout("statsforecast", "statsforecast", "pandas frame: unique_id, ds, y"),
    "pandas": Layout("frames", "pandas", "frame; the time of a series is its index"),
    "polars": Layout("frames", "polars", "frame with columns id and time"),
    "arrow": Layout("frames", "arrow", "table with columns id and time"),
}


def convert(data: Container, to: str, **options: Any) -> Any:
    """``data`` in the shape that another library reads.

    Parameters
    ----------
    data : a Series, Panel or Table. A Series is taken as a panel of one where a layout holds many.
    to : a layout of the table below.
    options : arrays: ``copy=True`` for memory of their own; otherwise they may be views of the
        container, which can't be written to. Frames: ``id`` and ``time``, the names of those
        columns. statsforecast: ``target``, the channel to forecast.

    Returns
    -------
    Values are float64 and missing ones NaN; null in Polars and Arrow. Moments are UTC, with a zone
    in ``pandas``, ``polars`` and ``arrow`` and without one elsewhere, as those libraries want.

    =============  ===================================================  ==========================
    layout         shape                                                what it cannot hold
    =============  ===================================================  ==========================
    sklearn        (n_rows, n_columns); a Series or Table               names, time
    numpy2d        (n_series, n_points); one channel, one length        names, ids, time
    numpy3d        (n_series, n_channels, n_points); one length         names, ids, time
    aeon, sktime   numpy3d by other names                               the same
    tslearn        (n_series, n_points, n_channels), filled up with     names, ids, time; points at
                   NaN                                                  the end without any value
    stumpy         (n_points,) or (n_channels, n_points); a Series      names, time
    list           (n_channels, n_points) arrays                        names, ids, time
    list_tc        (n_points, n_channels) arrays, Sonde's own order     names, ids, time
    df_list        pandas frames, indexed by time                       ids
    nested         pandas frame (series by channels) of pandas Series   nothing
    multi_index    pandas frame, index (instance, time)                 series without points
    tsfresh        id, time, one column per channel                     series without points
    tsfresh_long   id, time, kind, value                                series without points
    statsforecast  unique_id, ds, y, other channels                     the target's name; series
                                                                        without points
    pandas,        frames; columns id and time where there are any      series without points
    polars, arrow
    =============  ===================================================  ==========================

    Without time the frames count the points of each series from 0, and ``polars``, ``arrow`` and
    the ``pandas`` frame of a panel have no time column. ``first`` of a Series is kept by ``pandas``
    alone, in the index.

    Raises
    ------
    InvalidInput : no such layout or option, or data that the layout cannot hold.
    MissingExtra : pandas or pyarrow is not installed.

    Examples
    --------
    >>> from sonde import Panel
    >>> convert(Panel([1.0, 2.0, 3.0, 4.0], [0, 2, 4], ["rate"]), to="aeon").shape
    (2, 1, 2)
    """
    if not isinstance(data, Series | Panel | Table):
        raise InvalidInput(
            f"convert takes a Series, Panel or Table, not a {type(data).__name__}; make one with "
            "sonde.container_from(data, layout=...) or sonde.read(data)",
            type=type(data).__name__,
        )
    function = _layout(to).write
    _check_options(function, options, f"convert(..., to={to!r})")
    return function(data, **options)


def container_from(obj: Any, layout: str, **names: Any) -> Container:
    """The container that ``obj``, in the shape of another library, stands for.

    Parameters
    ----------
    obj : what the library reads or returns; see the table of ``convert``.
    layout : how to read it. Nothing is guessed from the shape.
    names : what the layout does not hold. Arrays and lists: ``channels``, ``ids``, and ``time``
        (int64 nanoseconds or datetime64, UTC; per point, or per position when all series share
        it); ``axes``, where a shape could be read two ways. Frames: ``id`` and ``time``, the names
        of those columns; ``channels``, the columns to take; ``time_unit`` ("s", "ms", "us", "ns")
        where time is integers since 1970. ``sklearn``, ``pandas``, ``polars``, ``arrow``:
        ``kind``. statsforecast: ``target``, what the column ``y`` is to be called.

    Returns
    -------
    A Panel; a Series for ``stumpy``; a Table for ``sklearn`` unless ``kind="series"``; for frames
    a Panel with an id column, else a Series with time, else a Table. Ids become text (7 is
    ``"7"``), moments UTC without their zone, every number float64; null, None and NaN are missing.
    Integers that rise by one are positions, of which only the order is kept.

    Raises
    ------
    InvalidInput : an unknown layout or option; another shape than the layout's; a shape that could
        be read two ways; text among numbers; missing or double ids and moments.

    Examples
    --------
    >>> import numpy as np
    >>> container_from(np.zeros((8, 3, 100)), layout="aeon", channels=["x", "y", "z"]).channels
    ('x', 'y', 'z')
    >>> container_from(np.zeros((8, 100, 3)), layout="aeon")
    Traceback (most recent call last):
    sonde.errors.InvalidInput: an array of shape (8, 100, 3) has more channels than points when ...
    """
    function = _layout(layout).read
    _check_options(function, names, f"container_from(..., layout={layout!r})")
    if isinstance(obj, Series | Panel | Table):
        raise InvalidInput(
            f"this is a {kind_of(obj)} already; sonde.convert(data, to={layout!r}) goes the other "
            "way"
        )
    for name, what in (("ids", "series"), ("channels", "channels")):
        if names.get(name) is not None:
            names[name] = text_names(names[name], what)
    return function(obj, **names)


def _layout(name: str) -> Layout:
    if name not in LAYOUTS:
        raise InvalidInput(
            f"there is no layout {quoted(name)}; there are {', '.join(LAYOUTS)}", layout=name
        )
    return LAYOUTS[name]


def _check_options(function: Callable[..., Any], options: dict[str, Any], call: str) -> None:
    known = list(signature(function).parameters)[1:]
    for name in options:
        if name not in known:
            listed = ", ".join(known) if known else "none"
            raise InvalidInput(f"{call} has no option {name!r}; it takes {listed}", option=name)
