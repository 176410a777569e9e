"""The one series that a command is about, out of whatever its input is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..core import Panel, Series, Table
from ..errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from ..data import Reading
    from ..learn.profiles import Profile

MOST_NAMES = 5


@dataclass(frozen=True, eq=False)
class OneSeries:
    """A series and what is to be said of it.

    Parameters
    ----------
    data : in the order of time.
    name : what it is called: its input, and its id where that holds several series.
    told : what the input was taken for, a sentence.
    step_ns : the regular step in nanoseconds, or None.
    problems : sentences about the data.
    """

    data: Series
    name: str
    told: str
    step_ns: int | None
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Columns:
    """Which columns are what, as for ``sonde.read``; ``series`` is the id of the one wanted."""

    time: str | None
    values: list[str] | None
    id: str | None
    series: str | None


def one_series(inputs: Sequence[str], query: str | None, which: Columns) -> OneSeries:
    """The series that the words of a command name; rows in file order where there is no time.

    Raises
    ------
    InvalidInput : the input holds several series and none is named, or can't be read.
    NotFound : no such file, or no series of that name.
    """
    from ..data import examine
    from ..runtimes.embedded import source_of
    from ..runtimes.embedded.large_files import refuse_too_large

    source = source_of(inputs, query)
    refuse_too_large(source)
    reading = examine(source, time=which.time, columns=which.values, id=which.id)
    data, name = reading.data, reading.source
    if isinstance(data, Panel):
        number = _number_of(data, which.series, name)
        one, name = data[number], f"{name}, {data.ids[number]}"
    elif which.series is not None:
        raise InvalidInput(f"{name} is one series; leave out --series")
    elif isinstance(data, Table) and reading.time_column is not None:
        why = reading.kind_reason.partition(";")[0]  # what follows is a remedy of other commands
        raise InvalidInput(
            f"{name} is no series: {why}; name the column that tells series apart with --id"
        )
    else:
        one = data if isinstance(data, Series) else Series(data.values, data.channels)
    told = _told(reading, one, name)
    return OneSeries(one, name, told, reading.step_ns, tuple(reading.problems))


def saved_profile(inputs: Sequence[str], query: str | None) -> Profile | None:
    """The profile in the one file that is named; None where it is anything else.

    Raises
    ------
    BadArtifact : a profile that is damaged.
    """
    path = Path(inputs[0])
    if query is not None or len(inputs) != 1 or path.suffix.lower() != ".parquet":
        return None
    from ..learn.profiles.files import holds_profile

    if not path.is_file() or not holds_profile(path):
        return None
    from ..learn.profiles import Profile

    return Profile.load(path)


def _number_of(panel: Panel, wanted: str | None, name: str) -> int:
    """Where the series called ``wanted`` is; the only one where none is named."""
    if wanted is None and len(panel) == 1:
        return 0
    some = ", ".join(repr(one) for one in panel.ids[:MOST_NAMES])
    more = f" and {len(panel) - MOST_NAMES:,} more" if len(panel) > MOST_NAMES else ""
    if wanted is None:
        raise InvalidInput(
            f"{name} holds {len(panel):,} series and a profile is of one: say which with --series "
            f"({some}{more})"
        )
    if wanted not in panel.ids:
        raise NotFound(f"{name} has no series {wanted!r}; it has {some}{more}")
    return panel.ids.index(wanted)


def _told(reading: Reading, one: Series, name: str) -> str:
    from ..learn.detect import duration

    columns = one.channels
    values = ", ".join(map(repr, columns)) if len(columns) <= 4 else f"{len(columns)} columns"
    step = "" if reading.step_ns is None else f", every {duration(reading.step_ns)}"
    order = "; rows in file order" if isinstance(reading.data, Table) else ""
    said = f"Took {name} for one series of {values}{step} ({reading.kind_reason}{order})"
    if reading.left_out:
        said += ", leaving out " + ", ".join(f"{c!r} ({w})" for c, w in reading.left_out.items())
    in_order = np.array_equal(reading.rows, np.arange(reading.n_rows))
    return said + ("." if in_order else "; rows are counted in the order of time.")
