"""Where series change: mean Covering on labelled series, and how sure a cut must be.

python benchmarks/segmentation.py

The number of stretches is told, as in the published results (ClaSP 85.5 %, FLOSS 56.7 %, over all
series of that collection); some columns leave it to the method. ClaSP of claspy and FLUSS of stumpy
are measured on the same series and the same windows where they are installed. The series with
labels stand beside the checkout.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from measured import SHARED

FOLDER = SHARED / "tssb"
LENGTHS, WINDOWS, SEEDS = (400, 1500, 5000), (10, 25, 50), 12  # of the stationary series


def labelled() -> Iterator[tuple[str, Any, int, list[int]]]:
    """Each series: its name, its values, the window given with it, and where it changes."""
    for line in (FOLDER / "desc.txt").read_text().splitlines():
        name, window, *cuts = line.split(",")
        yield name, np.loadtxt(FOLDER / f"{name}.txt"), int(window), [int(cut) for cut in cuts]


def covering(true: list[int], found: list[int], n: int) -> float:
    """Of each true stretch the best overlap (Jaccard) with a found one, weighted by length.

    Source: van den Burg, Williams (2020), "An Evaluation of Change Point Detection Algorithms".
    """
    total = 0.0
    for a, b in stretches(true, n):
        overlaps = [
            max(0, min(b, d) - max(a, c)) / (max(b, d) - min(a, c)) for c, d in stretches(found, n)
        ]
        total += (b - a) / n * max(overlaps)
    return total


def stretches(cuts: list[int], n: int) -> list[tuple[int, int]]:
    """From each cut to the next, the ends of the series included."""
    edges = [0, *sorted({int(cut) for cut in cuts if 0 < cut < n}), n]
    return list(pairwise(edges))


def ours(method: Any, known: bool = True, given: bool = True) -> Callable[..., list[int]]:
    import sonde

    def cut(x: Any, window: int, n_cuts: int) -> list[int]:
        profile = sonde.matrix_profile(x, window if given else None)
        found = profile.regimes(n_cuts + 1 if known else None, method=method)
        return [one.start for one in found[1:]]

    return cut


def of_claspy(known: bool = True) -> Callable[..., list[int]]:
    from claspy.segmentation import BinaryClaSPSegmentation

    def cut(x: Any, window: int, n_cuts: int) -> list[int]:
        how = {"n_segments": n_cuts + 1, "validation": None} if known else {}
        return [int(c) for c in BinaryClaSPSegmentation(window_size=window, **how).fit_predict(x)]

    return cut


def of_stumpy(x: Any, window: int, n_cuts: int) -> list[int]:
    import stumpy

    if n_cuts == 0:
        return []
    found = stumpy.stump(x, window)
    places = stumpy.fluss(found[:, 1].astype(np.int64), window, n_cuts + 1, 5)[1]
    return [int(place) for place in places]


def methods() -> dict[str, Callable[..., list[int]]]:
    """Every method that can be had here, by what it is called in the table."""
    table = {
        "ours, clasp": ours("clasp"),
        "ours, clasp, window proposed": ours("clasp", given=False),
        "ours, clasp, number unknown": ours("clasp", known=False),
        "ours, fluss": ours("fluss"),
    }
    try:
        table["claspy"] = of_claspy()
        table["claspy, number unknown"] = of_claspy(known=False)
    except ImportError:
        print("claspy is not installed: left out")
    try:
        import stumpy  # noqa: F401

        table["stumpy, fluss"] = of_stumpy
    except ImportError:
        print("stumpy is not installed: left out")
    return table


def quality() -> None:
    """Covering of each series and method, and the means."""
    table = methods()
    print("| series | " + " | ".join(table) + " |\n| --- " * 1 + "| --- " * len(table) + "|")
    every = []
    for name, x, window, cuts in labelled():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = [
                covering(cuts, method(x, window, len(cuts)), len(x)) for method in table.values()
            ]
        every.append(found)
        print(f"| {name} | " + " | ".join(f"{100 * one:.1f}" for one in found) + " |", flush=True)
    print("| mean | " + " | ".join(f"{100 * one:.1f}" for one in np.mean(every, axis=0)) + " |")


def stationary(rng: np.random.Generator, n: int, m: int) -> Iterator[Any]:
    """Eight kinds of series that do not change."""
    noise = rng.normal(size=n)
    yield noise
    slow = np.zeros(n)
    for i in range(1, n):
        slow[i] = 0.9 * slow[i - 1] + noise[i]
    yield slow
    yield noise.cumsum()
    yield np.sin(2 * np.pi * np.arange(n) / (1.3 * m)) + 0.3 * noise
    phase = np.cumsum(2 * np.pi / (1.3 * m) * (1 + 0.2 * rng.normal(size=n)))
    yield np.sin(phase) + 0.5 * np.sin(2 * phase) + 0.2 * noise
    shapes = rng.normal(size=(3, m)).cumsum(axis=1)
    shapes = (shapes - shapes.mean(axis=1, keepdims=True)) / shapes.std(axis=1, keepdims=True)
    yield shapes[rng.integers(3, size=n // m + 1)].ravel()[:n] + 0.2 * noise
    chaos = np.empty(n)
    value = rng.random()
    for i in range(n):
        chaos[i] = value = 3.9 * value * (1 - value)
    yield np.convolve(chaos, np.ones(5) / 5, "same")
    yield (rng.random(n) < 2 / m) * 5 * rng.normal(size=n) + 0.3 * noise


def certainty() -> None:
    """How sure the best cut of a series is that does not change: quantiles over all of them."""
    from sonde.learn.profiles.regimes import best_cut

    found = []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        for n in LENGTHS:
            for m in WINDOWS:
                for x in stationary(rng, n, m):
                    cut = best_cut(x[np.newaxis], m)
                    if cut is not None:
                        found.append(cut.certainty)
    print(f"\n{len(found)} stationary series: certainty of the best cut")
    for share in (0.5, 0.9, 0.95, 0.99, 0.999, 1.0):
        print(f"  {share:.1%} of them at most {np.quantile(found, share):.2f}")


if __name__ == "__main__":
    if not FOLDER.is_dir():
        sys.exit("the labelled series stand beside the checkout, and are not there")
    quality()
    certainty()
