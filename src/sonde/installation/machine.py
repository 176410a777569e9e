"""Cores and memory, as far as this process may use them."""

from __future__ import annotations

import os
from pathlib import Path

from .finding import Finding

CGROUP = Path("/sys/fs/cgroup")
MEGABYTE = 2**20
# `sonde detect` on a file of 10,000 rows peaked at 240 to 310 MB, most of it for the libraries.
LEAST_MEMORY_MB = 512


def cores() -> list[Finding]:
    """The cores that this process may run on, and a container's share of them."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    limit = core_limit()
    shown = f"{usable}" if limit is None else f"{usable}, limited to {limit:g} of them"
    return [Finding("machine", "cores", "fine", shown)]


def memory(root: Path = CGROUP, meminfo: Path = Path("/proc/meminfo")) -> list[Finding]:
    """What may be used of the memory; too little is a fault."""
    total, free = _machine_memory_mb(meminfo)
    limit = memory_limit_mb(root)
    usable = [mb for mb in (total, limit) if mb is not None]
    if not usable:
        return [Finding("machine", "memory", "fine", "unknown on this system")]
    most = min(usable)
    shown = f"{most:,} MB"
    shown += " (a limit of the container)" if limit == most and limit != total else ""
    shown += "" if free is None else f", {min(free, most):,} MB free"
    if most < LEAST_MEMORY_MB:
        remedy = f"give it {LEAST_MEMORY_MB} MB or more"
        return [Finding("machine", "memory", "wrong", shown, remedy)]
    return [Finding("machine", "memory", "fine", shown)]


def memory_limit_mb(root: Path = CGROUP) -> int | None:
    """The container's memory limit in megabytes; None without one."""
    for name in ("memory.max", "memory/memory.limit_in_bytes"):  # cgroup 2, cgroup 1
        text = _first_line(root / name)
        # Version 1 says "no limit" by a number near 2**63.
        if text is not None and text.isdigit() and int(text) < 2**60:
            return int(text) // MEGABYTE
    return None


def core_limit(root: Path = CGROUP) -> float | None:
    """How many cores' time the container may use; None without a limit."""
    both = (_first_line(root / "cpu.max") or "").split()
    if not both:
        quota = _first_line(root / "cpu/cpu.cfs_quota_us")
        period = _first_line(root / "cpu/cpu.cfs_period_us")
        both = [quota, period] if quota is not None and period is not None else []
    if len(both) != 2 or not all(part.isdigit() for part in both) or int(both[1]) == 0:
        return None
    return int(both[0]) / int(both[1])


def _machine_memory_mb(meminfo: Path) -> tuple[int | None, int | None]:
    """Total and available memory of the machine; None where the system does not say."""
    try:
        lines = meminfo.read_text(encoding="ascii").splitlines()
    except OSError:
        return None, None
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines if ":" in line}
    total, free = kilobytes.get("MemTotal"), kilobytes.get("MemAvailable")
    return (None if total is None else total // 1024, None if free is None else free // 1024)


def _first_line(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return None
