"""Fuzz the readers for as long as one likes: ``python -m tests.data.fuzz_long --minutes 10``.

Each example is the kind of input and a seed; what fails is told with both, once per place in the
code that it fails at, and ``--kind KIND --seed SEED`` runs that one again. The work is done in
child processes with bounded memory, so that an example that kills its process is found as well.
The exit code is 1 when anything was found.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from . import fuzz_changes, fuzz_frames
from .fuzz_checks import check_bytes, tell

_MORE_MEMORY = 3 << 30  # beyond what stands after the imports
_BATCH = 2000


def bytes_check(make: Callable[[Random], bytes]) -> Callable[[Random], None]:
    """A check of the bytes that ``make`` makes, one in eight also as a file on a disk."""

    def check(random: Random) -> None:
        by_path = random.random() < 0.125
        check_bytes(make(random), by_path=by_path)

    return check


CHECKS: dict[str, Callable[[Random], None]] = {
    **{kind: bytes_check(make) for kind, make in fuzz_changes.KINDS.items()},
    **fuzz_frames.KINDS,
}
_SHARES = {"noise": 1, "text": 4, "columns": 4, "damaged": 8, "dict": 3, "frame": 3, "array": 2}


def bound_memory(more: int = _MORE_MEMORY) -> None:
    """No more than ``more`` bytes of addresses beyond those that are taken now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def place_of(fault: BaseException) -> str:
    """The error and the innermost lines of the package that it came through."""
    frames = [f for f in traceback.extract_tb(fault.__traceback__) if "/sonde/" in f.filename]
    where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames[-3:]))
    words = " ".join(str(fault).split())
    if not frames:
        where = words[:60]
    return f"{type(fault).__name__} at {where}: {words[:300]}"


def run_batch(first: int, last: int, only: str | None, current: Path) -> None:
    """Examples ``first`` to ``last``, telling a line for each that fails."""
    kinds = [only] if only else [kind for kind, share in _SHARES.items() for _ in range(share)]
    bound_memory()
    for seed in range(first, last):
        kind = kinds[seed % len(kinds)]
        current.write_text(f"{kind} {seed}")
        began = time.monotonic()
        try:
            CHECKS[kind](Random(f"{kind} {seed}"))
        except KeyboardInterrupt:
            raise
        except BaseException as fault:
            tell(f"FAULT\t{kind}\t{seed}\t{place_of(fault)}")
        taken = time.monotonic() - began
        if taken > 5:
            tell(f"SLOW\t{kind}\t{seed}\t{taken:.1f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    tell(f"PEAK\t{last - first}\t{peak}")


def campaign(minutes: float, start: int, only: str | None, batch: int) -> int:
    """Batch after batch in child processes; the number of different faults."""
    end = time.monotonic() + 60 * minutes
    seen: Counter[str] = Counter()
    panics: Counter[str] = Counter()
    n, peak, seed = 0, 0, start
    with TemporaryDirectory() as folder:
        current = Path(folder) / "current"
        while time.monotonic() < end:
            command = [sys.executable, "-m", __spec__.name, "--batch", str(seed), str(current)]
            command += ["--examples", str(batch)]
            done = subprocess.run(
                command + (["--kind", only] if only else []), capture_output=True, text=True
            )
            last = seed + batch
            for line in done.stdout.splitlines():
                what, *rest = line.split("\t")
                if what == "PEAK":
                    peak = max(peak, int(rest[1]))
                elif not seen[rest[2].partition(": ")[0]]:
                    tell(line)
                    seen[rest[2].partition(": ")[0]] += 1
            if done.returncode:
                kind, last_seed = current.read_text().split()
                key = f"killed by {done.returncode}: {done.stderr.strip()[-300:]}"
                tell(f"KILLED\t{kind}\t{last_seed}\t{key}")
                seen[key] += 1
                last = int(last_seed) + 1
            # What is caught may still have written to the screen.
            for line in done.stderr.splitlines():
                if "panicked at" in line:
                    place = line.partition("panicked at ")[2]
                    panics[place] += 1
            n += last - seed
            seed = last
    tell(f"{n} examples, {len(seen)} different faults, at most {peak} MiB: {dict(seen)}")
    if panics:
        tell(f"caught, and yet on the screen: {dict(panics)}")
    return len(seen)


def main(given: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    parser.add_argument("--kind", choices=list(CHECKS), help="only inputs of this kind")
    parser.add_argument("--seed", type=int, help="run this one example, and show where it fails")
    parser.add_argument("--examples", type=int, default=_BATCH, help="in each child process")
    parser.add_argument("--batch", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(given)
    if options.batch:
        first = int(options.batch[0])
        run_batch(first, first + options.examples, options.kind, Path(options.batch[1]))
        return 0
    if options.seed is not None:
        CHECKS[options.kind](Random(f"{options.kind} {options.seed}"))
        return 0
    return int(campaign(options.minutes, options.start, options.kind, options.examples) > 0)


if __name__ == "__main__":
    raise SystemExit(main())
