"""The service at half load for a while, its memory sampled: soak.py [MINUTES]

Half load: as much as it can do, every other second. What is asked: one row as JSON, and every
tenth second rows as Arrow, a detection and a training, so that the computing process works too.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from pathlib import Path

import httpx
import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))

from service import servers
from service.figures import home_with_models
from service.load import Load, _children, memory_mb, run

ARROW = "application/vnd.apache.arrow.stream"
WARM = 0.2  # share of the time after which memory is compared


def main(minutes: float) -> None:
    rows = np.random.default_rng(2).normal(size=(500, 10))
    one = json.dumps({"rows": rows[:1].tolist()}).encode()
    arrow = pl.DataFrame(rows).write_ipc_stream(None).getvalue()
    samples: list[tuple[float, float, float]] = []
    loads: list[Load] = []
    with servers.ours(home_with_models(), told=True) as server:
        address = f"{server.url}/api/v1/models/forest/predict"
        with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as client:
            began = time.monotonic()
            turn = 0
            while (now := time.monotonic() - began) < 60 * minutes:
                if turn % 5 == 0:
                    _else(client, rows, arrow)
                loads.append(run(address, one, server.pid, headers=server.headers, seconds=1))
                samples.append((now, memory_mb(server.pid), _others(server.pid)))
                time.sleep(loads[-1].seconds)
                turn += 1
    _tell(samples, loads)


def _else(client: httpx.Client, rows: np.ndarray, arrow: bytes) -> None:
    kind = {"content-type": ARROW, "accept": ARROW}
    table = {"rows": rows.tolist()}
    for answer in (
        client.post("/api/v1/models/forest/predict", content=arrow, headers=kind),
        client.post("/api/v1/detect", json=table),
        client.post("/api/v1/models", json={"name": "again", "detector": "ecod"} | table),
        client.get("/metrics"),
    ):
        answer.raise_for_status()


def _others(pid: int) -> float:
    """PSS of all processes that the first one started, megabytes."""
    total = 0.0
    for child in _children(pid):
        try:
            total += memory_mb(child)
        except OSError:  # it ended meanwhile
            continue
    return total


def _tell(samples: list[tuple[float, float, float]], loads: list[Load]) -> None:
    warm = [one for one in samples if one[0] >= WARM * samples[-1][0]]
    minutes = [one[0] / 60 for one in warm]
    rate = statistics.median(load.per_second for load in loads)
    slowest = statistics.median(load.p99_s for load in loads) * 1e3
    asked, failed = sum(load.requests for load in loads), sum(load.failed for load in loads)
    print(f"{len(samples)} samples in {samples[-1][0] / 60:.1f} min; load {os.getloadavg()[0]:.1f}")
    print(f"requests {asked:,}, failed {failed}; median {rate:,.0f}/s, p99 {slowest:.1f} ms")
    for name, place in (("answering process", 1), ("computing processes", 2)):
        values = [one[place] for one in warm]
        slope = np.polyfit(minutes, values, 1)[0]
        print(
            f"{name}: {values[0]:.1f} MB after warming up, {values[-1]:.1f} at the end, "
            f"{max(values):.1f} at most, {slope:+.2f} MB a minute"
        )


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0)
