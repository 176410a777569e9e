"""sktime's frame with an index of two levels, instance and time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core import Container, Panel
from ...errors import InvalidInput, need
from ..frames import values_of
from ..ids import Ids
from ..quoting import quoted
from .holding import as_panel, refuse_without_points, text_names
from .long import channel_names, frame_with_names, panel_of_rows, time_column
from .stamps import stamps_of_index

_SOURCE = "multi-index frame"


def to_multi_index(data: Container, *, id: str = "instance", time: str = "time") -> Any:
    """One row per point, index (instance, time), one column per channel."""
    pandas = need("pandas", extra="pandas", purpose="frames with an index of two levels")
    panel = as_panel(data, "multi_index")
    refuse_without_points(panel, "multi_index")
    moments, codes = np.unique(time_column(panel), return_inverse=True)
    instances = np.repeat(np.arange(len(panel)), np.diff(panel.offsets))
    index = pandas.MultiIndex(
        levels=[list(panel.ids), moments], codes=[instances, codes], names=[id, time]
    )
    return pandas.DataFrame(panel.values, index=index, columns=list(panel.channels), copy=True)


def from_multi_index(
    obj: Any, *, channels: Sequence[str] | None = None, time_unit: str | None = None
) -> Panel:
    """A Panel from a frame whose index has the levels instance and time, by whatever names.

    Raises
    ------
    InvalidInput : another number of levels, a missing or double entry, text among the values.
    """
    index = getattr(obj, "index", None)
    levels = getattr(index, "nlevels", 0)
    if index is None or levels != 2:
        names = list(getattr(index, "names", []))
        raise InvalidInput(
            f"the index of a multi-index frame has 2 levels, instance and time; this "
            f"{type(obj).__name__} has {levels}: {names}; choose one group of a hierarchy with "
            "frame.xs(...), or set the two columns as index",
            levels=levels,
        )
    ids = _instances(index)
    stamps = stamps_of_index(index.get_level_values(1), _SOURCE, time_unit)
    frame = frame_with_names(obj.reset_index(drop=True), _SOURCE)
    names = channel_names(frame, channels, [], _SOURCE)
    return panel_of_rows(ids, stamps, values_of(frame, names), names, _SOURCE)


def _instances(index: Any) -> Ids:
    codes = np.asarray(index.codes[0], dtype=np.int64)
    name = str(index.names[0] or "instance")
    if codes.size and codes.min() < 0:
        row = int(np.argmax(codes < 0))
        raise InvalidInput(
            f"{_SOURCE}, row {row}: the instance {quoted(name)} is missing; fill it in or drop the "
            "row",
            row=row,
            column=name,
        )
    levels, first, numbers = np.unique(codes, return_index=True, return_inverse=True)
    # np.unique sorts; a panel keeps its series in order of appearance.
    order = np.argsort(first)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    labels = index.levels[0].take(levels[order])
    return Ids(name, rank[numbers], text_names(list(labels), "series"))
