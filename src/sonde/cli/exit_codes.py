"""Exit codes, and what is a mistake in the words of the command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import SondeError

FINE, FAILED, USAGE, FOUND_SOMETHING, INTERRUPTED = 0, 1, 2, 3, 130


class UsageMistake(SondeError):
    """The command itself is wrong, whatever the data."""

    code = "usage"


@contextmanager
def checking_usage() -> Iterator[None]:
    """Errors raised within are the command's fault, not the data's: exit code 2."""
    try:
        yield
    except UsageMistake:
        raise
    except SondeError as error:
        raise UsageMistake(str(error), **error.facts) from None
    except OSError as error:
        raise UsageMistake(f"{error.filename} can't be used: {error.strerror}") from None
