"""HBOS, COPOD, PCA and MCD beside PyOD's: speed, one thread, and quality on labelled tables."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
from measured import SHARED, Measured, alone, medians, versus

NAMES = ("hbos", "copod", "pca", "mcd")
SIZES = [(2_000, 20), (20_000, 10), (100_000, 10)]  # rows, columns: MCD


def _ours(name: str, seed: int = 0) -> Any:
    import sonde

    return sonde.create(name, **({"random_state": seed} if name == "mcd" else {}))


def _peer(name: str, seed: int = 0) -> Any:
    from pyod.models.copod import COPOD
    from pyod.models.hbos import HBOS
    from pyod.models.mcd import MCD
    from pyod.models.pca import PCA

    kinds: dict[str, Callable[[], Any]] = {
        "hbos": HBOS,
        "copod": COPOD,
        "pca": PCA,
        "mcd": lambda: MCD(random_state=seed),
    }
    return kinds[name]()


def _rows(n: int, d: int, seed: int = 0) -> Any:
    """Correlated normal rows, one in twenty of them moved away."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, d)) @ rng.normal(size=(d, d))
    rows[::20] += 4.0 * rng.normal(size=(len(rows[::20]), d))
    return rows


def histograms_and_copulas() -> list[Measured]:
    """Learning and scoring a table (PyOD's fit scores what it learns from), and fresh rows."""
    out = []
    x, fresh = _rows(100_000, 10), _rows(100_000, 10, seed=1)
    for name, rounds in [("hbos", 15), ("copod", 5)]:
        ours, peer = _ours(name).fit(x), _peer(name).fit(x)
        out.append(
            versus(
                f"{name}, learn and score 100k × 10",
                "≥ 10×",
                rounds,
                lambda name=name: _ours(name).fit(x).anomaly_scores(x),
                lambda name=name: _peer(name).fit(x),
            )
        )
        out.append(
            versus(
                f"{name}, score 100k fresh rows",
                "≥ 10×",
                rounds,
                lambda ours=ours: ours.anomaly_scores(fresh),
                lambda peer=peer: peer.decision_function(fresh),
            )
        )
    return out


def minimum_covariance() -> list[Measured]:
    out = []
    for n, d in SIZES:
        x = _rows(n, d)
        rounds = 3 if n < 100_000 else 1
        out.append(
            versus(
                f"mcd, fit {n:,} × {d}",
                "≥ 10×",
                rounds,
                lambda x=x: _ours("mcd").fit(x),
                lambda x=x: _peer("mcd").fit(x),
            )
        )
    return out


def one_row() -> list[Measured]:
    x = _rows(20_000, 10)
    row = x[:1].copy()
    models = {name: _ours(name).fit(x) for name in NAMES}
    spent = medians(
        21,
        50,
        **{name: lambda model=model: model.anomaly_scores(row) for name, model in models.items()},
    )
    return [alone(f"{name}, one row", "≤ 50 µs", spent[name], unit="µs") for name in NAMES]


def table_quality() -> list[Measured]:
    """AUROC over the ADBench tables: learned from all rows, all rows scored; MCD over 3 seeds."""
    from sklearn.metrics import roc_auc_score

    out = []
    for name in NAMES:
        found: list[tuple[float, float]] = []
        for path in sorted((SHARED / "adbench").glob("*.npz")):
            with np.load(path) as stored:
                x, y = stored["X"].astype(float), stored["y"]
            try:
                seeds = range(3) if name == "mcd" else range(1)
                peers = [roc_auc_score(y, _peer(name, s).fit(x).decision_scores_) for s in seeds]
            except ValueError:
                continue  # PyOD's PCA divides by variances that are 0
            ours = [roc_auc_score(y, _ours(name, s).fit(x).anomaly_scores(x)) for s in seeds]
            found.append((statistics.mean(ours), statistics.mean(peers)))
        if found:
            all_ours, all_peers = zip(*found, strict=True)
            out.append(
                {
                    "figure": f"{name}, AUROC, mean over {len(found)} tables",
                    "wanted": "equal",
                    "ours_mean": statistics.mean(all_ours),
                    "ours_sd": statistics.stdev(all_ours),
                    "peer_mean": statistics.mean(all_peers),
                    "peer_sd": statistics.stdev(all_peers),
                }
            )
    return out
