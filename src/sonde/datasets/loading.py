"""Data sets by name: their files, what is known about them, and the data."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvalidInput, NotFound
from .entries import ENTRIES, Dataset, Event

if TYPE_CHECKING:
    from ..core import Container, Panel, Table
    from ..core.labelled import Labelled

HERE = Path(__file__).parent


def names() -> list[str]:
    """What there is.

    >>> names()[:3]
    ['airline', 'ambient_temperature', 'arrow_head']
    """
    return sorted(ENTRIES)


def describe(name: str) -> Dataset:
    """What is known about a data set: kind, size, splits, labels, source, licence, events.

    Raises
    ------
    NotFound : no data set has this name; the message has the nearest one and all names.

    Examples
    --------
    >>> entry = describe("arrow_head")
    >>> entry.kind, entry.rows, entry.splits, entry.licence
    ('collection', 211, {'train': 36, 'test': 175}, 'BSD-3-Clause')
    """
    if name not in ENTRIES:
        near = difflib.get_close_matches(str(name), ENTRIES, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ";"
        raise NotFound(
            f"no data set called {name!r}{hint} There are: {', '.join(names())}", name=name
        )
    return ENTRIES[name]


def events(name: str) -> list[Event]:
    """What is known to have happened: ``(start, end, what)`` by rows, ``end`` exclusive.

    Rows are those of the file and of ``load(name)``. The spans of the Numenta benchmark are its
    windows, wider than the anomaly in them. Empty where nothing is known.

    >>> events("nyc_taxi")[1]
    Event(start=7080, end=7287, what='Thanksgiving')
    """
    return list(describe(name).events)


def path(name: str, split: str | None = None) -> Path:
    """The file of a data set, as the command line takes it.

    Parameters
    ----------
    split : which file of a collection; a series or a table has one file and no splits.

    Raises
    ------
    NotFound : no such data set.
    InvalidInput : no such split, or none named where each split is a file of its own.
    """
    files = describe(name).files
    if split is None and None not in files:
        raise InvalidInput(
            f"{name} has a file for each split; name one of: {_listed(files)}", name=name
        )
    return HERE / files[_known(name, split)]


def load(name: str, split: str | None = None) -> Any:
    """A data set in memory; what it is depends on the name, so type checkers are told nothing.

    Parameters
    ----------
    split : ``"train"`` or ``"test"`` of a collection; None gives all its series, those to learn
        from first.

    Returns
    -------
    A Series where there are no labels; else ``Labelled(X, y)`` with a Table or a Panel ``X``
    and ``y`` (n,), one label per row or series: text, 0 and 1, or float64 targets.
    Missing values are NaN.

    Raises
    ------
    NotFound : no such data set.
    InvalidInput : no such split.

    Examples
    --------
    >>> len(load("nyc_taxi"))
    10320
    >>> X, y = load("arrow_head", split="train")
    >>> len(X), y[:3].tolist()
    (36, ['0', '1', '2'])
    """
    entry = describe(name)
    if entry.kind == "collection":
        return _collection(entry, split)
    file = HERE / entry.files[_known(name, split)]
    return _table(entry, file) if entry.kind == "table" else _series(file)


def _known(name: str, split: str | None) -> str | None:
    """``split``, or the sentence that says which there are."""
    splits = describe(name).splits
    if split is None or split in splits:
        return split
    if not splits:
        raise InvalidInput(f"{name} has no splits; leave split={split!r} out", name=name)
    raise InvalidInput(
        f"{name} has no split {split!r}; there are: {_listed(splits)}", name=name, split=split
    )


def _listed(splits: dict[Any, Any]) -> str:
    return ", ".join(str(split) for split in splits)


def _series(file: Path) -> Container:
    from ..data import read

    return read(file, kind="series")


def _table(entry: Dataset, file: Path) -> Labelled[Table]:
    import numpy as np

    from ..core.labelled import Labelled
    from ..data import read, read_frame

    frame, _ = read_frame(file)
    columns = [column for column in frame.columns if column != entry.label]
    categories = columns if entry.categories else None
    X: Any = read(file, kind="table", columns=columns, categories=categories)
    return Labelled(X, np.asarray(frame[str(entry.label)].to_list()))


def _collection(entry: Dataset, split: str | None) -> Labelled[Panel]:
    import numpy as np

    from ..core import Panel
    from ..core.labelled import Labelled
    from ..data.formats.archives import read_archive

    if split is not None:
        return read_archive(path(entry.name, split))
    parts = [read_archive(HERE / file) for file in entry.files.values()]
    panels: Any = [part.X for part in parts]
    labels: Any = [part.y for part in parts]
    return Labelled(Panel.of([s for panel in panels for s in panel]), np.concatenate(labels))
