"""Load by wrk, and what it costs the server: CPU time of all its processes, a request."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
_SCRIPT = """
wrk.method = "POST"
wrk.headers = {headers}
local file = io.open("{body}", "rb")
wrk.body = file:read("*a")
file:close()
"""


@dataclass(frozen=True)
class Load:
    """One run: requests, seconds of the wall and of the server's CPU, latencies in seconds."""

    requests: int
    failed: int
    seconds: float
    cpu_s: float
    p50_s: float
    p99_s: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def cpu_us(self) -> float:
        """CPU microseconds a request."""
        return 1e6 * self.cpu_s / max(self.requests, 1)


def run(
    url: str,
    body: bytes,
    pid: int,
    *,
    media: str = "application/json",
    headers: dict[str, str] | None = None,
    connections: int = 16,
    seconds: int = 5,
) -> Load:
    """POST ``body`` for a while; ``pid`` is the server's first process."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise SystemExit("these figures need wrk (Debian: apt-get install wrk)")
    with tempfile.TemporaryDirectory() as folder:
        data, script = Path(folder, "body"), Path(folder, "post.lua")
        data.write_bytes(body)
        given = {"Content-Type": media} | (headers or {})
        table = (
            "{" + ", ".join(f"[{json.dumps(k)}] = {json.dumps(v)}" for k, v in given.items()) + "}"
        )
        script.write_text(_SCRIPT.format(headers=table, body=data))
        before = cpu_seconds(pid)
        command = [wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
        command += ["--timeout", "60s", "-s", str(script), url]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        spent = cpu_seconds(pid) - before
    count, took = re.search(r"(\d+) requests in ([\d.]+)(us|ms|s|m)", told).groups()[:2]  # type: ignore[union-attr]
    failed = sum(map(int, re.findall(r"Non-2xx or 3xx responses: (\d+)", told)))
    errors = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", told)
    failed += sum(map(int, errors.groups())) if errors else 0
    return Load(int(count), failed, float(took), spent, _latency(told, "50"), _latency(told, "99"))


def cpu_seconds(pid: int, *, below: bool = True) -> float:
    """CPU time of a process, and of those it started that are alive."""
    total = 0.0
    for one in [pid, *(_children(pid) if below else ())]:
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += (int(fields[11]) + int(fields[12])) / TICKS
    return total


def memory_mb(pid: int) -> float:
    """Proportional set size of a process alone, megabytes."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE).group(1)) / 1024  # type: ignore[union-attr]


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return found
    for task in tasks:
        try:
            children = (task / "children").read_text().split()
        except OSError:
            continue
        for child in map(int, children):
            found += [child, *_children(child)]
    return found


def _latency(told: str, share: str) -> float:
    value, unit = re.search(rf"^\s+{share}%\s+([\d.]+)(us|ms|s|m)", told, re.MULTILINE).groups()  # type: ignore[union-attr]
    return float(value) * _UNITS[unit]
