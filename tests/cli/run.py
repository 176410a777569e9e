"""Runs the command as a person does: another process, its output and exit code."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def sonde(*words: str | Path, stdin: bytes | None = None, cwd: Path | None = None) -> Ran:
    done = subprocess.run(
        [sys.executable, "-m", "sonde", *map(str, words)],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        timeout=120,
        cwd=cwd,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def refused(ran: Ran, code: int) -> str:
    """The message of a refusal, which must be one to three lines and no traceback."""
    assert ran.code == code, ran
    assert ran.out == ""
    lines = ran.err.strip().splitlines()
    assert 1 <= len(lines) <= 3, ran.err
    assert "Traceback" not in ran.err
    assert lines[0].startswith("sonde: ")
    return ran.err
