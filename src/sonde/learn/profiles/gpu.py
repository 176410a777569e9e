"""The matrix profile on an NVIDIA GPU.

The device compares all pairs in float64; everything before and after it is done here, as for the
other joins. Correlations are rounded in another order than on a CPU: where two neighbours are
equal but for rounding, another one may be named, at the same distance but for rounding.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...core.progress import tell
from ...errors import InvalidInput, MissingExtra
from ...kernels.profile_join import settle_constants
from ...kernels.windows import cleaned, inverse, kinds, moments, restarts, steps
from .joins import Neighbours, cross_neighbours, self_neighbours

if TYPE_CHECKING:
    from ...kernels.cuda_join import Join, Launch, Side

Floats = NDArray[np.float64]

# What is left of larger numbers' rounding would show where a norm falls below this share of them.
FALL = 0.03
# A device runs hundreds of blocks together: a short series is cut into more of them.
BLOCKS, LEAST_ROWS = 64, 256


def device() -> Any:
    """The module that compares on the device, once it is certain that there is one.

    Raises
    ------
    MissingExtra : nothing that compiles for GPUs is installed.
    InvalidInput : no GPU, or no driver; the sentence says what was looked for.
    """
    try:
        from ...kernels import cuda_join
    except ImportError as failure:
        raise MissingExtra(
            f"profiles on a GPU need numba-cuda ({failure}): pip install 'sonde[gpu]'",
            extra="gpu",
            module="numba.cuda",
        ) from None
    problem = cuda_join.problem()
    if problem is None:
        return cuda_join
    if problem == cuda_join.NO_COMPILER:
        raise MissingExtra(
            "there is a GPU, but no CUDA toolkit that compiles for it: pip install 'sonde[gpu]'",
            extra="gpu",
            module="numba.cuda",
        )
    raise InvalidInput(
        f"device='gpu' needs an NVIDIA GPU and its driver ({problem}); "
        "device='cpu' gives the same profile"
    )


def self_join(x: Floats, window: int, *, launch: Launch | None = None) -> Neighbours:
    """For each window of ``x`` the nearest others, as ``joins.self_join`` gives them.

    Parameters
    ----------
    x : (n,) float64; a window with NaN or infinity has distance inf and index −1.
    window : 2 ≤ window ≤ n.
    launch : how the work is cut; by the number of windows when None.

    Raises
    ------
    MissingExtra, InvalidInput : no GPU can be used; says why and what to do.
    """
    gpu, n, zone = device(), len(x) - window + 1, math.ceil(window / 4)
    side, own = _prepared(gpu, x, window), kinds(x, window)
    join = gpu.Join(side, side, window, zone + 1, launch or _launch(gpu, n))
    _walked(join, zone + 1, n)
    later, earlier = join.of_rows(), join.of_columns()
    settle_constants(own, own, zone + 1, n, *later)
    settle_constants(own, own, -n, -zone - 1, *earlier)
    return self_neighbours(x, window, earlier[1], later[1], threads=2)


def cross_join(
    x: Floats, other: Floats, window: int, *, launch: Launch | None = None
) -> Neighbours:
    """For each window of ``x`` the nearest of ``other``; otherwise as ``self_join``."""
    gpu, n, n_other = device(), len(x) - window + 1, len(other) - window + 1
    rows, columns = _prepared(gpu, x, window), _prepared(gpu, other, window)
    join = gpu.Join(rows, columns, window, 1 - n, launch or _launch(gpu, n))
    _walked(join, 1 - n, n_other)
    nearest = join.of_rows()
    settle_constants(kinds(x, window), kinds(other, window), -n, n_other, *nearest)
    return cross_neighbours(x, other, window, nearest[1])


def _prepared(gpu: Any, x: Floats, window: int) -> Side:
    values = cleaned(x)
    rises, norms = moments(values, window)
    df, dg = steps(values, rises, window)
    anew = restarts(norms, FALL)
    df[anew], dg[anew] = np.nan, np.nan
    side: Side = gpu.Side(values, rises, (df, dg), inverse(norms, kinds(x, window)))
    return side


def _launch(gpu: Any, n_rows: int) -> Launch:
    chosen = gpu.Launch()
    rows = min(chosen.rows, max(LEAST_ROWS, -(-n_rows // BLOCKS) // 4 * 4))
    launch: Launch = gpu.Launch(chosen.threads, chosen.groups, rows)
    return launch


def _walked(join: Join, first: int, stop: int) -> None:
    for diagonal in range(first, stop, join.strip):
        join.walk(diagonal)
        tell("comparing windows", min(1.0, (diagonal + join.strip - first) / (stop - first)))
