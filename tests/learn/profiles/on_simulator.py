"""Run with NUMBA_ENABLE_CUDASIM=1: the joins of series in an .npz, as the simulator finds them.

What is simulated is decided when numba is imported, so this is a process of its own. A device's
threads are Python's here: about 0.2 ms a pair of windows.
"""

from __future__ import annotations

import sys

import numpy as np

from sonde.kernels.cuda_join import Launch
from sonde.learn.profiles import gpu
from sonde.learn.profiles.joins import Neighbours

# So small that a few dozen windows are several strips, blocks and threads.
LAUNCHES = [Launch(3, 2, 16), Launch(1, 1, 4), Launch(2, 5, 64)]


def main(given: str, written: str) -> None:
    found: dict[str, np.ndarray] = {}
    with np.load(given) as cases:
        for key in cases.files:
            name, window, kind = key.split("|")
            if kind == "other":
                continue
            x, m = cases[key], int(window)
            launches = LAUNCHES if name == "plain" else LAUNCHES[:1]
            for i, launch in enumerate(launches):
                keep(found, f"{name}|self|{i}", gpu.self_join(x, m, launch=launch))
                other = cases[f"{name}|{window}|other"]
                keep(found, f"{name}|cross|{i}", gpu.cross_join(x, other, m, launch=launch))
    np.savez(written, **found)  # type: ignore[arg-type]


def keep(found: dict[str, np.ndarray], name: str, neighbours: Neighbours) -> None:
    for field, values in vars(neighbours).items():
        if values is not None:
            found[f"{name}|{field}"] = values


if __name__ == "__main__":
    main(*sys.argv[1:])
