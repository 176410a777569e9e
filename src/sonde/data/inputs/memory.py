"""How much memory this process may still take."""

from __future__ import annotations

import os
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_GROUPS = Path("/proc/self/cgroup")
_TREE = Path("/sys/fs/cgroup")


def available_memory() -> int:
    """Bytes that can be taken without swapping: what is free here, or what the container leaves.

    Half of all memory where the system tells no more than that.
    """
    free = [_free_here(), *_left_by_groups()]
    return max(0, min(free))


def _free_here() -> int:
    try:
        for line in _MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    except OSError:  # not Linux
        pass
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _left_by_groups() -> list[int]:
    """What each control group above this process leaves; a limit anywhere on the way counts."""
    try:
        lines = _GROUPS.read_text().splitlines()
    except OSError:
        return []
    left: list[int] = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            left += _left(_TREE, path, "memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes")
            left += _left(_TREE / "memory", path, *names)
    return left


def _left(root: Path, path: str, limit_name: str, used_name: str) -> list[int]:
    left: list[int] = []
    folder = root / path.lstrip("/")
    # Inside a container the path may be that of the host, which is not there: the root is then it.
    for group in {folder, *folder.parents, root}:
        if group != root and root not in group.parents:
            continue
        try:
            limit = (group / limit_name).read_text().strip()
            used = int((group / used_name).read_text())
        except OSError:
            continue
        if limit != "max":
            left.append(int(limit) - used + _reclaimable(group))
    return left


def _reclaimable(group: Path) -> int:
    """Cached files are counted as used, and are given up when memory is wanted."""
    try:
        lines = (group / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))
