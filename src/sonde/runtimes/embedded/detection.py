"""``sonde.detect``: find what is strange, with no configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...core import Anomaly, Detection
from ...data import Reading, examine
from ...data.policy import Missing
from ...errors import InvalidInput, SondeError
from ...learn import ONLINE_ROWS, Detector, Recipe, rule_from
from ...learn import detect as learn_and_judge
from .large_files import refuse_too_large

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Kind = Literal["auto", "series", "table"]


@dataclass(frozen=True, eq=False)
class Found:
    """What ``sonde.detect`` found, and the model that found it.

    ``detection`` holds the answer; its fields are here too. ``reading`` says what the data were
    taken for. ``model`` is the fitted detector.
    """

    detection: Detection
    reading: Reading
    model: Detector

    @property
    def scores(self) -> Floats:
        """(n_rows,) float64, larger is stranger; NaN where a row could not be judged."""
        return self.detection.scores

    @property
    def is_anomaly(self) -> NDArray[np.bool_]:
        """(n_rows,) bool."""
        return self.detection.is_anomaly

    @property
    def probability(self) -> Floats:
        """(n_rows,) 1 − the tail probability of the score; NaN as the scores."""
        return self.detection.probability

    @property
    def anomalies(self) -> list[Anomaly]:
        """Merged stretches, strangest first."""
        return self.detection.anomalies

    @property
    def chosen(self) -> dict[str, Any]:
        """What was chosen and why; ``chosen["message"]`` says it in sentences."""
        return self.detection.chosen

    def to_frame(self) -> pl.DataFrame:
        """One line per input row, the columns of the command line's ``--scores``."""
        from ...report import scores_frame

        return scores_frame(self.reading, self.detection)

    def report(self, path: str | Path) -> Path:
        """Write a self-contained HTML page to ``path``; returns the path."""
        from ...report import write

        write(self.reading, self.detection, Path(path))
        return Path(path)

    def __repr__(self) -> str:
        n = len(self.anomalies)
        return f"<{n} {'anomaly' if n == 1 else 'anomalies'} in {len(self.scores):,} rows>"


def detect(
    data: Any,
    *,
    detector: str | Detector = "auto",
    parameters: Mapping[str, Any] | None = None,
    kind: Kind = "auto",
    columns: Sequence[str] | None = None,
    categories: Sequence[str] | None = None,
    id: str | None = None,
    time: str | None = None,
    fit_rows: int | None = None,
    online: bool = False,
    missing: Missing = "auto",
    contamination: float | None = None,
    false_alarms: str | None = None,
    labels: Any = None,
    random_state: int | None = 0,
    n_jobs: int | None = None,
) -> Found:
    """Score every row of ``data`` and say which are strange, with no configuration needed.

    Parameters
    ----------
    data : a path, a pattern (``"logs/*.csv"``) or a list of paths, ``"-"`` for standard input, a
        pandas, Polars or Arrow frame, an array (n_rows,)
        or (n_rows, n_columns), or a Series, Panel or Table.
    detector : ``"auto"``, a name of ``sonde detectors``, or an unfitted detector.
    parameters : of the named detector.
    kind : ``"series"`` or ``"table"`` where it should not be found out.
    columns, id, time : names of the value columns, the id column and the time column.
    categories : columns of categories to look at as well, each as the share of the rows learned
        from that have it.
    fit_rows : learn from the first rows only (of each series), score all.
    online : each row's score depends on earlier rows only.
    missing : ``"auto"``, ``"drop"``, ``"linear"``, ``"previous"``, ``"zero"`` or ``"error"``.
    contamination, false_alarms, labels : at most one, how the threshold is found: a share of the
        rows, a budget such as ``"2/day"``, or the name of a column (or an array) of true labels.
    random_state : seed of detectors that draw; None for a fresh one.
    n_jobs : threads of detectors that can use them.

    Raises
    ------
    InvalidInput, NotFound : the data or an option can't be used; the message says which and why.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.sin(np.arange(500) / 3.0); x[321] = 5.0
    >>> found = detect(x, detector="seasonal_residual")
    >>> found.anomalies[0].peak
    321
    """
    refuse_too_large(data)
    label_column = labels if isinstance(labels, str) else None
    reading = examine(
        data,
        time=time,
        id=id,
        columns=columns,
        categories=categories,
        category_rows=fit_rows or (ONLINE_ROWS if online else None),
        labels=label_column,
        kind=kind,
    )
    if labels is not None and label_column is None:
        reading = with_labels(reading, labels)
    recipe = Recipe(
        detector=detector,
        parameters=dict(parameters or {}),
        fit_rows=fit_rows,
        online=online,
        missing=missing,
        rule=rule_from(contamination, false_alarms, labels is not None),
        random_state=random_state,
        n_jobs=n_jobs,
    )
    with reading.named_in_errors():
        detection, model = learn_and_judge(recipe, reading)
    return Found(detection, reading, model)


def detect_many(
    data: Sequence[Any], detector: str | Sequence[str | Detector] = "auto", **options: Any
) -> list[Found | SondeError]:
    """``detect`` for each data set; a failure is an error in its place and the rest goes on.

    ``detector`` is one for all, or a list with one for each.
    """
    each = [detector] * len(data) if isinstance(detector, str) else list(detector)
    if len(each) != len(data):
        raise InvalidInput(f"{len(data)} data sets and {len(each)} detectors; give one for each")
    answers: list[Found | SondeError] = []
    for one, name in zip(data, each, strict=True):
        try:
            answers.append(detect(one, detector=name, **options))
        except SondeError as error:
            answers.append(error)
    return answers


def with_labels(reading: Reading, labels: Any) -> Reading:
    """``reading`` with an array of true labels, one per row of the input."""
    flags = np.asarray(labels)
    if flags.shape != (reading.n_rows,):
        raise InvalidInput(
            f"labels must have one entry per row: {reading.n_rows} rows, labels {flags.shape}"
        )
    if not np.isin(flags, [0, 1]).all():
        raise InvalidInput("labels must be 0 or 1 (or booleans), 1 for an anomaly")
    return replace(reading, labels=flags.astype(np.bool_))
