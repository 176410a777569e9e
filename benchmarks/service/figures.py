"""The service beside a bare endpoint and its peers.

CPU time a request, of all processes of a server, is what counts; the servers take turns, and the
medians of their rounds are compared. Requests a second depend on what else the machine does.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path

import numpy as np
from measured import Measured

from . import servers
from .load import Load, cpu_seconds, memory_mb, run
from .servers import PEERS, Server, free_port, peer_python, running
from .sizes import megabytes, packages

ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = 2
ARROW = "application/vnd.apache.arrow.stream"
Work = Callable[[], Load]


# --- groups ----------------------------------------------------------------------------------


def service_costs() -> list[Measured]:
    """One row as JSON: beside the bare endpoint, without and with everything that is told."""
    one = rows_json(1, 10)
    with ExitStack() as later:
        home = home_with_models()
        bare = later.enter_context(servers.bare())
        quiet = later.enter_context(servers.ours(home))
        told = later.enter_context(servers.ours(home, told=True))
        kept = later.enter_context(servers.ours(home, SONDE_CACHE__ENTRIES="1000"))
        found, shown = in_turns(
            "1 × 10 JSON, 16 connections",
            {
                "bare endpoint": partial(run, bare.url, one, bare.pid, seconds=SECONDS),
                "ours, nothing told": ask(quiet, "forest", one),
                "ours, metrics, log, keys, limits, 1 % traces": ask(told, "forest", one),
                "ours, nothing told, answers kept": ask(kept, "forest", one),
            },
        )
        base, plain, full, _ = found.values()
        alone, more = in_turns(
            "1 × 10 JSON, 1 connection",
            {
                "bare endpoint": partial(
                    run, bare.url, one, bare.pid, connections=1, seconds=SECONDS
                ),
                "ours, nothing told": ask(quiet, "forest", one, connections=1),
                "ours, all told": ask(told, "forest", one, connections=1),
            },
        )
        memory = memory_mb(told.pid)
        return [
            *shown,
            times("nothing told: times the bare endpoint's CPU time", "≤ 2.5×", plain, base),
            times("all told: times the bare endpoint's CPU time", "≤ 4×", full, base),
            *more,
            value("p50 at one connection, nothing told", "≤ 0.25 ms", p50(alone, 1) * 1e3, "ms"),
            value("p50 at one connection, all told", "", p50(alone, 2) * 1e3, "ms"),
            value("memory of the process that answers (PSS)", "≤ 300 MB", memory, "MB"),
        ]


def service_bodies() -> list[Measured]:
    """Wide and tall bodies, JSON and Arrow."""
    with ExitStack() as later:
        home = home_with_models()
        quiet = later.enter_context(servers.ours(home))
        bare = later.enter_context(servers.bare())
        wide, tall = rows_json(1, 500), rows_json(100, 500)
        found, shown = in_turns(
            "16 connections",
            {
                "1 × 10 JSON": ask(quiet, "forest", rows_json(1, 10)),
                "1 × 500 JSON": ask(quiet, "wide", wide),
                "100 × 500 JSON": ask(quiet, "wide", tall),
                "100 × 500 Arrow": ask(quiet, "wide", rows_arrow(100, 500), media=ARROW),
                "100 × 500 JSON, ECOD": ask(quiet, "sums", tall),
                "100 × 500 Arrow, ECOD": ask(quiet, "sums", rows_arrow(100, 500), media=ARROW),
                "1 × 500 JSON, bare endpoint": partial(
                    run, bare.url, wide, bare.pid, seconds=SECONDS
                ),
                "100 × 500 JSON, bare endpoint": partial(
                    run, bare.url, tall, bare.pid, seconds=SECONDS
                ),
            },
        )
        small, broad, *_ = found.values()
        return [
            *shown,
            times("1 × 500 JSON: times the CPU time of 1 × 10", "≤ 1.5×", broad, small),
            rate("100 × 500 JSON", "≥ 700/s", found["100 × 500 JSON"]),
            rate("100 × 500 Arrow", "≥ 1,500/s", found["100 × 500 Arrow"]),
        ]


def service_peers() -> list[Measured]:
    """One row as JSON, all told: beside the peers with a forest of their own and with a line."""
    one = rows_json(1, 10)
    rows = rows_of(1, 10)
    v2 = {"inputs": [{"name": "x", "shape": [1, 10], "datatype": "FP64", "data": rows[0]}]}
    tensor, named = json.dumps(v2).encode(), json.dumps({"inputs": rows}).encode()
    with ExitStack() as later:
        home = home_with_models()
        told = later.enter_context(servers.ours(home, told=True))
        work = {"ours": ask(told, "forest", one)}
        models = Path(later.enter_context(tempfile.TemporaryDirectory()))
        if learned("mlserver", models):
            them = later.enter_context(servers.mlserver(models / "mlserver"))
            for name in ("forest", "linear"):
                work[f"MLServer, {name}"] = at(them, f"/{name}/infer", tensor)
        if learned("mlflow", models):
            for name in ("forest", "linear"):
                them = later.enter_context(servers.mlflow(models / "mlflow", name))
                work[f"MLflow, {name}"] = at(them, "", named)
        if learned("bentoml", models):
            them = later.enter_context(servers.bentoml(models / "bentoml"))
            for name in ("forest", "linear"):
                work[f"BentoML, {name}"] = at(them, f"/{name}", one)
        found, shown = in_turns("1 × 10 JSON, 16 connections", work)
        wanted = {"MLServer": "≥ 2×", "MLflow": "≥ 4×", "BentoML": "≥ 4×"}
        compared = [
            times(
                f"{name}: times our CPU time", wanted[name.partition(",")[0]], load, found["ours"]
            )
            for name, load in found.items()
            if name != "ours"
        ]
        return [*shown, *compared]


def service_batching() -> list[Measured]:
    """A scikit-learn forest through HTTP: requests joined, and each by itself.

    One thread for predictions, as scikit-learn changes the filters of warnings for all threads.
    """
    one = rows_json(1, 10)
    settings = {"SONDE_SERVER__THREADS": "1"}
    with ExitStack() as later:
        home = Path(later.enter_context(tempfile.TemporaryDirectory()))
        joined = later.enter_context(servers.uncompiled(home / "a", **settings))
        apart = later.enter_context(
            servers.uncompiled(home / "b", SONDE_BATCHING__ENABLED="false", **settings)
        )
        rows = []
        for connections, wanted in ((1, "≥ 0.9×"), (16, "≥ 4×"), (64, "≥ 15×")):
            found, shown = in_turns(
                f"scikit-learn forest, 1 × 10 JSON, {connections} connections",
                {
                    name: partial(settled, server, one, connections)
                    for name, server in (("joined", joined), ("each by itself", apart))
                },
            )
            ours, theirs = (median(loads, "per_second") for loads in found.values())
            figure = f"{connections} connections: requests/s joined, of those each by itself"
            rows += [*shown, value(figure, wanted, ours / theirs, "×")]
        return rows


def service_processes() -> list[Measured]:
    """From start to ready, and what the extra adds to an installation."""
    spent, worked = [], []
    environment = {"SONDE_HOME": str(home_with_models())}
    for _ in range(ROUNDS + 1):
        port = free_port()
        words = [sys.executable, "-m", "sonde", "serve", "--port", str(port), "--model", "forest"]
        started = time.perf_counter()
        with running(words, f"http://127.0.0.1:{port}/ready", environment) as pid:
            spent.append(time.perf_counter() - started)
            worked.append(cpu_seconds(pid, below=False))
    added = packages("sonde[serve]") - packages("sonde")
    size = sum(map(megabytes, added))
    return [
        value(
            "from start to ready, a model named, warm", "≤ 3 s", statistics.median(spent[1:]), "s"
        ),
        value("… the fastest", "", min(spent[1:]), "s"),
        value("… CPU time of the process", "", statistics.median(worked[1:]), "s"),
        value(f"sonde[serve] adds {len(added)} packages", "≤ 120 MB", size, "MB"),
    ]


UNDER_LOAD = [service_costs, service_bodies, service_peers, service_batching]


# --- what is asked ---------------------------------------------------------------------------


@cache
def rows_of(n: int, d: int) -> list[list[float]]:
    values: list[list[float]] = np.random.default_rng(1).normal(size=(n, d)).round(6).tolist()
    return values


def rows_json(n: int, d: int) -> bytes:
    return json.dumps({"rows": rows_of(n, d)}).encode()


def rows_arrow(n: int, d: int) -> bytes:
    import polars as pl

    values = np.array(rows_of(n, d))
    frame = pl.DataFrame(values, schema=[f"c{i}" for i in range(d)])
    return frame.write_ipc_stream(None, compat_level=pl.CompatLevel.oldest()).getvalue()


@cache
def home_with_models() -> Path:
    """A registry with ``forest`` (10 columns), ``wide`` (500) and ``sums`` (500, ECOD)."""
    home = Path(tempfile.mkdtemp(prefix="sonde-bench-"))
    atexit.register(shutil.rmtree, home)
    for name, detector, n, d in (
        ("forest", "isolation_forest", 5000, 10),
        ("wide", "isolation_forest", 2000, 500),
        ("sums", "ecod", 2000, 500),
    ):
        file = home / f"{name}.npy"
        np.save(file, np.random.default_rng(0).normal(size=(n, d)))
        words = [sys.executable, "-m", "sonde", "train", str(file), "--name", name]
        subprocess.run(
            [*words, "--model", detector],
            check=True,
            capture_output=True,
            env=os.environ | {"SONDE_HOME": str(home)},
        )
    return home


def learned(name: str, folder: Path) -> bool:
    """Let a peer learn from the rows that our forest learned from; False where it is not there."""
    python = peer_python(name)
    if python is None:
        print(f"{name} is not in {PEERS}: left out", file=sys.stderr)
        return False
    rows = folder / "rows.npy"
    np.save(rows, np.random.default_rng(0).normal(size=(5000, 10)))
    words = [str(python), str(Path(__file__).parent / "peers/learn.py"), str(rows)]
    subprocess.run([*words, str(folder / name), name], check=True, capture_output=True)
    return True


def settled(server: Server, body: bytes, connections: int) -> Load:
    """A round, and then until what its callers left behind is done: it waits in a line."""
    load = at(server, "", body, connections=connections)()
    asked = urllib.request.Request(server.url, body, {"Content-Type": "application/json"})
    urllib.request.urlopen(asked, timeout=60).close()
    return load


def ask(
    server: Server,
    model: str,
    body: bytes,
    *,
    media: str = "application/json",
    connections: int = 16,
) -> Work:
    address = f"/api/v1/models/{model}/predict"
    return at(server, address, body, media=media, connections=connections)


def at(
    server: Server,
    path: str,
    body: bytes,
    *,
    media: str = "application/json",
    connections: int = 16,
) -> Work:
    return partial(
        run,
        server.url + path,
        body,
        server.pid,
        media=media,
        headers=server.headers,
        connections=connections,
        seconds=SECONDS,
    )


# --- what is told ----------------------------------------------------------------------------


def in_turns(what: str, work: dict[str, Work]) -> tuple[dict[str, list[Load]], list[Measured]]:
    """Rounds of everything, one after the other, after one that nobody counts; and their lines."""
    found: dict[str, list[Load]] = {name: [] for name in work}
    for turn in range(ROUNDS + 1):
        for name, one in work.items():
            load = one()
            if not turn:  # models are loaded and measured
                continue
            if load.failed or not load.requests:
                raise SystemExit(f"{what}, {name}: {load.failed} of {load.requests} failed")
            found[name].append(load)
    return found, [line(f"{what}: {name}", loads) for name, loads in found.items()]


def median(loads: list[Load], what: str) -> float:
    return float(statistics.median(getattr(load, what) for load in loads))


def p50(found: dict[str, list[Load]], i: int) -> float:
    return median(list(found.values())[i], "p50_s")


def line(figure: str, loads: list[Load]) -> Measured:
    """CPU time a request, with what was seen beside it."""
    told = (
        f"µs CPU, {median(loads, 'per_second'):,.0f}/s, p50 {median(loads, 'p50_s') * 1e3:.2f} ms, "
        f"p99 {median(loads, 'p99_s') * 1e3:.1f} ms"
    )
    return value(figure, "", median(loads, "cpu_us"), told)


def times(figure: str, wanted: str, loads: list[Load], others: list[Load]) -> Measured:
    return value(figure, wanted, median(loads, "cpu_us") / median(others, "cpu_us"), "×")


def rate(figure: str, wanted: str, loads: list[Load]) -> Measured:
    """Requests a second, and how many there would be if the server had a core to itself."""
    per_core = 1e6 / median(loads, "cpu_us")
    return value(figure, wanted, median(loads, "per_second"), f"/s; {per_core:.0f} a core's second")


def value(figure: str, wanted: str, number: float, unit: str) -> Measured:
    return {"figure": figure, "wanted": wanted, "ours": number, "unit": unit}
