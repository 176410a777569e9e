"""More and more connections, to twice what the service takes at once, and back: ramp.py [SECONDS]

A request is one row as JSON, answered where it is read, or 2,000 rows as Arrow, for which it
stands in line; there the service takes 32 at once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))

from service import servers
from service.figures import home_with_models
from service.load import run

ARROW = "application/vnd.apache.arrow.stream"
AT_ONCE = 32


def main(seconds: int) -> None:
    rows = np.random.default_rng(2).normal(size=(2000, 10))
    light = json.dumps({"rows": rows[:1].tolist()}).encode()
    heavy = pl.DataFrame(rows, [f"c{i}" for i in range(10)]).write_ipc_stream(None).getvalue()
    print("| body | connections | answered/s | told to come back | p50 ms | p99 ms |")
    print("|---|---|---|---|---|---|")
    home = home_with_models()
    with servers.ours(home, told=True, SONDE_SERVER__CONCURRENCY=str(AT_ONCE)) as server:
        for name, body, media in (
            ("1 row", light, "application/json"),
            ("2,000 rows", heavy, ARROW),
        ):
            for connections in (1, AT_ONCE // 2, AT_ONCE, 2 * AT_ONCE, 1):
                found = run(
                    f"{server.url}/api/v1/models/forest/predict", body, server.pid,
                    media=media, headers=server.headers, connections=connections, seconds=seconds,
                )  # fmt: skip
                fine = (found.requests - found.failed) / found.seconds
                share = found.failed / max(found.requests, 1)
                print(
                    f"| {name} | {connections} | {fine:,.0f} | {share:.1%} "
                    f"| {found.p50_s * 1e3:.2f} | {found.p99_s * 1e3:.2f} |"
                )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
