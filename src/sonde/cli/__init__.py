"""The command line; one file per command."""

import sys

try:
    from .main import main
except KeyboardInterrupt:  # the libraries behind the command take a moment to load
    if sys.stderr is not None:
        sys.stderr.write("sonde: interrupted\n")
    sys.exit(130)

__all__ = ["main"]
