"""Finds the command, and turns every failure into an exit code and a sentence."""

from __future__ import annotations

import sys
import warnings
from typing import NoReturn

import typer

from ..errors import SondeError
from .datasets import datasets
from .db import app as db_app
from .detect import detect
from .detectors import detectors
from .doctor import doctor
from .evaluate import evaluate
from .exit_codes import FAILED, FINE, INTERRUPTED, USAGE, UsageMistake
from .health import health
from .keys import app as keys_app
from .models import app as models_app
from .profile import profile
from .score import score
from .screen import say, say_warning
from .select import select
from .serve import serve
from .streams import give_up, prepare
from .train import train
from .warm import warm

app = typer.Typer(
    name="sonde",
    help="Finds what is unusual in a file. Start with: sonde detect FILE",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(detect)
app.command()(detectors)
app.command()(train)
app.command()(score)
app.command()(evaluate)
app.command()(select)
app.command()(profile)
app.command()(datasets)
app.command()(doctor)
app.command()(serve)
app.command()(health)
app.command()(warm)
app.add_typer(db_app, name="db")
app.add_typer(keys_app, name="keys")
app.add_typer(models_app, name="models")


def _print_version(wanted: bool) -> None:
    if wanted:
        from .. import __version__

        typer.echo(f"sonde {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    pass


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run one command and leave with its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    prepare()
    warnings.showwarning = say_warning
    try:
        code = app(args=arguments or ["--help"], standalone_mode=False)
        sys.stdout.flush()
        if code == INTERRUPTED:  # typer has turned Ctrl-C into this
            _refuse("interrupted", INTERRUPTED)
        code = code if arguments else USAGE
    except UsageMistake as error:
        _refuse(str(error), USAGE)
    except SondeError as error:
        _refuse(str(error), FAILED)
    except typer.Exit as asked:
        code = asked.exit_code
    except typer.TyperException as error:
        _refuse(_usage(error), USAGE)
    except (KeyboardInterrupt, typer.Abort):
        _refuse("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output went away, as `head` does; nothing is wrong.
        give_up(sys.stdout)
        code = FINE
    except OSError as error:
        give_up(sys.stdout)
        _refuse(f"{error.filename or 'reading or writing'} failed: {error.strerror}", FAILED)
    except MemoryError:
        _refuse("there is not enough memory for this; try fewer rows or columns", FAILED)
    sys.exit(code if isinstance(code, int) else FINE)


def _usage(error: typer.TyperException) -> str:
    """What typer found wrong with the words of the command, and where to read on."""
    tell = getattr(error, "format_message", None)
    context = getattr(error, "ctx", None)
    where = context.command_path if context is not None else "sonde"
    return f"{tell() if tell else error} (see: {where} --help)"


def _refuse(message: str, code: int) -> NoReturn:
    """One line per sentence given, three at the most, on standard error."""
    lines = [line.strip() for line in message.splitlines() if line.strip()] or ["failed"]
    say("sonde: " + "\n".join(lines[:3]), quiet=False)
    sys.exit(code)
