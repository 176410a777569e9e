"""Is a version ready for production? Each question answered from what is stored."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core import Panel, Series, Table
from ..errors import SondeError
from ..learn import Detector, decide
from ..learn.evaluate import threshold_holds
from .lineage import dependencies
from .records import ModelRecord, VersionRecord

if TYPE_CHECKING:
    from .versions import Registry

TRIAL_ROWS = 32


@dataclass(frozen=True)
class Check:
    """One line of the checklist: what was found, and where it is not fine what to do."""

    name: str
    ok: bool
    found: str
    remedy: str = ""


def validate(registry: Registry, name: str, version: str | None = None) -> list[Check]:
    """The checklist of a version, the one that ``Registry.version`` gives.

    Whether its file is whole and signed, it answers, it was evaluated on rows held out, its
    threshold holds there, its data, code and packages are known, it is described, one can go
    back to another version, and it is said how it is watched and when it is trained again.

    Raises
    ------
    NotFound, Unavailable : the version or the registry can't be had.
    """
    record, model = registry.version(name, version), registry.model(name)
    return [
        _tried("file", lambda: _file(registry, record)),
        _tried("answers", lambda: _answers(registry, record)),
        _evaluated(record),
        _threshold(record),
        _data(record),
        _packages(record),
        _described(model, record),
        _rollback(model, record),
        _tag(model, record, "monitoring", "how it is watched", "monitoring=dashboard"),
        _tag(model, record, "retraining", "when it is trained again", "retraining=weekly"),
    ]


def _tried(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except SondeError as error:
        said, _, remedy = str(error).partition("; ")
        return Check(name, False, said, remedy or "restore it from a backup, or register it anew")


def _file(registry: Registry, record: VersionRecord) -> Check:
    registry.verify(record)
    return Check("file", True, f"{record.size:,} bytes, as registered, signed by a trusted key")


def _answers(registry: Registry, record: VersionRecord) -> Check:
    """Ordinary numbers of the right shape must get a score each."""
    model = registry.load(record)
    if not isinstance(model, Detector):
        return Check("answers", False, f"{record.estimator} is no detector", "register a detector")
    schema = model.schema_
    n = max(TRIAL_ROWS, schema.min_rows)
    values = np.random.default_rng(0).normal(size=(n, len(schema.channels)))
    step = schema.step_ns
    time = None if step is None else np.arange(n, dtype=np.int64) * step
    data: Any = Table(values, schema.channels)
    if schema.kind == "series":
        data = Series(values, schema.channels, time)
    elif schema.kind == "panel":
        ids = [str(one) for one in model._need().state["ids"]][:1]
        data = Panel(values, [0, n], schema.channels, ids, time)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scores = decide(model, data).scores
    judged = int(np.isfinite(scores).sum())
    if judged == 0:
        return Check(
            "answers", False, f"none of {n} trial rows got a score", "train it on more rows"
        )
    return Check("answers", True, f"{judged} of {n} trial rows got a score")


def _evaluated(record: VersionRecord) -> Check:
    judged = record.metrics.get("judged_rows") or record.metrics.get("held_out_rows")
    if type(judged) is int and judged > 0:
        figures = ("roc_auc", "f1", "flagged_share")
        told = [(name, record.metrics.get(name)) for name in figures]
        shown = ", ".join(f"{n} {v:.3g}" for n, v in told if isinstance(v, int | float))
        return Check("evaluated on rows held out", True, f"{judged:,} rows: {shown or 'judged'}")
    return Check(
        "evaluated on rows held out",
        False,
        "no evaluation is stored",
        "train with an evaluation, on more rows where there were too few",
    )


def _threshold(record: VersionRecord) -> Check:
    name = "threshold holds on rows held out"
    flagged, expected = (record.metrics.get(key) for key in ("flagged_share", "expected_share"))
    if not isinstance(flagged, float) or not isinstance(expected, float):
        return Check(name, False, "not known", "train with an evaluation")
    said = f"{100 * flagged:.3g}% flagged; it lets {100 * expected:.3g}% of ordinary rows pass"
    is_fine = threshold_holds(flagged, expected)
    remedy = "learn from more rows, or choose the threshold by --labels or --false-alarms"
    return Check(name, is_fine, said, "" if is_fine else remedy)


def _data(record: VersionRecord) -> Check:
    print_ = record.lineage.get("data_fingerprint")
    if print_:
        source = record.lineage.get("data_source", "data")
        return Check("data known", True, f"{source}, fingerprint {str(print_)[:12]}…")
    return Check("data known", False, "no fingerprint of the data", "register it with a lineage")


def _packages(record: VersionRecord) -> Check:
    stored = record.lineage.get("dependencies")
    if not isinstance(stored, dict) or not stored:
        return Check(
            "packages known", False, "no versions of packages", "register it with a lineage"
        )
    here = dependencies()
    other = [f"{n} {v} (here {here[n]})" for n, v in stored.items() if here.get(n, v) != v]
    told = f"{len(stored)} packages, sonde {record.lineage.get('code_version')}"
    return Check(
        "packages known", True, f"{told}; other versions here: {', '.join(other) or 'none'}"
    )


def _described(model: ModelRecord, record: VersionRecord) -> Check:
    if model.description:
        return Check("described", True, model.description.splitlines()[0][:80])
    remedy = f"sonde models describe {model.name} 'what it is for'"
    return Check("described", False, "no description", remedy)


def _rollback(model: ModelRecord, record: VersionRecord) -> Check:
    others = model.n_versions - 1
    if others > 0:
        said = f"{others} other version{'s' if others > 1 else ''} to go back to"
        return Check("rollback", True, said)
    return Check("rollback", False, "the only version", "keep an earlier version registered")


def _tag(model: ModelRecord, record: VersionRecord, tag: str, what: str, example: str) -> Check:
    told = dict(chain(model.tags.items(), record.tags.items())).get(tag)
    if told:
        return Check(tag, True, told)
    remedy = f"sonde models tag {model.name} {example}"
    return Check(tag, False, f"nobody says {what}", remedy)
