"""What processes a service has, and waiting for what must come about."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

PATIENCE_S = 60.0


def until(what: Callable[[], Any], seconds: float = PATIENCE_S) -> Any:
    """What ``what`` gives once it is true; a connection that fails counts as not yet."""
    end = time.monotonic() + seconds
    found: Any = None
    while time.monotonic() < end:
        try:
            found = what()
        except httpx.TransportError as error:
            found = None
            last: Any = error
        else:
            last = found
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s; last: {last!r}")


def below(pid: int) -> list[int]:
    """All processes that this one started, and those that they did."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(one) for one in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *below(child)]
    return found


def commands(pids: list[int]) -> dict[int, str]:
    """The command lines of those that are alive."""
    found = {}
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if text:
            found[pid] = text
    return found


def of_home(home: Path) -> list[int]:
    """Every living process whose environment names this SONDE_HOME."""
    wanted, found = f"SONDE_HOME={home}".encode(), []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                is_its = wanted in (entry / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if is_its and commands([int(entry.name)]):
                found.append(int(entry.name))
    return found
