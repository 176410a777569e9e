"""A matrix profile, and what is read off it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Method = Literal["clasp", "fluss"]


@dataclass(frozen=True)
class Motif:
    """Windows that look alike.

    Parameters
    ----------
    first, second : where the two windows that are most alike begin, as rows of the series;
        ``first < second``. Of an AB-join, ``second`` is a row of the other series.
    distance : between the two, as in the profile.
    matches : where further windows like ``first`` begin, nearest first; rows of the series that
        ``second`` is in. Neither each other nor the pair do they overlap by more than half.
    match_distances : how far each of them lies from ``first``.
    channels : which channels carry it, ascending; ``(0,)`` for a series of one channel.
    """

    first: int
    second: int
    distance: float
    matches: tuple[int, ...]
    match_distances: tuple[float, ...]
    channels: tuple[int, ...]


@dataclass(frozen=True)
class DiscordWindow:
    """A window unlike all others.

    Parameters
    ----------
    start : the row where it begins.
    neighbour : where the window most like it begins; of an AB-join, a row of the other series.
    distance : between the two, as in the profile.
    channels : the channels that differ most there, ascending: those whose distance is at least
        half of the largest.
    """

    start: int
    neighbour: int
    distance: float
    channels: tuple[int, ...]


@dataclass(frozen=True)
class Regime:
    """A stretch of one behaviour.

    Parameters
    ----------
    start, stop : its rows, ``start`` to ``stop − 1``.
    score : how clearly it differs from the stretch before it, 0–1; NaN for the first.
    """

    start: int
    stop: int
    score: float


@dataclass(frozen=True, eq=False)
class Profile:
    """For each window of a series, how far it lies from the window most like it, and where that is.

    Made by ``sonde.matrix_profile``. Distances are z-normalised Euclidean, 0 to 2·√window;
    neighbours closer than a quarter of a window are left out; infinite, with index −1, for a
    window that holds NaN or infinity, or that has no neighbour. For d > 1 channels row k is the
    mean over the k + 1 channels that match best.

    Parameters
    ----------
    distances : (n − window + 1,) float64, or (d, n − window + 1) for d > 1 channels.
    indices : int64, likewise: where the nearest window begins.
    left_distances, left_indices, right_distances, right_indices : the nearest among earlier and
        among later windows; None for an AB-join.
    window : rows of a window.
    values : (n,) or (n, d) float64, the series; NaN where a value is missing.
    other : the series that the neighbours are in, for an AB-join.
    channels : one name for each channel.
    time : (n,) int64 nanoseconds since 1970 UTC, or None.
    why : how the window was found, in words; empty where it was given.

    Examples
    --------
    >>> import sonde
    >>> x = np.sin(np.arange(400) / 5); x[200:220] = 0.5
    >>> profile = sonde.matrix_profile(x, window=30)
    >>> profile
    <matrix profile: 371 windows of 30 rows>
    >>> profile.distances.shape, 170 <= profile.discords(k=1)[0].start <= 220
    ((371,), True)
    """

    distances: Floats
    indices: Integers
    left_distances: Floats | None
    left_indices: Integers | None
    right_distances: Floats | None
    right_indices: Integers | None
    window: int
    values: Floats
    other: Floats | None = None
    channels: tuple[str, ...] = ("c0",)
    time: Integers | None = None
    why: str = ""

    @property
    def n_channels(self) -> int:
        return 1 if self.values.ndim == 1 else self.values.shape[1]

    @property
    def n_windows(self) -> int:
        return int(self.distances.shape[-1])

    @property
    def exclusion(self) -> int:
        """Windows that begin this many rows from each other, or fewer, are no neighbours."""
        return -(-self.window // 4)

    def motifs(
        self,
        k: int = 3,
        *,
        radius: float = 2.0,
        max_distance: float | None = None,
        max_matches: int = 10,
        n_channels: int | None = None,
    ) -> list[Motif]:
        """The ``k`` pairs of windows that are most alike, with the windows that are like them.

        Windows of two motifs do not overlap by more than half. Constant windows make none.

        Parameters
        ----------
        k : how many, 1 or more; fewer come back where there are no more.
        radius : windows up to ``radius`` times the pair's distance from ``first`` are matches
            where they correlate with it at 0.5 or more, and all that do at 0.995 or more.
        max_distance : instead, windows up to this distance are; pairs farther apart are left out.
        max_matches : at most so many beside the pair.
        n_channels : how many channels a motif is in; where it stands out most when None.

        Raises
        ------
        InvalidInput : an argument that can't be used; says which and why.
        """
        from .motifs import motifs

        return motifs(self, k, radius, max_distance, max_matches, n_channels)

    def discords(self, k: int = 3, *, n_channels: int | None = None) -> list[DiscordWindow]:
        """The ``k`` windows that lie farthest from their nearest neighbour, farthest first.

        Parameters
        ----------
        k : how many, 1 or more; fewer come back where there are no more. They do not overlap by
            more than half. Windows without a neighbour are left out.
        n_channels : how many channels must match for a window to be ordinary; where the
            farthest window stands out most when None.

        Raises
        ------
        InvalidInput : an argument that can't be used; says which and why.
        """
        from .motifs import discords

        return discords(self, k, n_channels)

    def regimes(self, k: int | None = None, *, method: Method = "clasp") -> list[Regime]:
        """The series cut where its behaviour changes.

        Parameters
        ----------
        k : how many stretches, 1 or more; found by the method when None. Fewer come back where
            the series can't be cut so often: each is at least five windows long.
        method : ``"clasp"`` cuts where the nearest windows of a window tell best on which side
            it lies (its time is quadratic, like that of the profile); ``"fluss"`` where fewest
            arcs between windows and their neighbours pass, which needs ``k``.

        Raises
        ------
        InvalidInput : an AB-join; ``"fluss"`` without ``k``; an argument that can't be used.

        Source
        ------
        Schäfer, Ermshaus, Leser (2021), "ClaSP – Time Series Segmentation", CIKM; Gharghabi et al.
        (2017), "Matrix profile VIII", ICDM.
        """
        from .regimes import regimes

        return regimes(self, k, method)

    @property
    def arc_curve(self) -> Floats:
        """(n_windows,) or (d, n_windows), 0–1: arcs over each window, few where behaviour changes.

        An arc leads from each window to its nearest neighbour; 1 is as many as chance would bring
        there.

        Raises
        ------
        InvalidInput : an AB-join, whose neighbours are elsewhere.
        """
        from .regimes import arc_curves

        return arc_curves(self)

    def to_frame(self) -> pl.DataFrame:
        """One line for each window: ``start``, ``time`` where known, ``distance``, ``index``, left
        and right ones; for d > 1 channels ``distance_1`` … ``distance_d`` and so on.
        """
        from .files import frame_of

        return frame_of(self)

    def save(self, path: str | Path) -> Path:
        """Write everything to a Parquet file, to the bit; returns its path.

        Raises
        ------
        InvalidInput : another ending than ``.parquet``, or a place that can't be written.
        """
        from .files import save

        return save(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Profile:
        """What ``save`` wrote.

        Raises
        ------
        NotFound : no such file.
        BadArtifact : a file that holds no profile, or a damaged one; says what is wrong.
        """
        from .files import load

        return load(Path(path))

    def __repr__(self) -> str:
        kind = "matrix profile" if self.other is None else "AB-join"
        wide = "" if self.n_channels == 1 else f", {self.n_channels} channels"
        return f"<{kind}: {self.n_windows:,} windows of {self.window} rows{wide}>"
