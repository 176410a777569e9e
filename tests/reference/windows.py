"""What is known of windows, from the definitions."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def cleaned(x: Floats) -> Floats:
    known = np.flatnonzero(np.isfinite(x))
    if known.size == 0:
        return np.zeros(len(x))
    filled = [x[max(known[known <= i], default=known[0])] for i in range(len(x))]
    exponent = math.frexp(max(abs(v) for v in filled))[1]
    return np.array(filled) * 2.0 ** -max(exponent, -1000)


def kinds(x: Floats, m: int) -> Integers:
    found = []
    for i in range(len(x) - m + 1):
        window = x[i : i + m]
        if not np.isfinite(window).all():
            found.append(2)
        else:
            found.append(1 if (window == window[0]).all() else 0)
    return np.array(found, dtype=np.int64)


def moments(x: Floats, m: int) -> tuple[Floats, Floats]:
    windows = [x[i : i + m].astype(np.longdouble) - x[i] for i in range(len(x) - m + 1)]
    rises = [float(w.mean()) for w in windows]
    norms = [float(np.sqrt(np.square(w - w.mean()).sum())) for w in windows]
    return np.array(rises), np.array(norms)


def restarts(norms: Floats, fall: float) -> NDArray[np.bool_]:
    found = [True]
    last = 0
    for i in range(1, len(norms)):
        found.append(bool(norms[i] < fall * norms[last:i].max()))
        last = i if found[-1] else last
    return np.array(found)


def steps(x: Floats, rises: Floats, m: int) -> tuple[Floats, Floats]:
    means = x[: len(rises)] + rises
    df, dg = np.zeros(len(rises)), np.zeros(len(rises))
    for i in range(1, len(rises)):
        enters, leaves = x[i + m - 1], x[i - 1]
        df[i] = (enters - leaves) / 2
        dg[i] = (enters - means[i]) + (leaves - means[i - 1])
    return df, dg


def centred(window: Floats, rise: float) -> Floats:
    return np.asarray(window - (window[0] + rise))


def covariances(centred: Floats, x: Floats, out: Floats) -> None:
    for i in range(len(out)):
        window = x[i : i + len(centred)]
        out[i] = float(((centred - centred.mean()) * (window - window.mean())).sum())


def inverse(norms: Floats, kinds: Integers) -> Floats:
    pairs = zip(norms, kinds, strict=True)
    return np.array([1 / n if k == 0 and n > 0 else np.nan for n, k in pairs])
