"""A series as a path in the plane, and the path as steps between the places it often passes.

Windows become points, so that a shape that repeats becomes a loop that is run through again. Rays
leave the origin in all directions; where the path crosses one, the radius says which of the loops
it is on. The radii that are frequent on a ray are its nodes, and the path is a walk over nodes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

RAYS = 50  # as in the paper
MOST_NODES = 8  # of a ray
SMOOTH, SAMPLES = 10, 32  # a window is smoothed over its tenth, and read at about so many places
GRID = 256  # places on a ray where the density of radii is looked at
SHARP = 0.3  # of the usual bandwidth, which blurs loops that lie side by side into one


@dataclass(frozen=True, eq=False)
class Crossings:
    """Where a path crosses rays, in the order of the path.

    Parameters
    ----------
    windows : (k,) int64, the window from whose point the step that crosses begins.
    rays : (k,) int64, 0 to RAYS − 1.
    radii : (k,) float64, ≥ 0.
    """

    windows: Integers
    rays: Integers
    radii: Floats


def places(window: int) -> tuple[int, Integers]:
    """Over how many rows a window is smoothed, and the rows in it where it is read."""
    smooth = max(window // SMOOTH, 1)
    rows = np.linspace(0, window - smooth, min(SAMPLES, window - smooth + 1))
    return smooth, np.unique(np.round(rows).astype(np.int64))


def readings(x: Floats, window: int) -> list[Floats]:
    """What is read of all n windows of (n_rows,) finite values: one (n,) array for each place."""
    smooth, rows = places(window)
    total = np.concatenate([[0.0], np.cumsum(x)])
    mean = (total[smooth:] - total[:-smooth]) / smooth
    n = len(x) - window + 1
    return [mean[row : row + n] for row in rows.tolist()]


def plane_of(rows: Floats) -> tuple[Floats, Floats]:
    """The middle of the windows, and the plane in which they differ most.

    Parameters
    ----------
    rows : (n, d) float64, d ≥ 3: what was read of n windows.

    Returns
    -------
    middle : (d,) float64.
    plane : (d, 2) float64: of the space of the three main components the part at a right angle to
        that of constant windows, so that a change of level moves no point.
    """
    middle = rows.mean(axis=0)
    gaps = rows - middle
    main = np.linalg.eigh(gaps.T @ gaps)[1][:, :-4:-1]
    level = main.sum(axis=0)
    norm = float(np.sqrt(level @ level))
    if norm > 1e-9:
        level = level / norm
        # The two of an orthonormal basis that begins with the level; of a fixed sign and order.
        turn = np.linalg.qr(np.column_stack([level, np.eye(3)[:, np.argsort(np.abs(level))[:2]]]))[
            0
        ]
        main = main @ turn[:, 1:]
    return middle, np.ascontiguousarray(main[:, :2])


def path(x: Floats, window: int, middle: Floats, plane: Floats) -> Floats:
    """(n, 2) the points of all windows of (n_rows,) finite values."""
    points = np.zeros((len(x) - window + 1, 2))
    for reading, centre, weights in zip(readings(x, window), middle, plane, strict=True):
        gap = reading - centre
        points[:, 0] += gap * weights[0]
        points[:, 1] += gap * weights[1]
    return points


def crossings(points: Floats, known: Flags) -> Crossings:
    """Where the steps between known points cross the rays; a step goes the shorter way round."""
    angle = np.arctan2(points[:, 1], points[:, 0]) * (RAYS / (2.0 * np.pi))
    turn = np.diff(angle)
    turn -= RAYS * np.round(turn / RAYS)
    begin, forward = angle[:-1], turn > 0
    end = begin + turn
    first = np.where(forward, np.floor(begin) + 1, np.ceil(begin) - 1).astype(np.int64)
    counts = np.where(forward, np.floor(end) - np.floor(begin), np.ceil(begin) - np.ceil(end))
    counts = np.where(known[:-1] & known[1:], counts, 0.0).astype(np.int64)
    windows = np.repeat(np.arange(len(counts)), counts)
    nth = np.arange(len(windows)) - np.repeat(np.cumsum(counts) - counts, counts)
    rays = (first[windows] + np.where(forward[windows], nth, -nth)) % RAYS
    direction = np.exp(2j * np.pi / RAYS * np.arange(RAYS))[rays]
    x, y = points[windows, 0], points[windows, 1]
    dx, dy = points[windows + 1, 0] - x, points[windows + 1, 1] - y
    across = direction.real * dy - direction.imag * dx
    ahead = direction.imag * x - direction.real * y
    share = np.clip(np.divide(ahead, across, out=np.zeros_like(ahead), where=across != 0), 0, 1)
    radii = direction.real * (x + share * dx) + direction.imag * (y + share * dy)
    return Crossings(windows, rays, np.maximum(radii, 0.0))


def nodes_of(found: Crossings) -> tuple[Floats, Floats]:
    """The frequent radii of each ray.

    Returns
    -------
    nodes : (RAYS, MOST_NODES) float64, ascending; infinite beyond the last.
    widths : (RAYS,) float64, > 0: how far apart radii of one node may well be.
    """
    nodes, widths = np.full((RAYS, MOST_NODES), np.inf), np.ones(RAYS)
    order = np.argsort(found.rays, kind="stable")
    bounds = np.searchsorted(found.rays[order], np.arange(RAYS + 1))
    for ray in range(RAYS):
        radii = found.radii[order[bounds[ray] : bounds[ray + 1]]]
        if radii.size:
            peaks, widths[ray] = _frequent(radii)
            nodes[ray, : len(peaks)] = peaks
    return nodes, widths


def _frequent(radii: Floats) -> tuple[Floats, float]:
    """The highest peaks of the density of some radii, ascending, and its bandwidth."""
    # Scott's rule for a kernel of normal shape.
    width = SHARP * 1.06 * float(radii.std()) * len(radii) ** -0.2
    width = max(width, 1e-6 * float(radii.max()), 1e-12)
    low, high = float(radii.min()) - 3.0 * width, float(radii.max()) + 3.0 * width
    counts, edges = np.histogram(radii, bins=GRID, range=(low, high))
    step = float(edges[1] - edges[0])
    kernel = np.exp(-0.5 * np.square(np.arange(-GRID, GRID + 1) * step / width))
    density = np.convolve(counts, kernel)[GRID - 1 : 2 * GRID + 1]  # one place more at each end
    inner = density[1:-1]
    peaks = np.flatnonzero((inner > density[:-2]) & (inner >= density[2:]))
    peaks = peaks[np.argsort(-inner[peaks], kind="stable")[:MOST_NODES]]
    return np.sort(edges[peaks] + 0.5 * step), width


def walk(found: Crossings, nodes: Floats) -> tuple[Integers, Floats]:
    """The number of the nearest node of each crossing, ray · MOST_NODES + its place on the ray,
    and how far away it is."""
    middles = (nodes[:, 1:] + nodes[:, :-1]) / 2.0
    place = np.zeros(len(found.rays), dtype=np.int64)
    for k in range(MOST_NODES - 1):
        place += found.radii > middles[found.rays, k]
    away = np.abs(found.radii - nodes[found.rays, place])
    return found.rays * MOST_NODES + place, away
