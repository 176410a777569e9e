"""Whether a container is what a layout can hold, with the remedy where it is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core import Container, Panel, Series, Table
from ...core.containers import Floats
from ...errors import InvalidInput
from ..quoting import quoted

_LISTED = 5


def as_panel(data: Container, layout: str) -> Panel:
    """``data`` as many series; a Series is one of them.

    Raises
    ------
    InvalidInput : a Table, whose rows have no order.
    """
    if isinstance(data, Table):
        raise InvalidInput(
            f"the layout {layout} holds series, and the rows of a Table have no order; where they "
            "follow each other in time pass Series(table.values, table.channels)",
            layout=layout,
        )
    if isinstance(data, Series):
        return Panel(data.values, [0, len(data)], data.channels, None, data.time)
    return data


def equal_length(panel: Panel, layout: str) -> int:
    """How many points every series has.

    Raises
    ------
    InvalidInput : they differ, or there are none.
    """
    lengths = np.diff(panel.offsets)
    short, long = int(np.argmin(lengths)), int(np.argmax(lengths))
    if lengths[short] != lengths[long]:
        raise InvalidInput(
            f"the layout {layout} holds series of one length; series {quoted(panel.ids[short])} "
            f"has {lengths[short]} points and series {quoted(panel.ids[long])} has "
            f"{lengths[long]}; convert to 'list' or 'tslearn', or cut them",
            layout=layout,
            shortest=int(lengths[short]),
            longest=int(lengths[long]),
        )
    if lengths[short] == 0:
        raise InvalidInput(f"no series has any points; the layout {layout} holds none of them")
    return int(lengths[0])


def refuse_without_points(panel: Panel, layout: str) -> None:
    """Raise InvalidInput for a series that would leave no trace in a layout of rows."""
    empty = np.flatnonzero(np.diff(panel.offsets) == 0)
    if empty.size:
        names = ", ".join(quoted(panel.ids[i]) for i in empty[:_LISTED])
        raise InvalidInput(
            f"the layout {layout} has one row per point, and {empty.size} series have none: "
            f"{names}{', …' if empty.size > _LISTED else ''}; leave them out: "
            "panel[np.diff(panel.offsets) > 0]",
            layout=layout,
            series=int(empty[0]),
        )


def refuse_taken(channels: Sequence[str], taken: Sequence[str], layout: str) -> None:
    """Raise InvalidInput where a channel has the name of a column that is no channel."""
    if len(set(taken)) < len(taken):
        raise InvalidInput(f"two columns of the layout {layout} have one name: {taken}")
    for name in taken:
        if name in channels:
            raise InvalidInput(
                f"a channel is called {quoted(name)}, as a column of the layout {layout} is; "
                "rename the channel, or the column with an option of convert",
                column=name,
                layout=layout,
            )


def owned(array: Floats, copy: bool) -> Floats:
    """``array``, C-ordered; with memory of its own that can be written where ``copy``."""
    return np.array(array, order="C") if copy else np.ascontiguousarray(array)


def text_names(given: Sequence[Any], what: str) -> tuple[str, ...]:
    """Labels as text; InvalidInput where two become the same."""
    names = tuple(map(str, given))
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        where = [i for i, name in enumerate(names) if name == twice][:2]
        raise InvalidInput(
            f"two {what} are called {quoted(twice)}: numbers {where[0]} and {where[1]}; rename one",
            name=twice,
            positions=where,
        )
    return names
