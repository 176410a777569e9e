"""How a recipe does on rows that it did not learn from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import Container, Panel, Series, Table
from ..core.progress import tell
from ..data import Reading
from ..errors import InvalidInput
from . import metrics
from .catalogue import create
from .detector import Detector
from .randomness import seed_of
from .training import Recipe, Trained, train

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SHARE = 0.2  # of the rows held out, unless told
FEWEST_TO_LEARN_FROM = 2

_MOST_TIMES, _ALWAYS_FINE = 4, 0.05


@dataclass(frozen=True)
class Evaluation:
    """What a detector said of rows that it did not learn from.

    Parameters
    ----------
    how : which rows were held out, as a phrase; empty where none were.
    learned_rows : rows that were learned from.
    held_out_rows : rows kept for judging.
    judged_rows : those of them that have a score; everything below is about these.
    flagged_share : the share of them that were called anomalies.
    expected_share : the share of ordinary rows that the threshold lets pass.
    ks_distance : how far the tail probabilities of ordinary rows are from uniform, 0–1 (the
        statistic of Kolmogorov and Smirnov); those labelled as anomalies do not count.
    anomalous_rows : how many are labelled as anomalies; None without labels.
    precision, recall, f1 : of the flags.
    roc_auc, average_precision : of the order of the scores.
    notes : why something could not be told, as sentences. What could not be told is None.

    Examples
    --------
    >>> Evaluation(how="the last 20% of the rows", f1=0.5).to_dict()["f1"]
    0.5
    """

    how: str = ""
    learned_rows: int = 0
    held_out_rows: int = 0
    judged_rows: int = 0
    flagged_share: float | None = None
    expected_share: float | None = None
    ks_distance: float | None = None
    anomalous_rows: int | None = None
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    roc_auc: float | None = None
    average_precision: float | None = None
    notes: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for a record beside the model."""
        return asdict(self) | {"notes": list(self.notes)}


def hold_out(recipe: Recipe, reading: Reading, share: float = SHARE) -> Evaluation:
    """Train on some of the rows, judge the others.

    Of series, the last ``share`` of the rows of each is held out, and judged with the rows before
    it as its past. Rows of a table are drawn, with the recipe's seed; where the detector takes
    the rows of a table in their order, the last are held out.

    Parameters
    ----------
    recipe : how to train; the same as for all rows.
    reading : the data, with labels where there are any.
    share : of the rows, above 0 and below 1.

    Returns
    -------
    Where the rest can't be learned from (too few rows, labels of one kind), an evaluation whose
    ``notes`` say why and that holds nothing else.

    Raises
    ------
    InvalidInput : ``share`` is out of range.

    Examples
    --------
    >>> from sonde.data import examine
    >>> wave = np.sin(np.arange(500) / 3.0)
    >>> found = hold_out(Recipe("seasonal_residual"), examine(wave))
    >>> found.how, found.learned_rows, found.held_out_rows
    ('the last 20% of the rows', 400, 100)
    """
    if not 0.0 < share < 1.0:
        raise InvalidInput(f"share must be above 0 and below 1, got {share}", share=share)
    data = reading.data
    drawn = isinstance(data, Table) and _takes_rows_alone(recipe)
    kept = _drawn(len(data), share, recipe.random_state) if drawn else _first(data, share)
    how = _phrase(data, share, drawn=drawn)
    held_out = int((~kept).sum())
    if not held_out or int(kept.sum()) < FEWEST_TO_LEARN_FROM:
        return Evaluation(notes=(f"{len(kept)} rows are too few to hold some of them out",))
    tell("evaluating", 0.0)
    part = _part(reading, kept)
    try:
        # The number of rows in a nanosecond is that of all the data, also where some are drawn.
        trained = train(_fitting(recipe, part), part, reading.n_rows)
        return _judged(trained, reading, kept, how)
    except InvalidInput as error:
        # All rows were or will be learned from by `train`, which refuses what is wrong with them.
        return Evaluation(
            notes=(f"the rows that were not held out can't be learned from: {error}",)
        )


def _judged(trained: Trained, reading: Reading, kept: Flags, how: str) -> Evaluation:
    model = trained.model
    whole = model.prepare(reading.data)
    scores = model.judge(whole).scores
    known = ~kept & np.isfinite(scores)
    tails = model.tail_probability(whole, scores)[known]
    flagged = (scores > model.limits(whole))[known]
    truth = None if reading.labels is None else reading.labels[reading.rows][known]
    notes = []
    unscored = int((~kept).sum() - known.sum())
    if unscored:
        notes.append(f"{unscored} held-out rows have no score and do not count")
    found: dict[str, Any] = {}
    if not known.any():
        notes.append("no held-out row has a score, so nothing can be told")
    else:
        ordinary = tails if truth is None else tails[~truth]
        found["flagged_share"] = float(flagged.mean())
        if not threshold_holds(found["flagged_share"], model.threshold_.cutoff):
            notes.append(
                f"{found['flagged_share']:.3g} of the held-out rows are called anomalies, and the "
                f"threshold lets {model.threshold_.cutoff:.3g} of ordinary rows pass: many of them "
                "are strange, or the data have changed; learn from more rows, or choose the "
                "threshold by contamination, false alarms or labels"
            )
        found["ks_distance"] = metrics.distance_from_uniform(ordinary)
    if truth is None:
        notes.append(
            "without labels there is no precision, recall, F1, ROC AUC and average precision"
        )
    elif truth.size:
        # The scores of several series are on scales of their own; their tail probabilities are not.
        strangeness = -tails if isinstance(whole, Panel) else scores[known]
        found |= _of_labels(truth, flagged, strangeness)
        notes += _missing(truth, flagged)
    return Evaluation(
        how=how,
        learned_rows=trained.learned_rows,
        held_out_rows=int((~kept).sum()),
        judged_rows=int(known.sum()),
        expected_share=model.threshold_.cutoff,
        notes=tuple(notes),
        **found,
    )


def threshold_holds(flagged: float, expected: float) -> bool:
    """Whether a share of held-out rows is no more than a threshold may have flagged.

    A few are real anomalies; four times as many as ordinary rows promise are too many.

    >>> threshold_holds(0.04, 0.001), threshold_holds(0.065, 0.013), threshold_holds(0.2, 0.1)
    (True, False, True)
    """
    return flagged <= max(_MOST_TIMES * expected, _ALWAYS_FINE)


def _of_labels(truth: Flags, flagged: Flags, strangeness: Floats) -> dict[str, Any]:
    return {
        "anomalous_rows": int(truth.sum()),
        "precision": metrics.precision(truth, flagged),
        "recall": metrics.recall(truth, flagged),
        "f1": metrics.f1(truth, flagged),
        "roc_auc": metrics.roc_auc(truth, strangeness),
        "average_precision": metrics.average_precision(truth, strangeness),
    }


def _missing(truth: Flags, flagged: Flags) -> list[str]:
    notes = []
    if not truth.any():
        notes.append(
            "no held-out row is labelled as an anomaly, so there is no recall, F1, ROC AUC and "
            "average precision"
        )
    elif truth.all():
        notes.append(
            "every held-out row is labelled as an anomaly, so there is no ROC AUC and nothing to "
            "compare tail probabilities of ordinary rows with"
        )
    if not flagged.any():
        notes.append("no held-out row was flagged, so there is no precision")
    return notes


def _takes_rows_alone(recipe: Recipe) -> bool:
    """Whether the rows of a table mean nothing to each other for the recipe's detector."""
    if recipe.online:
        return False
    if isinstance(recipe.detector, Detector):
        return recipe.detector.reads == "rows"
    return recipe.detector == "auto" or getattr(create(recipe.detector), "reads", None) == "rows"


def _drawn(n: int, share: float, random_state: int | None) -> Flags:
    """Which rows to learn from, the others drawn."""
    kept = np.ones(n, dtype=np.bool_)
    out = np.random.default_rng(seed_of(random_state)).choice(n, round(share * n), replace=False)
    kept[out] = False
    return kept


def _first(data: Container, share: float) -> Flags:
    """Which rows to learn from, the first of each series."""
    kept = np.ones(len(data.values), dtype=np.bool_)
    bounds = data.offsets.tolist() if isinstance(data, Panel) else [0, len(data)]
    for start, stop in pairwise(bounds):
        kept[stop - round(share * (stop - start)) : stop] = False
    return kept


def _phrase(data: Container, share: float, *, drawn: bool) -> str:
    percent = f"{100 * share:.3g}% of the rows"
    if drawn:
        return f"{percent}, drawn"
    return f"the last {percent}" + (" of each series" if isinstance(data, Panel) else "")


def _part(reading: Reading, kept: Flags) -> Reading:
    """The kept rows as an input of their own."""
    labels = None if reading.labels is None else reading.labels[reading.rows][kept]
    return replace(
        reading,
        data=_rows(reading.data, kept),
        n_rows=int(kept.sum()),
        rows=np.arange(int(kept.sum())),
        labels=labels,
        time_values=None,
        id_values=None,
        time_shift=None,
        files=None,
    )


def _rows(data: Container, kept: Flags) -> Container:
    if isinstance(data, Table):
        return Table(data.values[kept], data.channels)
    if isinstance(data, Series):
        return data[: int(kept.sum())]
    counts = [int(kept[a:b].sum()) for a, b in pairwise(data.offsets.tolist())]
    return Panel.of([series[:n] for series, n in zip(data, counts, strict=True)], data.ids)


def _fitting(recipe: Recipe, part: Reading) -> Recipe:
    """The recipe, which may ask to learn from more rows than are left."""
    if recipe.fit_rows is None or recipe.fit_rows <= part.n_rows or recipe.online:
        return recipe
    return replace(recipe, fit_rows=None)
