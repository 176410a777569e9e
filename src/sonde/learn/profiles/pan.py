"""Profiles of one series over several lengths of windows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core import Series
from ...core.progress import tell
from ...errors import InvalidInput
from .. import parameters as check
from .compute import matrix_profile, series_from
from .profile import DiscordWindow, Motif, Profile
from .window import LONGEST, SHORTEST, proposed_window

Floats = NDArray[np.float64]

_STEPS = 8  # lengths that are proposed
_REACH = 4  # from a quarter of the proposed window to four times it
_MOST = 1000  # lengths that may be asked for


@dataclass(frozen=True, eq=False)
class PanProfile:
    """Profiles of one series, one for each length of window, in one unit.

    Parameters
    ----------
    windows : the lengths, ascending.
    distances : (n_windows, n) float64, 0 to √2: row i is the profile for ``windows[i]`` divided by
        √(2·window), so that 1 is the distance of windows that do not correlate. NaN in the last
        ``window − 1`` columns, where no window begins; infinite where one has no neighbour.
    profiles : the profiles themselves.
    why : how the lengths were found, in words; empty where they were given.
    """

    windows: tuple[int, ...]
    distances: Floats
    profiles: tuple[Profile, ...]
    why: str = ""

    def motif(self) -> tuple[int, Motif]:
        """A window, and the motif of the profile for it: the nearest pair of all, in one unit.

        Of pairs that are equally near, that of the longest window.

        Raises
        ------
        InvalidInput : all windows are constant or missing.
        """
        each = zip(self.windows, self.profiles, strict=True)
        found = [(window, one) for window, profile in each for one in profile.motifs(1)]
        if not found:
            raise InvalidInput("there is no motif: all windows are constant or missing")
        return min(found, key=lambda pair: (pair[1].distance / _unit(pair[0]), -pair[0]))

    def discord(self) -> tuple[int, DiscordWindow]:
        """A window, and the discord of the profile for it: the farthest of all, in one unit.

        Of windows that are equally far, the shortest.

        Raises
        ------
        InvalidInput : no window has a neighbour.
        """
        each = zip(self.windows, self.profiles, strict=True)
        found = [(window, one) for window, profile in each for one in profile.discords(1)]
        if not found:
            raise InvalidInput("there is no discord: no window has another to be compared with")
        return max(found, key=lambda pair: (pair[1].distance / _unit(pair[0]), -pair[0]))

    def __repr__(self) -> str:
        return f"<pan matrix profile: windows of {', '.join(map(str, self.windows))} rows>"


def pan_profile(
    x: Any, windows: Iterable[int] | None = None, *, n_jobs: int | None = None
) -> PanProfile:
    """The matrix profile of a series for several lengths of windows.

    Parameters
    ----------
    x : a series of one channel, as for ``matrix_profile``.
    windows : the lengths in rows; from a quarter of the one that is proposed to four times it in
        eight steps when None.
    n_jobs : threads; None is 1, −1 all cores.

    Raises
    ------
    InvalidInput : more than one channel, or lengths that can't be used.
    TooShort, MissingValues : as ``matrix_profile``.

    Source
    ------
    Madrid et al. (2019), "Matrix profile XX", ICBK: what is computed. The lengths are computed one
    after the other; there, in an order that gives a rough picture early.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=400); x[300:330] = x[100:130]
    >>> pan = pan_profile(x, windows=[10, 30, 60])
    >>> pan.distances.shape
    (3, 400)
    >>> window, motif = pan.motif()
    >>> window, motif.first, motif.second
    (30, 100, 300)
    """
    series = series_from(x)
    if series.values.shape[1] != 1:
        raise InvalidInput(
            f"pan_profile takes one channel, and there are {series.values.shape[1]}; "
            "give one at a time"
        )
    lengths, why = _proposed(series) if windows is None else (_given(windows), "")
    found = []
    for i, window in enumerate(lengths):
        found.append(matrix_profile(series, window, n_jobs=n_jobs))
        tell("lengths of windows", (i + 1) / len(lengths))
    distances = np.full((len(lengths), len(series)), np.nan)
    for row, profile in zip(distances, found, strict=True):
        row[: profile.n_windows] = profile.distances / _unit(profile.window)
    return PanProfile(lengths, distances, tuple(found), why)


def _given(windows: Iterable[int]) -> tuple[int, ...]:
    if isinstance(windows, str | bytes) or not isinstance(windows, Iterable):
        raise InvalidInput(f"windows must be several lengths, such as [20, 40], got {windows!r}")
    lengths = list(islice(windows, _MOST + 1))  # some have no end
    if not 0 < len(lengths) <= _MOST:
        some = "more" if lengths else "0"
        raise InvalidInput(f"windows must be 1 to {_MOST:,} lengths, got {some}")
    for one in lengths:
        check.whole("pan_profile", "windows", one, SHORTEST)
    return tuple(sorted({int(one) for one in lengths}))


def _proposed(series: Series) -> tuple[tuple[int, ...], str]:
    middle, why = proposed_window(series)
    low = max(SHORTEST, middle // _REACH)
    high = max(low, min(middle * _REACH, LONGEST, len(series) // 2))
    lengths = np.unique(np.round(np.geomspace(low, high, _STEPS)).astype(int)).tolist()
    return tuple(lengths), f"from {low} to {high} rows around {middle}: {why}"


def _unit(window: int) -> float:
    return float(np.sqrt(2.0 * window))
