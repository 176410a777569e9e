"""MCD: how far a row lies from the tightest half of the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core import Table
from ...core.progress import tell
from ...kernels.scatter import (
    concentrate,
    moments,
    nearest,
    smallest_ellipsoids,
    whitened_distances,
    whitening,
)
from .. import ellipsoids
from .. import parameters as check
from ..chi_squared import chi_squared_cdf, chi_squared_quantile
from ..detector import Detector
from ..estimator import State
from ..judgement import Judgement
from ..randomness import seed_of

Floats = NDArray[np.float64]
Ellipsoid = tuple[Floats, Floats, float]  # center, root, log determinant

# Rousseeuw, Van Driessen 1999, section 3.3.
STARTS, BEST, SMALL, PART, MOST_PARTS = 500, 10, 600, 300, 5
FINALISTS, MOST_STEPS = 3, 100
ORDINARY = 0.975  # share of normal rows that the second estimate is made of
NORMAL = 1.482602218505602  # standard deviations in a median absolute deviation
RIDGE = 1e-5
FARTHEST = 1e60  # units; determinants of columns as wide as this are still finite


@dataclass(eq=False, kw_only=True)
class MCD(Detector):
    """Mahalanobis distance from the mean and covariance of the half of the rows that lie closest.

    Anomalies among the rows learned from, even many of them, do not stretch the ellipsoid that
    they are measured with. The distance is in standard deviations of normally distributed rows.

    Columns are first measured in their own robust spread, and a hundred-thousandth of its square
    is added to each column's variance (a ridge), so that columns that are constant, depend on
    each other or outnumber the rows can be learned from: a row that breaks such a relation is far
    out. Relations tighter than 0.3 % of the spread are not told apart.

    Learning takes time with the cube of the number of columns: 2,000 rows of 150 columns some
    seconds, of 300 seven times as long. Where there are more, choose the columns that belong
    together, or take ``pca`` or ``hbos``.

    Parameters
    ----------
    support_fraction : share of the rows that make the first estimate, above 0 and at most 1; None
        is the smallest that resists most anomalies, (rows + columns + 1) / 2 rows.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.
    random_state : None, an int or a Generator.
    n_jobs : threads for scoring; None is 1, −1 all cores.

    Source
    ------
    Rousseeuw, Van Driessen (1999), A fast algorithm for the minimum covariance determinant
    estimator, Technometrics 41: the algorithm of section 3.3, parts and pool included, and the
    reweighting of section 4; the factors that make both estimates consistent for normal rows are
    those of Croux, Haesbroeck (1999), Journal of Multivariate Analysis 71, equation 4.2. The
    nearest half of the rows always stays in the second. Of the ten candidates the three best
    after two steps over all rows are followed to the end.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(500, 2)); rows[17] = 6.0
    >>> int(np.argmax(MCD(random_state=0).fit(rows).anomaly_scores(rows)))
    17
    """

    name: ClassVar[str] = "mcd"
    family: ClassVar[str] = "rows"
    reads: ClassVar[Any] = "rows"
    kernels: ClassVar[tuple[str, ...]] = ("scatter",)

    support_fraction: float | None = None
    contamination: float | str | None = "auto"
    random_state: Any = None
    n_jobs: int | None = None

    def _check_parameters(self) -> None:
        if self.support_fraction is not None:
            check.number(self.name, "support_fraction", self.support_fraction, 0.0, 1.0)
        check.contamination(self.name, self.contamination)
        check.random_state(self.name, self.random_state)
        check.n_jobs(self.name, self.n_jobs)

    def _learn(self, data: Table) -> State:
        columns, center, unit = _measured(data.values)
        d, n = columns.shape
        n_kept = self._support(n, d)
        mean, root, _ = _tightest(columns, n_kept, seed_of(self.random_state))
        mean, root = _reweighted(columns, n_kept, mean, root)
        return {"center": center + unit * mean, "unit": unit, "root": root}

    def _support(self, n: int, d: int) -> int:
        if self.support_fraction is None:
            return min((n + d + 2) // 2, n)
        return max(int(self.support_fraction * n), 2)

    def _judge(self, state: State, data: Table) -> Judgement:
        return Judgement(ellipsoids.distances(state, data.values, self.n_jobs))

    def _check_state(self, state: State, n_columns: int) -> None:
        ellipsoids.check(state, n_columns)

    def _blame(self, state: State, data: Table, rows: NDArray[np.int64]) -> Floats:
        return ellipsoids.shares(state, data.values[rows])

    def _resolution(self, state: State) -> float:
        return ellipsoids.RESOLUTION


def _measured(values: Floats) -> tuple[Floats, Floats, Floats]:
    """The table on its side, in robust units about the medians; the medians and the units.

    Where more than half of a column is one value, its unit is the standard deviation about it;
    that of a constant column is 1.
    """
    columns = np.array(values.T, order="C")
    power = ellipsoids.power_of_two(columns)
    columns /= power[:, None]
    center = np.median(columns, axis=1)
    columns -= center[:, None]
    unit = NORMAL * np.median(np.abs(columns), axis=1)
    for j in np.flatnonzero(unit == 0):
        spread = float(np.sqrt(np.square(columns[j]).mean()))
        unit[j] = spread if spread > 0 else 1.0 / power[j]
    unit = ellipsoids.bounded(unit, power)
    columns /= unit[:, None]
    # A column that is all but constant may hold values that are enormous in its unit.
    np.clip(columns, -FARTHEST, FARTHEST, out=columns)
    return columns, center * power, unit * power


def _tightest(columns: Floats, n_kept: int, seed: int) -> Ellipsoid:
    """The smallest ellipsoid of ``n_kept`` rows that was found."""
    n = columns.shape[1]
    if n <= SMALL:
        found = _ellipsoids(columns, n_kept, STARTS, seed, 0)
        return min((_followed(columns, n_kept, one, MOST_STEPS) for one in found), key=_size)
    share = n_kept / n
    chosen = np.random.default_rng(seed).permutation(n)[: PART * MOST_PARTS]
    pool = np.ascontiguousarray(columns[:, chosen])
    n_parts = pool.shape[1] // PART
    parts = [np.ascontiguousarray(pool[:, i::n_parts]) for i in range(n_parts)]
    starts = STARTS // n_parts
    found = []
    for i, part in enumerate(parts):
        tell("fitting", i / (n_parts + 1))
        found += _ellipsoids(part, _of(share, part), starts, seed, i * starts)
    found = [_followed(pool, _of(share, pool), one, 2) for one in found]
    found = sorted(found, key=_size)[:BEST]
    found = sorted((_followed(columns, n_kept, one, 2) for one in found), key=_size)[:FINALISTS]
    return min((_followed(columns, n_kept, one, MOST_STEPS) for one in found), key=_size)


def _of(share: float, part: Floats) -> int:
    n = int(part.shape[1])
    return min(int(np.ceil(share * n)), n)


def _ellipsoids(
    columns: Floats, n_kept: int, starts: int, seed: int, first: int
) -> list[Ellipsoid]:
    found = smallest_ellipsoids(columns, n_kept, starts, BEST, RIDGE, seed, first)
    return list(zip(*found, strict=True))


def _followed(columns: Floats, n_kept: int, ellipsoid: Ellipsoid, most_steps: int) -> Ellipsoid:
    center, root, _ = ellipsoid
    return concentrate(columns, n_kept, center, root, RIDGE, most_steps)


def _size(ellipsoid: Ellipsoid) -> float:
    return ellipsoid[2]


def _reweighted(
    columns: Floats, n_kept: int, center: Floats, root: Floats
) -> tuple[Floats, Floats]:
    """Center and root of all rows that are no outliers to the first estimate."""
    d, n = columns.shape
    squared = np.empty(n)
    rows = np.ascontiguousarray(columns.T)
    whitened_distances(rows, center, np.ones(d), root, squared, 0, n)
    np.square(squared, out=squared)
    limit = chi_squared_quantile(ORDINARY, d) / _shrinkage(n_kept / n, d)
    ordinary = squared <= limit
    # Where the rows are far from normal too few would be left.
    ordinary[nearest(squared, min(n_kept, (n + d + 2) // 2))] = True
    mean, covariance = moments(columns, np.flatnonzero(ordinary), center)
    root, _ = whitening(covariance, RIDGE)
    return mean, root * np.sqrt(_shrinkage(ORDINARY, d))


def _shrinkage(share: float, d: int) -> float:
    """What the covariance of normal rows is multiplied by when only the nearest share is kept."""
    if share >= 1.0:
        return 1.0
    return chi_squared_cdf(chi_squared_quantile(share, d), d + 2) / share
