"""The labelled collections beside the checkout, as their protocols take them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from measured import SHARED
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_ROWS = 20_000  # of a table; more are drawn, seed 0
_TRAINED = re.compile(r"_tr_(\d+)_")


@dataclass(frozen=True, eq=False)
class Case:
    """One file of a collection.

    Parameters
    ----------
    name : of the file, without its ending.
    values : (n_rows, n_columns).
    truth : (n_rows,) bool.
    fit_rows : the training part of the protocol, or None where all rows are learned from.
    time : (n_rows,) moments, or None.
    published : mean VUS-PR and the like of published methods on this very file.
    """

    name: str
    values: Floats
    truth: NDArray[np.bool_]
    fit_rows: int | None = None
    time: NDArray[np.datetime64] | None = None
    published: dict[str, float] | None = None


def nab() -> Iterator[Case]:
    """25 series of the Numenta benchmark; the windows are its own."""
    windows = json.loads((SHARED / "nab" / "windows.json").read_text())
    for name, listed in sorted(windows.items()):
        with (SHARED / "nab" / "data" / name).open() as lines:
            rows = list(csv.DictReader(lines))
        time = np.array([row["timestamp"] for row in rows], "datetime64[us]")
        truth = np.zeros(len(rows), np.bool_)
        for first, last in listed:
            truth |= (time >= np.datetime64(first)) & (time <= np.datetime64(last))
        values = np.array([[float(row["value"])] for row in rows])
        yield Case(name.removesuffix(".csv"), values, truth, time=time)


def ucr() -> Iterator[Case]:
    """144 series of the UCR anomaly archive, one anomaly in each, the rows before it normal."""
    folder = SHARED / "ucr_anomaly"
    with (folder / "INDEX.csv").open() as lines:
        listed = list(csv.DictReader(lines))
    for line in listed:
        path = folder / f"{line['file']}.npz"
        if not path.exists():
            continue
        values = _arrays(path)["x"].reshape(-1, 1)
        truth = np.zeros(len(values), np.bool_)
        truth[int(line["begin"]) : int(line["end"]) + 1] = True
        yield Case(line["file"], values, truth, int(line["train_end"]))


def tsb_ad() -> Iterator[Case]:
    """Univariate series of TSB-AD; their names tell the training part."""
    for path in sorted((SHARED / "tsb_ad" / "series").iterdir()):
        if path.suffix == ".csv":
            both = np.loadtxt(path, delimiter=",", skiprows=1)
            values, truth = both[:, :1], both[:, 1] == 1
        else:
            arrays = _arrays(path)
            values, truth = arrays["x"].reshape(-1, 1), arrays["label"] == 1
        yield Case(path.stem, values, truth, _trained(path.stem))


def smd() -> Iterator[Case]:
    """Server machines, the test part as TSB-AD has it: its first rows are learned from."""
    yield from _of_tsb_ad("smd", "machine")


def nasa() -> Iterator[Case]:
    """Channels of spacecraft, as ``smd``."""
    yield from _of_tsb_ad("smap_msl", "channel")


def adbench() -> Iterator[Case]:
    """21 classical tables; all rows are learned from and scored, without labels."""
    for path in sorted((SHARED / "adbench").glob("*.npz"), key=lambda one: one.stem):
        arrays = _arrays(path)
        values, truth = arrays["X"].astype(np.float64), arrays["y"].ravel() == 1
        if len(values) > MOST_ROWS:
            kept = np.random.default_rng(0).permutation(len(values))[:MOST_ROWS]
            values, truth = values[kept], truth[kept]
        yield Case(path.stem, values, truth)


COLLECTIONS: dict[str, Callable[[], Iterator[Case]]] = {
    "nab": nab,
    "ucr": ucr,
    "tsb_ad": tsb_ad,
    "smd": smd,
    "nasa": nasa,
    "adbench": adbench,
}


def _of_tsb_ad(folder: str, key: str) -> Iterator[Case]:
    """Files of the collection that TSB-AD took, with its methods' VUS-PR on them."""
    with (SHARED / folder / "published_vus_pr.csv").open() as lines:
        listed = list(csv.DictReader(lines))
    for line in listed:
        path = SHARED / folder / f"{line[key]}.npz"
        if not line["tsb_file"] or not path.exists():
            continue
        arrays = _arrays(path)
        methods = list(line)[list(line).index("tsb_file") + 1 :]
        published = {name: float(line[name]) for name in methods if line[name]}
        yield Case(
            line[key],
            arrays["test"].astype(np.float64),
            arrays["label"] == 1,
            _trained(line["tsb_file"]),
            published=published,
        )


def _trained(name: str) -> int:
    found = _TRAINED.search(name)
    assert found is not None, name
    return int(found[1])


def _arrays(path: Path) -> dict[str, Any]:
    with np.load(path) as kept:
        return {name: kept[name] for name in kept.files}
