"""Files that a caller may name: those in folders the operator has opened."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..errors import Forbidden, InvalidInput, NotFound

FOLDERS = "SONDE_SOURCES__FOLDERS"


def confined(path: str, folders: Sequence[Path]) -> Path:
    """The file a caller means by ``path``, where it lies in one of ``folders``.

    Parameters
    ----------
    path : relative to any of the folders (the first that has it), or absolute.
    folders : from the settings; links in them that lead out of them are not followed.

    Returns
    -------
    A regular file, without links in its path. Who may write to the folders could still put a link
    in its place before it is opened.

    Raises
    ------
    Forbidden : no folder is open, or the file would lie outside, whether there is one or not.
    NotFound : there is no such file inside.
    InvalidInput : it is no path, a folder or a device.
    """
    if not folders:
        raise Forbidden(
            f"no files are read for callers here; the operator can open folders with {FOLDERS}",
            setting=FOLDERS,
        )
    inside = [found for folder in folders if (found := _inside(path, folder)) is not None]
    if not inside:
        raise Forbidden(
            f"{path[:200]!r} is not in a folder that callers may read from; the operator names "
            f"those in {FOLDERS}",
            setting=FOLDERS,
        )
    there = [found for found in inside if _exists(found)]
    if not there:
        raise NotFound(f"there is no file {path[:200]!r} in the folders callers may read from")
    if not there[0].is_file():
        raise InvalidInput(f"{path[:200]!r} is no file; name one file")
    return there[0]


def _inside(path: str, folder: Path) -> Path | None:
    """``path`` seen from ``folder``, links resolved; None where it leads out."""
    try:
        # Not Path.resolve, which fails for links in a circle in some versions of Python.
        whole = os.path.realpath(folder)
        found = Path(os.path.realpath(os.path.join(whole, path)))  # noqa: PTH118
    except ValueError:
        raise InvalidInput(
            f"{path[:200]!r} is no path: it holds a nul byte or half a character"
        ) from None
    return found if found.is_relative_to(whole) else None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long, a folder that this user may not enter
        return False
