"""``sonde warm``: compile kernels ahead, so that no first use waits for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from . import options as o
from .exit_codes import FAILED, FINE, UsageMistake
from .screen import print_json, print_text, progress, say

if TYPE_CHECKING:
    from ..kernels.warm import Warmed

_MOST_PROCESSES = 4  # each takes some 200 MB

Families = Annotated[
    list[str] | None,
    typer.Option("--family", help="Only these kernels, as `sonde warm --json` names them."),
]
Processes = Annotated[
    int, typer.Option("--jobs", min=-1, help="Processes that compile; -1 for every core, up to 4.")
]


def warm(
    family: Families = None, jobs: Processes = -1, json: o.AsJson = False, quiet: o.Quiet = False
) -> int:
    """Compile all kernels ahead, once per machine: for images, and for machines that must not wait.

    Exits with 1 where what was compiled can't be kept.

    Example: sonde warm
    """
    from ..core.progress import tell
    from ..kernels import warm as kernels
    from ..kernels._jit import FOLDERS
    from ..learn.randomness import threads_for

    if jobs == 0:
        raise UsageMistake("--jobs is -1 or a number of processes, 1 or more")
    try:
        names = kernels.families(family or ())
    except ValueError as unknown:
        raise UsageMistake(str(unknown)) from None
    started = time.perf_counter()
    cold = [name for name in names if not kernels.is_warm(name)]
    n_processes = min(threads_for(jobs), _MOST_PROCESSES)
    compiled = {}
    with progress(quiet=quiet):
        for one in kernels.warm_each(cold, n_processes):
            compiled[one.family] = one
            tell("compiling kernels", len(compiled) / len(cold))
            if one.compiled:
                say(_line(one, len(compiled), len(cold)), quiet=quiet)
        # Loading them all shows that what was compiled is kept, and whole.
        done = [kernels.warm(name) for name in names]
    kernels.tidy()
    lasts = FOLDERS.is_lasting and all(kernels.is_warm(name) for name in names)
    done = [compiled.get(one.family, one) for one in done]
    seconds = time.perf_counter() - started
    if json:
        kept = {"folder": str(FOLDERS.kept), "is_kept": lasts}
        print_json({"families": [vars(one) for one in done], "seconds": seconds} | kept)
    elif not lasts:
        say(
            f"sonde: what was compiled can't be kept ({FOLDERS.kept}); make the user's cache "
            "folder writable, or name a folder that is by NUMBA_CACHE_DIR",
            quiet=False,
        )
    else:
        n_compiled = sum(len(one.compiled) for one in done)
        what = f"{n_compiled} kernels compiled" if n_compiled else "nothing was left to compile"
        print_text(
            f"{len(names)} of {len(kernels.families())} families of kernels are warm: {what} "
            f"({seconds:.1f} s, kept in {FOLDERS.kept})"
        )
    return FINE if lasts else FAILED


def _line(warmed: Warmed, nth: int, n: int) -> str:
    return f"[{nth}/{n}] {warmed.family}: {len(warmed.compiled)} kernels in {warmed.seconds:.1f} s"
