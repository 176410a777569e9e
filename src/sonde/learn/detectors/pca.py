"""PCA: how far out a row lies along the principal components."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core import Table
from ...errors import InvalidInput
from ...kernels.scatter import moments
from .. import ellipsoids
from .. import parameters as check
from ..detector import Detector
from ..estimator import State
from ..judgement import Judgement

Floats = NDArray[np.float64]

SMALLEST_VARIANCE = 1e-8  # of a component, beside that of a standardized column


@dataclass(eq=False, kw_only=True)
class PCA(Detector):
    """Distance from the mean along the principal components, in standard deviations of each.

    With all components this is the Mahalanobis distance. The mean and the components come from
    all rows, anomalies included; where there are many of them take ``mcd``.

    Components along which the rows do not vary (columns that are constant or depend on each
    other) are kept with a variance of 1e-8: a row that leaves the plane of the others is far out.
    Where there are fewer rows than columns, only as many components as the rows can tell are kept.

    Parameters
    ----------
    n_components : how many components, the largest first; None is all; below 1 it is the share
        of the variance that they explain at least.
    n_selected_components : of those the smallest, which tell most of broken relations; None is
        all.
    weighted : measure each component in its own standard deviation; without it a distance is
        Euclidean, and large components count most.
    standardization : give each column mean 0 and variance 1 first; without it the columns keep
        their units, and distances are in those of the column that varies most.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.
    n_jobs : threads for scoring; None is 1, −1 all cores.

    Source
    ------
    Shyu, Chen, Sarinnapakorn, Chang (2003), A novel anomaly detection scheme based on principal
    component classifier, IEEE Foundations and New Directions of Data Mining, section 3.1: the sum
    of squares of the standardized components; our score is its root. PyOD measures how far a row
    lies from the tips of the unit vectors instead, weighted by their variances, which ranks rows
    nearly as their Euclidean length does.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(500, 2)); rows[17] = 6.0
    >>> int(np.argmax(PCA().fit(rows).anomaly_scores(rows)))
    17
    """

    name: ClassVar[str] = "pca"
    family: ClassVar[str] = "rows"
    reads: ClassVar[Any] = "rows"
    kernels: ClassVar[tuple[str, ...]] = ("scatter",)

    n_components: int | float | None = None
    n_selected_components: int | None = None
    weighted: bool = True
    standardization: bool = True
    contamination: float | str | None = "auto"
    n_jobs: int | None = None

    def _check_parameters(self) -> None:
        if isinstance(self.n_components, float | np.floating):
            check.number(self.name, "n_components", self.n_components, 0.0, 1.0)
        elif self.n_components is not None:
            check.whole(self.name, "n_components", self.n_components, 1, other=", or a share")
        if self.n_selected_components is not None:
            check.whole(self.name, "n_selected_components", self.n_selected_components, 1)
        check.flag(self.name, "weighted", self.weighted)
        check.flag(self.name, "standardization", self.standardization)
        check.contamination(self.name, self.contamination)
        check.n_jobs(self.name, self.n_jobs)

    def _learn(self, data: Table) -> State:
        n, d = data.values.shape
        columns = np.array(data.values.T, order="C")
        power = ellipsoids.power_of_two(columns)
        columns /= power[:, None]
        center = columns.mean(axis=1)
        unit = columns.std(axis=1)
        constant = columns.min(axis=1) == columns.max(axis=1)
        unit[constant] = 1.0 / power[constant]
        center[constant] = columns[constant, 0]
        if not self.standardization:
            unit = (np.max(unit * power, initial=0.0, where=~constant) or 1.0) / power
        unit = ellipsoids.bounded(unit, power)
        columns -= center[:, None]
        columns /= unit[:, None]
        _, covariance = moments(columns, np.arange(n), np.zeros(d))
        variances, axes = np.linalg.eigh(covariance)
        kept = self._kept(variances[::-1], n)
        variances = np.maximum(variances[::-1][kept], SMALLEST_VARIANCE)
        root = axes[:, ::-1][:, kept].T
        if self.weighted:
            root = root / np.sqrt(variances)[:, None]
        return {
            "center": center * power,
            "unit": unit * power,
            "root": np.ascontiguousarray(root),
        }

    def _kept(self, variances: Floats, n_rows: int) -> slice:
        """Which of the components, the largest first."""
        most = max(min(len(variances), n_rows - 1), 1)
        wanted = most
        if isinstance(self.n_components, float | np.floating):
            shares = np.cumsum(variances) / max(float(variances.sum()), SMALLEST_VARIANCE)
            wanted = min(int(np.searchsorted(shares, self.n_components)) + 1, most)
        elif self.n_components is not None:
            wanted = int(self.n_components)
        if wanted > most:
            raise InvalidInput(
                f"{self.name}: n_components must be at most {most} for {n_rows} rows of "
                f"{len(variances)} columns, got {wanted}",
                parameter="n_components",
            )
        selected = wanted if self.n_selected_components is None else self.n_selected_components
        if selected > wanted:
            raise InvalidInput(
                f"{self.name}: n_selected_components must be at most the {wanted} components "
                f"there are, got {selected}",
                parameter="n_selected_components",
            )
        return slice(wanted - int(selected), wanted)

    def _judge(self, state: State, data: Table) -> Judgement:
        return Judgement(ellipsoids.distances(state, data.values, self.n_jobs))

    def _check_state(self, state: State, n_columns: int) -> None:
        ellipsoids.check(state, n_columns)

    def _blame(self, state: State, data: Table, rows: NDArray[np.int64]) -> Floats:
        return ellipsoids.shares(state, data.values[rows])

    def _resolution(self, state: State) -> float:
        return ellipsoids.RESOLUTION
