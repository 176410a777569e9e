"""k-NN and LOF beside scikit-learn's: from few rows to many, from few columns to many, one thread.

CPU time, medians of rounds in turns. ``python benchmarks/neighbours.py [n …]`` prints the table;
set OMP_NUM_THREADS=1 so that matrix products of both take one thread.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

SIZES, COLUMNS = (1_000, 10_000, 50_000), (2, 6, 16, 40, 100)
N_NEIGHBORS = {"knn": 5, "lof": 20}  # the defaults of both sides


def rows_of(kind: str, n: int, d: int, seed: int) -> Any:
    """``"normal"``: columns that do not hang together, the hardest; ``"related"``: four causes."""
    rng = np.random.default_rng(seed)
    own = rng.normal(size=(n, d))
    if kind == "normal":
        return own
    return rng.normal(size=(n, 4)) @ np.random.default_rng(0).normal(size=(4, d)) + 0.05 * own


def spent(work: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, call in work.items():
            started = time.process_time()
            call()
            times[name].append(time.process_time() - started)
    return {name: statistics.median(found) for name, found in times.items()}


def work_of(what: str, x: Any, fresh: Any) -> dict[str, Callable[[], Any]]:
    """Ours and the peer's: LOF learns from rows and scores them; k-NN scores fresh rows."""
    from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

    import sonde

    k = N_NEIGHBORS[what]
    if what == "lof":
        return {
            "ours": lambda: sonde.create("lof", n_neighbors=k).fit(x),
            "peer": lambda: LocalOutlierFactor(n_neighbors=k).fit(x),
        }
    ours, peer = sonde.create("knn", n_neighbors=k).fit(x), NearestNeighbors(n_neighbors=k).fit(x)
    return {
        "ours": lambda: ours.anomaly_scores(fresh),
        "peer": lambda: peer.kneighbors(fresh),
    }


def main(sizes: tuple[int, ...]) -> None:
    out = sys.stdout.write
    out("| what | rows | columns | kind | ours | scikit-learn | ratio |\n")
    out("| --- | --- | --- | --- | --- | --- | --- |\n")
    tiny = rows_of("normal", 60, 3, 0)
    for what in N_NEIGHBORS:
        for call in work_of(what, tiny, tiny).values():
            call()
    for n in sizes:
        for d in COLUMNS:
            for kind in ("normal", "related"):
                x, fresh = rows_of(kind, n, d, 1), rows_of(kind, n, d, 2)
                for what in N_NEIGHBORS:
                    found = spent(work_of(what, x, fresh), {1_000: 11, 10_000: 3}.get(n, 1))
                    out(
                        f"| {what} | {n:,} | {d} | {kind} | {found['ours'] * 1e3:.3g} ms | "
                        f"{found['peer'] * 1e3:.3g} ms | {found['peer'] / found['ours']:.1f}× |\n"
                    )
                    sys.stdout.flush()


if __name__ == "__main__":
    main(tuple(int(one) for one in sys.argv[1:]) or SIZES)
