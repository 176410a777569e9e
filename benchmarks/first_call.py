"""How long a first call takes: on a machine that compiled nothing yet, and in a new process.

python benchmarks/first_call.py

Each figure stands twice: as time on the clock, which other work on the machine lengthens, and as
time of the processor.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

from measured import Measured, alone, shown

# In a new process: the import of one family, and the first call of one of its kernels, as far as
# the code that is to be called.
_ONE = """
import json, sys, time
import numba
from sonde.kernels.warm import argument_types
family, kernel, call = sys.argv[1:]
started, spent = time.perf_counter(), time.process_time()
from importlib import import_module
module = import_module("sonde.kernels." + family)
getattr(module, kernel).compile(argument_types(call, module))
print(json.dumps([time.perf_counter() - started, time.process_time() - spent]))
"""
_ALL = """
import json, time
started, spent = time.perf_counter(), time.process_time()
from sonde.kernels.warm import families, warm
assert not any([warm(family).compiled for family in families()])
print(json.dumps([time.perf_counter() - started, time.process_time() - spent]))
"""
ROUNDS = 3


def first_call() -> list[Measured]:
    from sonde.kernels.entries import ENTRIES

    with tempfile.TemporaryDirectory() as folder:
        there = {"NUMBA_CACHE_DIR": folder}
        first, first_cpu = _command("-m", "sonde", "warm", "--quiet", **there)
        again, again_cpu = _command("-m", "sonde", "warm", "--quiet", **there)
        every, every_cpu = (
            statistics.median(spent)
            for spent in zip(*(_told(_ALL, **there) for _ in range(ROUNDS)), strict=True)
        )
        slowest, slowest_cpu, name = 0.0, 0.0, ""
        for family, kernels in ENTRIES.items():
            for kernel, calls in kernels.items():
                spent = [_told(_ONE, family, kernel, calls[0], **there) for _ in range(ROUNDS)]
                clock, cpu = (statistics.median(one) for one in zip(*spent, strict=True))
                if cpu > slowest_cpu:
                    slowest, slowest_cpu, name = clock, cpu, f"{family}.{kernel}"
    return [
        alone("sonde warm, the first time on a machine", "≤ 90 s", first, unit="s"),
        alone("… of the processor", "", first_cpu, unit="s"),
        alone("sonde warm, again", "", again, unit="s"),
        alone("… of the processor", "", again_cpu, unit="s"),
        alone("all kernels, warm, in a new process", "≤ 10 s", every, unit="s"),
        alone("… of the processor", "", every_cpu, unit="s"),
        alone(
            f"the slowest first call in a new process, warm ({name})", "≤ 1 s", slowest, unit="s"
        ),
        alone("… of the processor", "", slowest_cpu, unit="s"),
    ]


def _command(*words: str, **more: str) -> tuple[float, float]:
    """Seconds on the clock and of the processor, its own children's too."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True, env=os.environ | more)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return time.perf_counter() - started, spent


def _told(program: str, *words: str, **more: str) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | more,
    )
    clock, cpu = json.loads(done.stdout)
    return clock, cpu


if __name__ == "__main__":
    for one in first_call():
        print(shown(one))
