"""How long a person waits: import, help, the first run ever, a run."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measured import Measured, alone


def command(*words: str, rounds: int = 5, **more: str) -> float:
    """Median seconds of a whole process."""
    spent = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, *words], check=True, capture_output=True, env=os.environ | more
        )
        spent.append(time.perf_counter() - started)
    return statistics.median(spent[1:])


def start_up() -> list[Measured]:
    import sonde

    taxi = str(sonde.datasets.path("nyc_taxi"))
    bare = command("-c", "pass", rounds=11)
    imported = command("-c", "import sonde", rounds=11)
    with tempfile.TemporaryDirectory() as folder:
        report = str(Path(folder) / "report.html")
        detect = command("-m", "sonde", "detect", taxi, "--report", report)
    return [
        alone("import sonde (less bare Python)", "< 50 ms", imported - bare),
        alone("sonde --help", "< 300 ms", command("-m", "sonde", "--help", rounds=11)),
        alone("sonde detect nyc_taxi --report, warm", "< 3 s", detect, unit="s"),
        first_run(taxi),
    ]


def first_run(taxi: str) -> Measured:
    """The first run ever: a copy of the package that nothing was compiled for."""
    import shutil

    import sonde

    with tempfile.TemporaryDirectory() as folder:
        package = Path(sonde.__file__).parent
        shutil.copytree(
            package, Path(folder) / "sonde", ignore=shutil.ignore_patterns("__pycache__")
        )
        report = str(Path(folder) / "report.html")
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "sonde", "detect", taxi, "--report", report],
            check=True,
            capture_output=True,
            text=True,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": folder},
        )
        spent = time.perf_counter() - started
    assert "compiling" in done.stderr
    return alone("the first run ever", "≤ 15 s", spent, unit="s")
