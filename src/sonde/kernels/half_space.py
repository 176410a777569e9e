"""Half-space trees that stand for good, and the masses of rows that fall into their parts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel

Floats = NDArray[np.float64]
Numbers = NDArray[np.int32]

# Entries of ``clock``: rows learned in all, rows in the window that fills, rows behind the
# masses that judge.
ROWS, LATEST, BEHIND, N_CLOCK = 0, 1, 2, 3
# The masses of a node: those that judge, and those of the window that fills.
JUDGING, FILLING = 0, 1


@exact_kernel
def _counted(row: Floats, least: float, columns: Numbers, cuts: Floats, masses: Numbers) -> float:
    # Count the row in the window that fills; the mean over the trees of mass · 2^depth where it
    # comes to rest. One walk to the leaf for both, without a branch that depends on the row: what
    # takes time are wrong guesses and waiting for the nodes.
    n_trees: int = columns.shape[0]
    n_inner = columns.shape[1]
    total = 0.0
    for t in range(n_trees):
        node, grown, found, moving = 0, 1.0, 0.0, 1.0
        while node < n_inner:
            mass = float(masses[t, node, JUDGING])
            masses[t, node, FILLING] += 1
            moves = moving if mass > least else 0.0
            found += (moving - moves) * mass * grown
            moving = moves
            node = 2 * node + 1 + int(row[columns[t, node]] > cuts[t, node])
            grown *= 2.0
        masses[t, node, FILLING] += 1
        total += found + moving * float(masses[t, node, JUDGING]) * grown
    return total / n_trees


@exact_kernel
def _blamed(
    row: Floats, least: float, columns: Numbers, cuts: Floats, masses: Numbers, share: Floats
) -> None:
    # Add to the columns' shares: a cut is to blame for how much less than half it leaves.
    for t in range(columns.shape[0]):
        node, mass = 0, float(masses[t, 0, JUDGING])
        while node < columns.shape[1] and mass > least:
            column = columns[t, node]
            node = 2 * node + 1 + int(row[column] > cuts[t, node])
            below = float(masses[t, node, JUDGING])
            share[column] += max(np.log2((mass + 1.0) / (2.0 * below + 1.0)), 0.0)
            mass = below


@exact_kernel
def _turned(clock: NDArray[np.int64], masses: Numbers) -> None:
    # The window is full: its masses judge from here on, and the next begins.
    for t in range(masses.shape[0]):
        for node in range(masses.shape[1]):
            masses[t, node, JUDGING] = masses[t, node, FILLING]
            masses[t, node, FILLING] = 0
    clock[BEHIND] = clock[LATEST]
    clock[LATEST] = 0


@exact_kernel
def half_space_run(
    x: Floats,
    window: int,
    least_share: float,
    clock: NDArray[np.int64],
    columns: Numbers,
    cuts: Floats,
    masses: Numbers,
    scores: Floats,
    shares: Floats,
) -> None:
    """Score each row with the masses of the window before it, then count it; changes the masses.

    Node ``i`` has the children 2i + 1 (at most the cut) and 2i + 2. A tree gives a row the mass
    of the node where it comes to rest, times 2^depth; the score is log2 of the largest mean of
    the trees that there can be over the row's, in rows, each plus one.

    Parameters
    ----------
    x : (n, d) float64; a row with NaN or infinity gets no score and is not counted.
    window : rows after which the masses that judge are replaced by those of the rows since.
    least_share : of the rows behind the masses; a row comes to rest in a node that holds no more.
    clock : (3,) int64: rows learned, rows in the window that fills, rows behind the masses that
        judge; while there are none, no row gets a score.
    columns, cuts : (n_trees, 2^height − 1): the column that each inner node cuts, and where.
    masses : (n_trees, 2^(height + 1) − 1, 2) int32: rows that fell into each node, of the window
        that judges and of the one that fills.
    scores : (n,) out: 0 … height + log2(rows behind the masses + 1).
    shares : (n, d) out, or (0, d): how much each column made a row strange, ≥ 0.
    """
    fullest = float(columns.shape[1] + 1)
    for i in range(x.shape[0]):
        scores[i] = np.nan
        row = x[i]
        whole = True
        for j in range(x.shape[1]):
            whole = whole and np.isfinite(row[j])
        if shares.shape[0] > 0:
            shares[i, :] = 0.0
        if not whole:
            continue
        behind = float(clock[BEHIND])
        least = least_share * behind
        if shares.shape[0] > 0 and behind > 0.0:
            _blamed(row, least, columns, cuts, masses, shares[i])
        mean = _counted(row, least, columns, cuts, masses)
        if behind > 0.0:
            scores[i] = np.log2((behind * fullest + 1.0) / (mean + 1.0))
        clock[ROWS] += 1
        clock[LATEST] += 1
        if clock[LATEST] >= window:
            _turned(clock, masses)
