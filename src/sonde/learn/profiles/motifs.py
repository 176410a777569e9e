"""Windows that are alike, and windows like no other, read off a profile."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from .. import parameters as check
from .channels import carrying_channels
from .distances import distances_to
from .profile import DiscordWindow, Motif, Profile

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_ALIKE = 0.1  # times √window: the distance of windows that correlate at 0.995
_UNLIKE = 1.0  # likewise, at 0.5
_SHARE = 0.5  # of the largest channel's distance, that a channel of a discord has
_ROUNDING = 1e-6  # times √window: distances that differ by less are the same


def motifs(
    profile: Profile,
    k: int,
    radius: float,
    max_distance: float | None,
    max_matches: int,
    n_channels: int | None,
) -> list[Motif]:
    """As ``Profile.motifs``."""
    check.whole("motifs", "k", k, 1)
    check.number("motifs", "radius", radius, 0.0, np.inf)
    check.whole("motifs", "max_matches", max_matches, 0)
    if max_distance is not None:
        _check_distance(max_distance)
    x = _matrix(profile.values)
    other = None if profile.other is None else _matrix(profile.other)
    row = _row(profile, n_channels, least=True)
    distances, indices = _rows(profile)[0][row], _rows(profile)[1][row]
    free = np.isfinite(distances)
    free_other = free if other is None else np.ones(len(other) - profile.window + 1, dtype=np.bool_)
    apart, found = profile.window // 2, list[Motif]()
    for i in np.argsort(distances, kind="stable"):
        first, second = int(i), int(indices[i])
        if len(found) == k or not np.isfinite(distances[i]):
            break
        if max_distance is not None and distances[i] > max_distance:
            break
        if not (free[first] and free_other[second]):
            continue
        channels = carrying_channels(x, first, second, profile.window, row, other)
        if _is_constant(x[first : first + profile.window, list(channels)]):
            continue
        if other is None:
            first, second = sorted((first, second))
        _take(free, first, apart)
        _take(free_other, second, apart)
        limit = max_distance
        if limit is None:
            limit = _reach(float(distances[i]), radius, profile.window)
        matches = _matches(profile, x, other, first, channels, limit, max_matches, free_other)
        found.append(
            Motif(
                first,
                second,
                float(distances[i]),
                tuple(place for place, _ in matches),
                tuple(distance for _, distance in matches),
                channels,
            )
        )
    return found


def _reach(distance: float, radius: float, window: int) -> float:
    """How far matches of a pair may lie from its first window."""
    root = float(np.sqrt(window))
    return max(distance, min(radius * distance, _UNLIKE * root), _ALIKE * root)


def _matches(
    profile: Profile,
    x: Floats,
    other: Floats | None,
    first: int,
    channels: tuple[int, ...],
    limit: float,
    most: int,
    free: NDArray[np.bool_],
) -> list[tuple[int, float]]:
    """Free windows like the first one, which are then taken."""
    where = list(channels)
    window = x[first : first + profile.window, where]
    distances = distances_to(window, (x if other is None else other)[:, where]).mean(axis=0)
    found: list[tuple[int, float]] = []
    for i in np.argsort(distances, kind="stable"):
        if len(found) == most or not distances[i] <= limit:
            break
        if free[i]:
            found.append((int(i), float(distances[i])))
            _take(free, int(i), profile.window // 2)
    return found


def discords(profile: Profile, k: int, n_channels: int | None) -> list[DiscordWindow]:
    """As ``Profile.discords``."""
    check.whole("discords", "k", k, 1)
    x = _matrix(profile.values)
    other = x if profile.other is None else _matrix(profile.other)
    row = _row(profile, n_channels, least=False)
    distances, indices = _rows(profile)[0][row], _rows(profile)[1][row]
    free = np.isfinite(distances)
    found: list[DiscordWindow] = []
    for i in np.argsort(-np.where(free, distances, -np.inf), kind="stable"):
        if len(found) == k or not np.isfinite(distances[i]):
            break
        if not free[i]:
            continue
        start, neighbour = int(i), int(indices[i])
        _take(free, start, profile.window // 2)
        found.append(
            DiscordWindow(
                start,
                neighbour,
                float(distances[i]),
                _strange(x, other, start, neighbour, profile.window),
            )
        )
    return found


def _strange(x: Floats, other: Floats, i: int, j: int, window: int) -> tuple[int, ...]:
    """The channels in which two windows differ most."""
    each = distances_to(x[i : i + window], other[j : j + window])[:, 0]
    largest = np.max(each, where=np.isfinite(each), initial=0.0)
    return tuple(np.flatnonzero(np.isfinite(each) & (each >= _SHARE * largest)).tolist())


def _row(profile: Profile, n_channels: int | None, *, least: bool) -> int:
    """The row of the profile to look at: as asked, or where its extreme stands out most.

    That is in quartile ranges from the median of its row: distances rise from row to row, and the
    more channels have a part in them, the less they scatter.
    """
    distances = _rows(profile)[0]
    d = len(distances)
    if n_channels is not None:
        check.whole("motifs" if least else "discords", "n_channels", n_channels, 1, d)
        return n_channels - 1
    gaps = np.full(d, -np.inf)
    for row in range(d):
        known = distances[row][np.isfinite(distances[row])]
        if known.size:
            low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
            extreme = middle - known.min() if least else known.max() - middle
            gaps[row] = extreme / max(high - low, _ROUNDING * np.sqrt(profile.window))
    return int(np.argmax(gaps))


def _check_distance(value: Any) -> None:
    kind = int | float | np.integer | np.floating
    if isinstance(value, bool) or not isinstance(value, kind) or not value >= 0.0:
        raise InvalidInput(
            f"motifs: max_distance must be a distance, 0 or more, got {value!r}",
            parameter="max_distance",
        )


def _rows(profile: Profile) -> tuple[Floats, Integers]:
    """Distances and indices with one row for each number of channels, also for one channel."""
    return np.atleast_2d(profile.distances), np.atleast_2d(profile.indices)


def _matrix(values: Floats) -> Floats:
    return values[:, np.newaxis] if values.ndim == 1 else values


def _take(free: NDArray[np.bool_], place: int, apart: int) -> None:
    free[max(0, place - apart) : place + apart + 1] = False


def _is_constant(window: Floats) -> bool:
    return bool((window == window[0]).all())
