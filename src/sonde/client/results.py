"""What a service's answers are here: arrays and plain records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import Anomaly

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Detected:
    """The answer about some rows: one entry per row, in the order in which they were sent.

    Parameters
    ----------
    scores : (n_rows,) float64, larger is stranger; NaN where a row could not be judged.
    is_anomaly : (n_rows,) bool; False where the score is NaN.
    probability : (n_rows,) float64 in 0–1, 1 − the tail probability of the score; NaN as scores.
    anomalies : merged stretches, strangest first; their rows count from 0.
    expected, lower, upper : (n_rows,) float64, or None where the method has none.
    candidate : the strangest stretch when nothing was found, else None.
    chosen : what was chosen and why, as plain values; ``chosen["message"]`` says it in sentences.
    problems : sentences about the data that the reader should know.
    request_id : under which the service logged the request.
    """

    scores: Floats
    is_anomaly: NDArray[np.bool_]
    probability: Floats
    anomalies: list[Anomaly]
    expected: Floats | None = None
    lower: Floats | None = None
    upper: Floats | None = None
    candidate: Anomaly | None = None
    chosen: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    request_id: str | None = None

    def __len__(self) -> int:
        return len(self.scores)

    def __repr__(self) -> str:
        n = len(self.anomalies)
        return f"<{n} {'anomaly' if n == 1 else 'anomalies'} in {len(self):,} rows>"


@dataclass(frozen=True, eq=False, repr=False)
class Predicted(Detected):
    """The answer of a stored model.

    ``model`` and ``version`` say which one it was, ``variant`` which side of a split deployment,
    None where there is none.
    """

    model: str = ""
    version: str = ""
    variant: str | None = None


@dataclass(frozen=True)
class VersionRecord:
    """One version of a registered model.

    Parameters
    ----------
    version : a number from 1 on, which is never used again; ``label`` is a name of its own.
    digest, size : SHA-256 in hex, and bytes, of the model's file.
    output_kind : what it answers with, ``"anomalies"`` and others.
    schema : the data it takes; ``lineage`` : what it learned from, when, and with what.
    signature_key : the key that signed it.
    created_at : ISO 8601 in UTC.
    parent : the version that it was made from, or None.
    """

    model: str
    version: int
    label: str | None = None
    digest: str = ""
    size: int = 0
    task: str = ""
    output_kind: str = ""
    estimator: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    schema: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    lineage: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, Any] = field(default_factory=dict)
    signature_key: str | None = None
    created_at: str = ""
    created_by: str = ""
    parent: Any = None


@dataclass(frozen=True)
class ModelRecord:
    """A registered model.

    ``latest`` is the number of its newest version, None where there is none; ``aliases`` the
    version that each alias stands for.
    """

    name: str
    task: str = ""
    description: str | None = None
    tags: dict[str, Any] = field(default_factory=dict)
    latest: int | None = None
    aliases: dict[str, int] = field(default_factory=dict)
    n_versions: int = 0
    created_at: str = ""
    created_by: str = ""

    @property
    def served(self) -> int | None:
        """The version that answers where none is named: ``champion``, else the latest."""
        return self.aliases.get("champion", self.latest)


@dataclass(frozen=True)
class Health:
    """``status`` is ``"healthy"`` while the process is alive; ``version`` is the service's."""

    status: str
    model_loaded: bool
    version: str


@dataclass(frozen=True)
class Readiness:
    """Whether requests can be answered now; ``details`` say what is missing where not."""

    is_ready: bool
    details: dict[str, Any]

    def __bool__(self) -> bool:
        return self.is_ready
