"""What a person sees: messages, progress, tables. Results go to stdout, the rest to stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

PATIENCE_S = 1.0  # no progress bar for work shorter than this


def say(message: str, *, quiet: bool) -> None:
    """A sentence on standard error."""
    if not quiet:
        typer.echo(message, err=True)


def print_json(body: dict[str, Any]) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(body, allow_nan=False))


def print_renderable(*things: Any) -> None:
    """Tables and charts on standard output, as wide as the terminal; plain when it is none."""
    from rich.console import Console

    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 100)
    for thing in things:
        console.print(thing)


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
