"""What a person sees: messages, progress, tables. Results go to stdout, the rest to stderr."""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from .streams import give_up, printing

PATIENCE_S = 1.0  # no progress bar for work shorter than this
_FIRST_USE = "First use on this machine: compiling what is needed, once (some seconds)."


def say(message: str, *, quiet: bool) -> None:
    """A sentence on standard error; where that takes none there is nobody to tell."""
    if not quiet:
        try:
            typer.echo(message, err=True)
        except OSError:
            give_up(sys.stderr)


def say_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    """A warning of a library as one line; stands in for ``warnings.showwarning``."""
    say(f"sonde: note: {' '.join(str(message).split())}", quiet=False)


def print_text(text: str) -> None:
    """Sentences on standard output."""
    with printing():
        typer.echo(text)


def print_json(body: dict[str, Any]) -> None:
    """One JSON document on standard output."""
    print_text(json.dumps(body, allow_nan=False))


def print_renderable(*things: Any) -> None:
    """Tables and charts on standard output, as wide as the terminal; plain when it is none."""
    from rich.console import Console

    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 100)
    with printing():
        for thing in things:
            console.print(thing)


@contextmanager
def working(*, quiet: bool) -> Iterator[None]:
    """Long work: with a progress bar; ``quiet``, without it and without warnings.

    Who uses a kernel for the first time hears that it is compiled.
    """
    with warnings.catch_warnings():
        if quiet:
            warnings.simplefilter("ignore")
        with progress(quiet=quiet), _compiling_told(quiet=quiet):
            yield


@contextmanager
def _compiling_told(*, quiet: bool) -> Iterator[None]:
    """Tell a person, once something is compiled, why this time takes longer."""
    from ..kernels.compiling import listening

    told: list[str] = []

    def heard(kernel: str) -> None:
        if not told:
            say(_FIRST_USE, quiet=quiet)
        told.append(kernel)

    with listening(heard):
        yield


@contextmanager
def progress(*, quiet: bool) -> Iterator[None]:
    """A progress bar on standard error for work over a second; none where that is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    import threading

    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from ..core.progress import listening

    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=Console(file=sys.stderr),
        transient=True,
    )
    started, task = time.monotonic(), bar.add_task("reading", total=None)

    def heard(stage: str, share: float) -> None:
        if time.monotonic() - started > PATIENCE_S and not bar.live.is_started:
            bar.start()
        bar.update(task, description=stage, total=1.0 if share > 0 else None, completed=share)

    # Work that reports nothing for a while still gets its bar.
    timer = threading.Timer(PATIENCE_S, lambda: None if bar.live.is_started else bar.start())
    timer.daemon = True
    timer.start()
    try:
        with listening(heard):
            yield
    finally:
        timer.cancel()
        bar.stop()
