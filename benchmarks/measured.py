"""Ours and the peer's work in turns: what every group of figures is made with.

Each figure is measured in rounds: ours and the peer's take turns, so that a slow moment of the
machine hits both; the medians and their ratio are told.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SHARED = HERE.parents[1] / "shared" / "data"
Measured = dict[str, Any]


def medians(rounds: int, calls: int = 1, **work: Callable[[], Any]) -> dict[str, float]:
    """Median seconds of each piece of work; they take turns, after one unmeasured call each.

    A turn is ``calls`` calls in a row, of which the mean counts.
    """
    for call in work.values():
        call()
    spent: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, call in work.items():
            started = time.perf_counter()
            for _ in range(calls):
                call()
            spent[name].append((time.perf_counter() - started) / calls)
    return {name: statistics.median(times) for name, times in spent.items()}


def versus(figure: str, wanted: str, rounds: int, ours: Any, peer: Any, calls: int = 1) -> Measured:
    spent = medians(rounds, calls, ours=ours, peer=peer)
    return {
        "figure": figure,
        "wanted": wanted,
        "ours_ms": spent["ours"] * 1e3,
        "peer_ms": spent["peer"] * 1e3,
        "ratio": spent["peer"] / spent["ours"],
    }


def alone(figure: str, wanted: str, seconds: float, per: int = 1, unit: str = "ms") -> Measured:
    factor = {"s": 1.0, "ms": 1e3, "µs": 1e6}[unit]
    return {"figure": figure, "wanted": wanted, "ours": seconds / per * factor, "unit": unit}


def shown(found: Measured) -> str:
    if "ratio" in found:
        text = f"{found['ours_ms']:.3g} ms | {found['peer_ms']:.3g} ms | {found['ratio']:.1f}×"
    elif "ours_mean" in found:
        text = (
            f"{found['ours_mean']:.3f} ± {found['ours_sd']:.3f} | "
            f"{found['peer_mean']:.3f} ± {found['peer_sd']:.3f} |"
        )
    else:
        text = f"{found['ours']:.3g} {found['unit']} | |"
    return f"| {found['figure']} | {found['wanted']} | {text} |"
