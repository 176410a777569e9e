"""What a case of the tables is, and the small pump and plant that their files hold."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

Make = Callable[[Path], object]
N_HOURS, PEAK = 120, 80  # short enough for a score per row instead of one per window
N_ITEMS, ODD_ITEM = 150, 60


@dataclass(frozen=True)
class Malformed:
    """Files that can't be used, or words that contradict them.

    Parameters
    ----------
    make : writes the files into an empty folder, in which the command then runs.
    says : patterns that the message must contain, the remedy among them.
    code : 1 for the data, 2 for the words of the command.
    """

    name: str
    make: Make
    says: tuple[str, ...]
    words: str = "detect plant.csv"
    code: int = 1


@dataclass(frozen=True)
class Odd:
    """Honest files that look unusual.

    Parameters
    ----------
    kind : what the message must say the file was taken for.
    n_rows, strongest : lines of the answer, and the row with the highest score.
    notes : patterns that ``--verbose`` must contain.
    """

    name: str
    make: Make
    kind: str = "one series of 'v', every hour"
    n_rows: int = N_HOURS
    strongest: int = PEAK
    words: str = "detect plant.csv"
    notes: tuple[str, ...] = ()


def split(words: str) -> list[str]:
    return shlex.split(words)


def nothing(folder: Path) -> None:
    """No file at all."""


def file(content: str | bytes, name: str = "plant.csv") -> Make:
    """Writes one file."""

    def make(folder: Path) -> None:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    return make


def pump() -> list[float]:
    """One value each hour: a daily wave, a little noise, and a jump in row ``PEAK``."""
    rng = np.random.default_rng(7)
    hours = np.arange(N_HOURS)
    values = 20 + 3 * np.sin(2 * np.pi * hours / 24) + 0.2 * rng.normal(size=N_HOURS)
    values[PEAK] += 8
    return [round(float(value), 3) for value in values]


def moment(row: int) -> str:
    """``"2024-01-04 08:00:00"`` for row 80."""
    return f"2024-01-{1 + row // 24:02d} {row % 24:02d}:00:00"


def series_csv(
    when: Callable[[int], object] = moment,
    value: Callable[[float], object] = str,
    head: str = "t,v\n",
    sep: str = ",",
) -> str:
    """The pump as text, a line for each hour."""
    return head + "".join(f"{when(i)}{sep}{value(v)}\n" for i, v in enumerate(pump()))


def items() -> list[tuple[float, float]]:
    """Two measures of each item, alike but for item ``ODD_ITEM``."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=(N_ITEMS, 2)).round(3)
    values[ODD_ITEM] = 9
    return [(float(a), float(b)) for a, b in values]


def table_csv(head: str = "a,b\n", sep: str = ",") -> str:
    """The items as text, a line for each."""
    return head + "".join(f"{a}{sep}{b}\n" for a, b in items())


def with_cell(text: str, row: int, cell: str, column: int = -1) -> str:
    """``text`` with another cell in one row (the header is not counted)."""
    lines = text.split("\n")
    cells = lines[row + 1].split(",")
    cells[column] = cell
    lines[row + 1] = ",".join(cells)
    return "\n".join(lines)
