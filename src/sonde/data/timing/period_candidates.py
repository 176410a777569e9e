"""Lengths that a season may have: peaks of autocorrelations, lines of the spectrum."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FEWEST_CYCLES = 3


class Spectrum:
    """The power of a series by frequency, and how far it stands above its surroundings."""

    def __init__(self, x: Floats) -> None:
        n = len(x)
        self.n, self.longest = n, n // FEWEST_CYCLES
        self.size = _fast_size(n + self.longest + 2)
        self.power = np.abs(np.fft.rfft(x * np.hanning(n), self.size)) ** 2
        self.height = self.power / _background(self.power)
        # Slower than the longest period there is only trend.
        self.height[: max(1, self.size // (self.longest + 1))] = 0.0
        self.significant = 20 + 2 * np.log(n)

    def correlation(self, power: Floats) -> Floats:
        """Autocorrelation to just beyond the longest period, freed of the taper's decline."""
        lags = np.arange(self.longest + 2)
        raw = np.fft.irfft(power, self.size)[: len(lags)]
        return np.asarray(raw / _taper_correlation(lags / self.n))

    def lines(self, most: int = 4) -> list[int]:
        """Periods of the highest lines above the background, of five cycles or more."""
        h = self.height.copy()
        h[: 5 * self.size // self.n] = 0.0
        inner = h[1:-1]
        top = np.flatnonzero((inner > h[:-2]) & (inner >= h[2:]) & (inner > self.significant)) + 1
        top = top[np.argsort(h[top])[::-1][:most]]
        return [round(self.size / self._between(int(k))) for k in top]

    def _between(self, k: int) -> float:
        # The peak of a parabola through the logarithms of three bins.
        a, b, c = np.log(self.power[k - 1 : k + 2] + 1e-300)
        bend = a - 2 * b + c
        return k + float(0.5 * (a - c) / bend if bend < 0 else 0.0)

    def has_line(self, p: int) -> bool:
        """True when one of the first three harmonics of ``p`` is a significant line."""
        for harmonic in (1, 2, 3):
            k = round(self.size * harmonic / p)
            if k < 5 * self.size // self.n:
                continue
            if self.height[k - 1 : k + 2].max(initial=0.0) > self.significant:
                return True
        return False


def candidates(spectrum: Spectrum) -> set[int]:
    """Rows per cycle worth a test: lines of the spectrum, and peaks of two autocorrelations.

    One autocorrelation is the plain one; the other is that of the spectrum divided by its smooth
    background, in which a season shows beside slow drifts.
    """
    lags = set(spectrum.lines())
    for power in (spectrum.power, spectrum.height):
        lags.update(_peaks(spectrum.correlation(power), spectrum.longest))
    return {lag for lag in lags if 2 <= lag <= spectrum.longest}


def _taper_correlation(lag: Floats) -> Floats:
    """Autocorrelation of a Hann window of length 1, closed form; kept from 0 at its far end."""
    turn = 2 * np.pi * lag
    falling = (1 - lag) * (2 + np.cos(turn)) / 3 + np.sin(turn) / (2 * np.pi)
    return np.asarray(np.maximum(falling, 1e-3))


def _fast_size(n: int) -> int:
    """The least length of the form 2^a, 3·2^a or 5·2^a that holds ``n``."""
    return min(f << max(0, (-(-n // f) - 1).bit_length()) for f in (1, 3, 5))


def _background(power: Floats) -> Floats:
    """The smooth spectrum below the lines: medians in thirds of an octave, joined in log-log."""
    n = len(power)
    edges = np.unique(np.rint(np.geomspace(1, n, int(3 * np.log2(n)) + 1)).astype(int))
    while edges.size > 3 and np.any(narrow := np.diff(edges) < 8):
        edges = np.delete(edges, int(np.argmax(narrow)) + 1 if not narrow[-1] else -2)
    centres = np.sqrt(edges[:-1] * np.maximum(edges[1:] - 1.0, 1.0))
    levels = [np.median(power[a:b]) / np.log(2) for a, b in pairwise(edges)]
    floor = max(float(power.max()) * 1e-14, 1e-300)
    logs = np.log(np.maximum(levels, floor))
    frequency = np.log(np.maximum(np.arange(n), 1))
    smooth = np.interp(frequency, np.log(centres), logs)
    # Below the first band a spectrum may go on rising as that of a random walk does.
    smooth += 2 * np.maximum(np.log(centres[0]) - frequency, 0.0)
    return np.asarray(np.exp(smooth))


def _peaks(correlation: Floats, longest: int, most: int = 6) -> list[int]:
    """The local maxima that stand out most: at most two per octave, ``most`` in all."""
    inner = correlation[1:-1]
    where = np.flatnonzero((inner > correlation[:-2]) & (inner >= correlation[2:])) + 1
    where = where[(where >= 2) & (where <= longest)]
    best: list[tuple[float, int]] = []
    low = 2
    while low <= longest:
        band = where[(where >= low) & (where < 2 * low)]
        top = band[np.argsort(correlation[band])[::-1][:2]]
        for lag in top:
            before = correlation[lag // 2 : lag + 1].min()
            after = correlation[lag : lag + lag // 2 + 2].min()
            best.append((float(correlation[lag] - max(before, after)), int(lag)))
        low *= 2
    return [lag for _, lag in sorted(best, reverse=True)[:most]]
