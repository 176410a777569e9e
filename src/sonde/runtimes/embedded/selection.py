"""``sonde.select``: which detector suits some data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...data import examine
from ...data.policy import Missing
from ...learn import Detector, Recipe
from ...learn.select import BUDGET_S, N_SPLITS, Selection, select_detector
from .detection import Kind, with_labels
from .large_files import refuse_too_large


def select(
    data: Any,
    *,
    detectors: Sequence[str | Detector] | None = None,
    labels: Any = None,
    metric: str | None = None,
    budget: float = BUDGET_S,
    n_splits: int = N_SPLITS,
    kind: Kind = "auto",
    columns: Sequence[str] | None = None,
    categories: Sequence[str] | None = None,
    id: str | None = None,
    time: str | None = None,
    missing: Missing = "auto",
    random_state: int | None = 0,
    n_jobs: int | None = None,
) -> Selection:
    """Compare detectors on ``data``, and say which to take.

    Parameters
    ----------
    data, kind, columns, categories, id, time, missing : as for ``sonde.detect``.
    detectors : names, or unfitted detectors; None for a list that goes by the kind of data.
    labels : a column, or an array, of true labels (1 anomaly, 0 not). With them each detector
        learns from some rows and is judged on others, time-respecting where there is time;
        without, by agreement with the others and by made-up anomalies.
    metric : one of ``sonde.evaluate``, with labels; None: average precision of a table, VUS-PR of
        series.
    budget : seconds; nothing is begun afterwards, but one detector is always judged.
    n_splits : into so many parts, or so many repetitions.
    random_state : seed of what is drawn.
    n_jobs : threads of detectors that can use them.

    Raises
    ------
    InvalidInput, NotFound : the data or an option can't be used; the message says which and why.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.sin(np.arange(600) / 3.0); x[321] = 5.0
    >>> found = select(x, detectors=["seasonal_residual", "spectral_residual"], n_splits=1)
    >>> len(found.tried), found.not_tried
    (2, ())
    """
    refuse_too_large(data)
    label_column = labels if isinstance(labels, str) else None
    reading = examine(
        data,
        time=time,
        id=id,
        columns=columns,
        categories=categories,
        labels=label_column,
        kind=kind,
    )
    if labels is not None and label_column is None:
        reading = with_labels(reading, labels)
    recipe = Recipe(missing=missing, random_state=random_state, n_jobs=n_jobs)
    return select_detector(
        recipe, reading, detectors, metric=metric, budget_s=budget, n_splits=n_splits
    )
