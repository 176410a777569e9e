"""One detector on one case: what it costs, and how well it does by the collection's metrics."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

import sonde
from sonde.errors import SondeError
from sonde.learn import detector_entries, find, metrics

from .sets import Case

Floats = NDArray[np.float64]

SEEDS = {"adbench": (0, 1, 2)}
OF_SERIES = ("vus_pr", "vus_roc", "roc_auc", "average_precision", "best_f1")
MEASURES = {
    "nab": ("nab", "nab_low_fp", "nab_low_fn"),
    "ucr": ("ucr", *OF_SERIES),
    "tsb_ad": OF_SERIES,
    "smd": OF_SERIES,
    "nasa": OF_SERIES,
    "adbench": ("roc_auc", "average_precision", "best_f1"),
}
_WARM_ROWS = 2_000
_warm: set[str] = set()


def detectors_for(collection: str) -> list[str]:
    """The default, and every detector of the catalogue that takes such data."""
    entries = detector_entries()
    if collection == "nab":
        return ["auto", *(one.name for one in entries if one.online)]
    if collection == "adbench":
        return ["auto", *(one.name for one in entries if one.reads == "rows" and not one.online)]
    return ["auto", *(one.name for one in entries if not one.online)]


def scored(collection: str, case: Case, detector: str, seed: int) -> tuple[Floats, float]:
    """(n_rows,) scores through the same door as ``sonde detect``, and the CPU seconds it took.

    Raises
    ------
    SondeError : the detector does not take such data.
    """
    options: dict[str, Any] = {"detector": detector, "random_state": seed, "n_jobs": 1}
    columns: dict[str, Any] = {f"c{i}": one for i, one in enumerate(case.values.T)}
    if collection == "adbench":
        options["kind"] = "table"
    else:
        # Every column is a value, also one that never moves or rises by one.
        options |= {"kind": "series", "fit_rows": case.fit_rows, "columns": list(columns)}
        options["online"] = collection == "nab"
    if case.time is not None:
        columns = {"time": case.time, **columns}
        options["time"] = "time"
    frame = pl.DataFrame(columns)
    if detector not in _warm:
        # Compiling and importing is paid once, by whichever file comes first; it is not counted.
        _warm.add(detector)
        with suppress(SondeError):
            sonde.detect(frame.head(_WARM_ROWS), **{**options, "fit_rows": None})
    started = time.process_time()
    found = sonde.detect(frame, **options)
    return found.scores, time.process_time() - started


def measured(collection: str, case: Case, scores: Floats) -> dict[str, float | None]:
    """The collection's metrics of one case; the buffer is that of TSB-AD."""
    wanted = MEASURES[collection]
    if collection == "ucr":
        hit = metrics.evaluate(scores, case.truth, ["ucr"], test_from=case.fit_rows or 0)
        whole = metrics.evaluate(scores, case.truth, OF_SERIES, values=case.values)
        return {**hit.mean, **whole.mean}
    if collection == "adbench":
        return dict(metrics.evaluate(scores, case.truth, wanted).mean)
    return dict(metrics.evaluate(scores, case.truth, wanted, values=case.values).mean)


def over_nab(cases: list[Case], scores: list[Floats]) -> metrics.Metrics:
    """NAB's scores: one threshold for all series."""
    series = np.repeat([case.name for case in cases], [len(one) for one in scores])
    truth = np.concatenate([case.truth for case in cases])
    return metrics.evaluate(np.concatenate(scores), truth, MEASURES["nab"], series=series)


def one_line(collection: str, case: Case, detector: str, seed: int) -> dict[str, Any]:
    """What is kept of one detector on one case; a refusal is told in ``refused``."""
    line: dict[str, Any] = {"detector": detector, "file": case.name, "seed": seed}
    line |= {"rows": case.values.shape[0], "columns": case.values.shape[1]}
    try:
        scores, seconds = scored(collection, case, detector, seed)
    except SondeError as error:
        return line | {"refused": " ".join(str(error).split())[:120]}
    return line | {"cpu_s": round(seconds, 4)} | measured(collection, case, scores)


def is_seeded(detector: str) -> bool:
    """Whether chance plays a part, so that several seeds tell something."""
    if detector == "auto":
        return True
    known: Any = find(detector).__dataclass_fields__  # type: ignore[attr-defined]
    return "random_state" in known
