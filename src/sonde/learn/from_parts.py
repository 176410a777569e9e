"""Learn from some rows of an input that is larger than memory, then judge it part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core import Container, Detection, Panel, Schema, Table
from ..core.progress import tell
from ..data import Categories, Reading, examine
from ..errors import InvalidInput
from .catalogue import find
from .decide import decide
from .detect import what_was_chosen
from .detector import Detector
from .in_parts import Part, Whole, Write, judge_in_parts, refuse_whole
from .randomness import seed_of
from .training import ONLINE_ROWS, Recipe, train

if TYPE_CHECKING:
    import polars as pl

    from ..data.formats.parts import Parts

LEARN_ROWS = 200_000  # scores of so many rows say what is usual to three digits
LEARN_CELLS = 20_000_000  # 160 MB as numbers


@dataclass(frozen=True)
class Asked:
    """How the caller wants the input to be read; the options of ``sonde.data.examine``."""

    time: str | None = None
    id: str | None = None
    columns: Sequence[str] | None = None
    categories: Sequence[str] | Categories | None = None
    labels: str | None = None
    kind: Any = "auto"

    @classmethod
    def of(cls, schema: Schema) -> Asked:
        """As the data were read that a stored model learned from."""
        return cls(
            time=schema.time_column,
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
    kind = find(detector) if isinstance(detector, str) else type(detector)
    return bool(getattr(kind, "online", False)) or getattr(kind, "reads", "whole") != "whole"


def detect_in_parts(
    recipe: Recipe, parts: Parts, asked: Asked, write: Write
) -> tuple[Whole, Detector]:
    """What ``learn.detect`` finds, without ever holding all rows.

    A table is learned from ``LEARN_ROWS`` rows drawn from all of it, a series from its first
    rows; ``fit_rows`` of the recipe asks for others. ``write`` hears each part with its answer.

    Raises
    ------
    InvalidInput : several series, or a detector that compares all rows with each other.
    """
    some = _some_rows(recipe, parts, asked)
    trained = train(recipe, some.reading, some.n_rows)
    refuse_whole(trained.model, parts.name, parts.needed_mb)
    reading = replace(some.reading, n_rows=some.n_rows)
    chosen = what_was_chosen(recipe, reading, trained, drawn=some.are_drawn)

    def answer(data: Container, core: slice | None) -> Detection:
        return decide(trained.model, data, core=core)

    reread = as_read(some.reading)
    whole = judge_in_parts(trained.model, answer, read_parts(parts, reread), write)
    whole.chosen = chosen
    return whole, trained.model


def as_read(reading: Reading) -> Asked:
    """How to read other rows of the same input."""
    kind = "table" if isinstance(reading.data, Table) else "series"
    return Asked(
        time=reading.time_column,
        columns=list(reading.data.channels),
        categories=reading.categories,
        kind=kind,
    )


def read_parts(parts: Parts, asked: Asked) -> Iterator[Part]:
    """The parts of an input, each read the same way."""
    first = 0
    for frame, share in parts.frames(asked.columns):
        reading = _examined(frame, parts.name, asked, first)
        yield Part(reading, first, share)
        first += frame.height


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
    if are_drawn:
        reason = reading.kind_reason
        reading = _examined(taken.drawn(), parts.name, replace(asked, kind="table"), 0)
        reading = replace(reading, kind_reason=reason)
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
        )
    except InvalidInput as error:
        where = f" (rows counted from {first_row})" if first_row else ""
        said = str(error).removeprefix("data frame").lstrip(":, ")
        raise type(error)(f"{name}{where}: {said}", **error.facts) from None
    return replace(reading, source=name)


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
        self.n_rows = 0

    def look(self, frame: pl.DataFrame, share: float) -> None:
        """Take what is wanted of the next rows."""
        tell("reading", share)
        if self.n_rows == 0:
            self._most = max(2, min(LEARN_ROWS, LEARN_CELLS // max(frame.width, 1)))
        missing = self._wanted - self.n_rows
        if missing > 0:
            self._head.append(frame[:missing])
        # Every row gets a number by chance; those with the smallest numbers are drawn.
        keys = self._draws.random(frame.height)
        near = np.flatnonzero(keys < self._cut)
        self._kept.append(frame[near])
        self._keys.append(keys[near])
        if sum(map(len, self._keys)) > 2 * self._most:
            self._trim()
        self.n_rows += frame.height

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
