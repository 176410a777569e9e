"""The long frame of statsforecast and its relatives: unique_id, ds, y."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core import Container, Panel
from ...errors import InvalidInput, need
from ..named import column_named
from ..quoting import quoted
from .holding import as_panel, refuse_taken, refuse_without_points
from .long import channel_names, frame_with_names, id_column, panel_of_frame, time_column

_ID, _TIME, _TARGET = "unique_id", "ds", "y"
_SOURCE = "statsforecast frame"


def to_statsforecast(data: Container, *, target: str | None = None) -> Any:
    """unique_id, ds and y; other channels keep their names, as regressors of ``target``.

    Raises
    ------
    InvalidInput : several channels, none called y, and no ``target``.
    """
    pandas = need("pandas", extra="pandas", purpose="statsforecast's frames")
    panel = as_panel(data, "statsforecast")
    refuse_without_points(panel, "statsforecast")
    target = _target(panel.channels, target)
    names = [_TARGET if name == target else name for name in panel.channels]
    refuse_taken(names, (_ID, _TIME), "statsforecast")
    refuse_taken([name for name in panel.channels if name != target], (_TARGET,), "statsforecast")
    columns = {_ID: id_column(panel), _TIME: time_column(panel)}
    columns |= {name: panel.values[:, j] for j, name in enumerate(names)}
    return pandas.DataFrame(columns)


def from_statsforecast(
    obj: Any,
    *,
    target: str | None = None,
    channels: Sequence[str] | None = None,
    time_unit: str | None = None,
) -> Panel:
    """A Panel from unique_id, ds, y and further columns; ``target`` is y's name in it."""
    frame = frame_with_names(obj, _SOURCE)
    for name in (_ID, _TIME):
        column_named(frame, name, _SOURCE)
    names = channel_names(frame, channels, [_ID, _TIME], _SOURCE)
    panel = panel_of_frame(frame, _SOURCE, id=_ID, time=_TIME, channels=names, time_unit=time_unit)
    if target is None:
        return panel
    renamed = [target if name == _TARGET else name for name in names]
    return Panel(panel.values, panel.offsets, renamed, panel.ids, panel.time)


def _target(channels: Sequence[str], wanted: str | None) -> str:
    if wanted is not None and wanted not in channels:
        raise InvalidInput(
            f"there is no channel {quoted(wanted)} to forecast; there are "
            f"{', '.join(map(quoted, channels))}",
            target=wanted,
        )
    if wanted is not None or _TARGET in channels:
        return wanted or _TARGET
    if len(channels) > 1:
        raise InvalidInput(
            f"which of {', '.join(map(quoted, channels))} is to be forecast as y? say "
            f"target={channels[0]!r}, for example",
            channels=tuple(channels),
        )
    return channels[0]
