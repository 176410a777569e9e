"""Every detector on every collection, one core; what was done before is not done again.

A line of ``results/quality/COLLECTION.csv`` is one detector on one file.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import itertools
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from measured import HERE

import sonde
from sonde.errors import SondeError

from . import judge
from .published import write_published
from .sets import COLLECTIONS, Case

RESULTS = HERE / "results" / "quality"
_FIRST = ("detector", "file", "seed", "rows", "columns", "cpu_s")
_LAST = ("refused", "sonde", "numpy", "date")


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--collection", action="append", choices=list(COLLECTIONS))
    parser.add_argument("--detector", action="append", help="auto, or a name of the catalogue")
    parser.add_argument("--limit", type=int, help="files of each collection, the first ones")
    parser.add_argument("--again", action="store_true", help="judge anew what there is")
    parser.add_argument("--minutes", type=float, help="begin no file after so long")
    parser.add_argument("--table", action="store_true", help="write the page of results")
    asked = parser.parse_args(words)
    stop = None if asked.minutes is None else time.monotonic() + 60.0 * asked.minutes
    if not asked.table or asked.collection or asked.detector:
        for collection in asked.collection or COLLECTIONS:
            names = asked.detector or judge.detectors_for(collection)
            _one_collection(collection, names, asked.limit, asked.again, stop)
    if asked.table:
        from .table import PAGE, page

        write_published(RESULTS / "published.csv")
        PAGE.write_text(page(), encoding="utf-8")
        print(f"written: {PAGE}")


def _one_collection(
    collection: str, names: Sequence[str], limit: int | None, again: bool, stop: float | None
) -> None:
    path = RESULTS / f"{collection}.csv"
    kept = _read(path)
    if again:
        kept = [line for line in kept if line["detector"] not in names]
        _write(path, collection, kept)
    done = {(line["detector"], line["file"], line["seed"]) for line in kept}
    if collection == "nab":
        cases = list(itertools.islice(COLLECTIONS[collection](), limit))
        for name in names:
            if not any(line[0] == name for line in done) and not _is_late(stop):
                _append(path, collection, _nab(cases, name))
        return
    for case in itertools.islice(COLLECTIONS[collection](), limit):
        for name in names:
            seeds = judge.SEEDS.get(collection, (0,)) if judge.is_seeded(name) else (0,)
            for seed in seeds:
                if (name, case.name, str(seed)) in done:
                    continue
                if _is_late(stop):
                    return
                line = judge.one_line(collection, case, name, seed)
                _append(path, collection, [line])
                print(collection, *(line.get(key, "") for key in ("detector", "file", "cpu_s")))


def _nab(cases: list[Case], detector: str) -> list[dict[str, Any]]:
    """A line for each series, and one for all of them, which is the score of the benchmark."""
    lines: list[dict[str, Any]] = []
    scores = []
    for case in cases:
        line = {"detector": detector, "file": case.name, "seed": 0, "rows": len(case.values)}
        try:
            one, seconds = judge.scored("nab", case, detector, 0)
        except SondeError as error:
            print("nab", detector, case.name, error)
            return [line | {"file": "all", "refused": " ".join(str(error).split())[:120]}]
        scores.append(one)
        lines.append(line | {"columns": 1, "cpu_s": round(seconds, 4)})
    found = judge.over_nab(cases, scores)
    for line in lines:
        line |= found.series[str(line["file"])]
    total = {"rows": sum(map(len, scores)), "cpu_s": sum(line["cpu_s"] for line in lines)}
    print("nab", detector, found.mean)
    return [*lines, {"detector": detector, "file": "all", "seed": 0} | total | found.mean]


def _is_late(stop: float | None) -> bool:
    return stop is not None and time.monotonic() > stop


def _columns(collection: str) -> list[str]:
    return [*_FIRST, *judge.MEASURES[collection], *_LAST]


def _read(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open() as lines:
        return list(csv.DictReader(lines))


def _write(path: Path, collection: str, lines: Sequence[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as out:
        writer = csv.DictWriter(out, _columns(collection), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def _append(path: Path, collection: str, lines: Sequence[dict[str, Any]]) -> None:
    if not path.exists():
        _write(path, collection, [])
    made = {
        "sonde": sonde.__version__,
        "numpy": np.__version__,
        "date": datetime.date.today().isoformat(),
    }
    with path.open("a", newline="") as out:
        writer = csv.DictWriter(out, _columns(collection), lineterminator="\n")
        writer.writerows({**_rounded(line), **made} for line in lines)


def _rounded(line: dict[str, Any]) -> dict[str, Any]:
    return {k: round(v, 6) if isinstance(v, float) else v for k, v in line.items()}
