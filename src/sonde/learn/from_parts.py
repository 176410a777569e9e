"""Learn from some rows of an input that is larger than memory, then judge it part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core import Container, Detection, Panel, Schema, Series, Table
from ..core.progress import tell
from ..data import Categories, Reading, examine
from ..data.quoting import quoted
from ..errors import InvalidInput
from .catalogue import create
from .decide import decide
from .detect import what_was_chosen
from .detector import Detector
from .in_parts import Part, Whole, Write, counted_from, judge_in_parts, refuse_whole
from .online import OnlineDetector
from .randomness import seed_of
from .training import ONLINE_ROWS, Recipe, train

if TYPE_CHECKING:
    import polars as pl

    from ..data.formats.parts import Parts

LEARN_ROWS = 200_000  # scores of so many rows say what is usual to three digits
LEARN_CELLS = 20_000_000  # 160 MB as numbers
MORE_ROWS = 10_000  # beyond those to learn from: for what is out of order, or missing at their end
MOST_JOINED = 4
_MAY_CHANGE = ("constant", "empty")


@dataclass(frozen=True)
class Asked:
    """How the caller wants the input to be read; the options of ``sonde.data.examine``."""

    time: str | None = None
    id: str | None = None
    columns: Sequence[str] | None = None
    categories: Sequence[str] | Categories | None = None
    labels: str | None = None
    kind: Any = "auto"
    time_format: str | None = None

    @classmethod
    def of(cls, schema: Schema) -> Asked:
        """As the data were read that a stored model learned from."""
        return cls(
            time=schema.time_column,
            id=schema.id_column if schema.kind == "table" else None,
            columns=list(schema.channels) if schema.named else None,
            categories=Categories(schema.categories) if schema.categories else None,
            kind=schema.kind,
        )


def refuse_series(model: Detector, parts: Parts) -> None:
    """Raise InvalidInput for a model of several series, whose rows can't come part by part."""
    if model.schema_.kind == "panel":
        raise InvalidInput(
            f"the model judges several series, so {parts.name} can't be read in parts, and reading "
            f"it whole takes about {parts.needed_mb:,} MB; split it into smaller files, or raise "
            "SONDE_MEMORY_MB and SONDE_PARTS_ABOVE_MB",
            needed_mb=parts.needed_mb,
        )


def can_be_judged_in_parts(detector: str | Detector) -> bool:
    """False for a detector that must see all rows at once."""
    if detector == "auto":
        return True
    one = create(detector) if isinstance(detector, str) else detector
    return bool(getattr(one, "online", False)) or getattr(one, "reads", "whole") != "whole"


def detect_in_parts(
    recipe: Recipe, parts: Parts, asked: Asked, write: Write
) -> tuple[Whole, Detector]:
    """What ``learn.detect`` finds, without ever holding all rows.

    A table is learned from ``LEARN_ROWS`` rows drawn from all of it, a series from its first
    rows; ``fit_rows`` of the recipe asks for others. ``write`` hears each part with its answer.

    Raises
    ------
    InvalidInput : several series, labels of rows that are not learned from, or a detector that
        compares all rows with each other.
    """
    some = _some_rows(recipe, parts, asked)
    if asked.labels is not None and not some.are_drawn:
        raise InvalidInput(
            f"{parts.name} is read part by part, and its labels can only be used where the rows to "
            "learn from are drawn from all of a table; give a contamination instead, or raise "
            "SONDE_PARTS_ABOVE_MB so that it is read whole",
            column=asked.labels,
        )
    recipe = replace(recipe, in_parts=True)
    if not some.are_drawn and recipe.fit_rows is None and not recipe.online:
        recipe = replace(recipe, fit_rows=min(LEARN_ROWS, len(some.reading.data)))
    with some.reading.named_in_errors():
        trained = train(recipe, some.reading, some.n_rows if some.are_drawn else None)
    refuse_whole(trained.model, parts.name, parts.needed_mb)
    reading = replace(some.reading, n_rows=some.n_rows)
    chosen = what_was_chosen(recipe, reading, trained, drawn=some.are_drawn)

    def answer(data: Container, core: slice | None) -> Detection:
        return decide(trained.model, data, core=core)

    together = open_border(trained.model)
    whole = judge_in_parts(
        trained.model, answer, read_parts(parts, as_read(some.reading), together), write
    )
    whole.chosen = chosen
    return whole, trained.model


def as_read(reading: Reading) -> Asked:
    """How to read other rows of the same input."""
    is_table = isinstance(reading.data, Table)
    return Asked(
        time=reading.time_column,
        id=reading.id_column if is_table else None,
        columns=list(reading.data.channels),
        categories=reading.categories,
        kind="table" if is_table else "series",
        time_format=reading.time_format,
    )


Border = Callable[[Reading, Reading], bool]


def open_border(model: Detector) -> Border | None:
    """Which parts have to be read as one: those between which something goes on.

    Rows out of order near the border; for a model that learns as it goes, whose past can't be
    judged again, also a gap that reaches over it.
    """
    if model.schema_.kind == "table":
        return None
    is_online = isinstance(model, OnlineDetector)

    def goes_on(one: Reading, other: Reading) -> bool:
        before, after = one.data, other.data
        if not isinstance(before, Series) or not isinstance(after, Series):
            return False
        step = None
        if before.time is not None and after.time is not None:
            step = int(after.time[0] - before.time[-1])
            if step <= 0:
                return True
        if not is_online:
            return False
        known = np.isfinite(before.values[-1]).all() and np.isfinite(after.values[0]).all()
        is_late = step is not None and one.step_ns is not None and step > 1.5 * one.step_ns
        return bool(not known or is_late)

    return goes_on


def read_parts(parts: Parts, asked: Asked, together: Border | None = None) -> Iterator[Part]:
    """The parts of an input, each read the same way.

    Parts that ``together`` says so of are read as one, up to ``MOST_JOINED``.
    """
    held: _Held | None = None
    first = 0
    for frame, share in parts.frames(asked.columns):
        new = _Held([frame], _examined(frame, parts.name, asked, first), first, share)
        first += frame.height
        if held is None or together is None or len(held.frames) >= MOST_JOINED:
            is_open = False
        else:
            is_open = together(held.reading, new.reading)
        if held is not None and is_open:
            held = held.with_(new, parts.name, asked)
            continue
        if held is not None:
            yield held.part()
        held = new
    if held is not None:
        yield held.part()


@dataclass(frozen=True, eq=False)
class _Held:
    """A part that may have to go together with the next."""

    frames: list[pl.DataFrame]
    reading: Reading
    first_row: int
    share: float

    def with_(self, other: _Held, name: str, asked: Asked) -> _Held:
        import polars as pl

        frames = [*self.frames, *other.frames]
        reading = _examined(pl.concat(frames), name, asked, self.first_row)
        return _Held(frames, reading, self.first_row, other.share)

    def part(self) -> Part:
        return Part(self.reading, self.first_row, self.share)


@dataclass(frozen=True, eq=False)
class _Some:
    """The rows to learn from, and how many there are in all."""

    reading: Reading
    are_drawn: bool
    n_rows: int


def _some_rows(recipe: Recipe, parts: Parts, asked: Asked) -> _Some:
    from ..data.formats.parts import survey

    state: dict[str, Any] = {}

    def begin() -> Callable[[pl.DataFrame, float], None]:
        state["taken"] = _Taken(recipe)
        return state["taken"].look  # type: ignore[no-any-return]

    survey(parts, begin, asked.columns)
    taken: _Taken = state["taken"]
    reading = _examined(taken.head(), parts.name, asked, 0)
    if isinstance(reading.data, Panel):
        raise InvalidInput(
            f"{parts.name} holds several series ({reading.kind_reason}) and needs about "
            f"{parts.needed_mb:,} MB to be read whole; split it into a file for each series, read "
            "it as a table (--kind table), or raise SONDE_MEMORY_MB",
            needed_mb=parts.needed_mb,
        )
    are_drawn = isinstance(reading.data, Table) and recipe.fit_rows is None
    kind = "table" if isinstance(reading.data, Table) else "series"
    # What a column is, all rows say: one may be constant in the first of them alone.
    left_out = {
        name: why
        for name, why in reading.left_out.items()
        if asked.columns is not None or why not in _MAY_CHANGE or not taken.varies(name)
    }
    revived = [name for name in reading.left_out if name not in left_out]
    columns = [*reading.data.channels, *revived]
    names = [name for name in taken.names if name in columns]
    if are_drawn or revived:
        rows = taken.drawn() if are_drawn else taken.head()
        again = replace(asked, columns=names, kind=kind)
        read = _examined(rows, parts.name, again, 0)
        reading = replace(read, kind_reason=reading.kind_reason, left_out=left_out)
    return _Some(reading, are_drawn, taken.n_rows)


def _examined(frame: pl.DataFrame, name: str, asked: Asked, first_row: int) -> Reading:
    try:
        reading = examine(
            frame,
            time=asked.time,
            id=asked.id,
            columns=asked.columns,
            categories=asked.categories,
            labels=asked.labels,
            kind=asked.kind,
            time_format=asked.time_format,
        )
        _refuse_doubtful_times(reading)
    except InvalidInput as error:
        said = counted_from(first_row, str(error).removeprefix("data frame").lstrip(":, "))
        raise type(error)(f"{name}: {said}", **error.facts) from None
    problems = [counted_from(first_row, problem) for problem in reading.problems]
    return replace(reading, source=name, problems=problems)


def _refuse_doubtful_times(reading: Reading) -> None:
    """Raise InvalidInput for times that only all rows together can settle."""
    why = reading.time_doubt
    if reading.time_shift is not None:
        why = f"the clock of column {quoted(str(reading.time_column))} is put back"
    if why is not None:
        raise InvalidInput(
            f"{why}; a file that is read part by part needs times that say one thing in every row, "
            "such as 2024-01-31T12:00:00Z; write them so, or raise SONDE_PARTS_ABOVE_MB so that it "
            "is read whole"
        )


class _Taken:
    """The first rows of an input, and some drawn from all of it."""

    def __init__(self, recipe: Recipe) -> None:
        online = ONLINE_ROWS if recipe.online else LEARN_ROWS
        self._wanted = recipe.fit_rows or online
        self._most = LEARN_ROWS
        self._draws = np.random.default_rng(seed_of(recipe.random_state))
        self._head: list[pl.DataFrame] = []
        self._kept: list[pl.DataFrame] = []
        self._keys: list[np.ndarray[Any, np.dtype[np.float64]]] = []
        self._cut = 1.0
        self._ranges: dict[str, tuple[float, float]] = {}
        self.n_rows = 0

    def look(self, frame: pl.DataFrame, share: float) -> None:
        """Take what is wanted of the next rows."""
        tell("reading", share)
        if self.n_rows == 0:
            self._most = max(2, min(LEARN_ROWS, LEARN_CELLS // max(frame.width, 1)))
        missing = self._wanted - self.n_rows
        if missing > 0:
            self._head.append(frame[: missing + MORE_ROWS])
        self._see_ranges(frame)
        # Every row gets a number by chance; those with the smallest numbers are drawn.
        keys = self._draws.random(frame.height)
        near = np.flatnonzero(keys < self._cut)
        self._kept.append(frame[near])
        self._keys.append(keys[near])
        if sum(map(len, self._keys)) > 2 * self._most:
            self._trim()
        self.n_rows += frame.height

    @property
    def names(self) -> list[str]:
        """The columns, in the order of the input."""
        return self._head[0].columns

    def varies(self, name: str) -> bool:
        """True where a column of numbers holds two different ones, anywhere in the input."""
        low, high = self._ranges.get(name, (0.0, 0.0))
        return low < high

    def _see_ranges(self, frame: pl.DataFrame) -> None:
        for column in frame.iter_columns():
            if not column.dtype.is_numeric() or column.null_count() == column.len():
                continue
            finite = column.filter(column.is_finite()) if column.dtype.is_float() else column
            low, high = finite.min(), finite.max()
            if low is not None and high is not None:
                known = self._ranges.get(column.name, (np.inf, -np.inf))
                here = float(low), float(high)  # type: ignore[arg-type]
                self._ranges[column.name] = min(known[0], here[0]), max(known[1], here[1])

    def head(self) -> pl.DataFrame:
        import polars as pl

        return pl.concat(self._head)

    def drawn(self) -> pl.DataFrame:
        """The rows drawn, in the order of the input."""
        self._trim()
        return self._kept[0]

    def _trim(self) -> None:
        import polars as pl

        keys, frame = np.concatenate(self._keys), pl.concat(self._kept)
        if len(keys) > self._most:
            self._cut = float(np.partition(keys, self._most)[self._most])
            near = np.flatnonzero(keys < self._cut)
            keys, frame = keys[near], frame[near]
        self._keys, self._kept = [keys], [frame]
