"""What a path says, and why one cannot be opened."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ...errors import InvalidInput, NotFound, SondeError
from ..quoting import shortened

MEMBER = "::"
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_WILD = re.compile(r"[*?\[]")


def is_url(given: str) -> bool:
    """True for ``s3://bucket/key`` and its like; ``file://`` is a path of this machine.

    >>> is_url("s3://plant/a.csv"), is_url("file:///plant/a.csv"), is_url("plant/a.csv")
    (True, False, False)
    """
    return _URL.match(given) is not None and not given.lower().startswith("file://")


def is_pattern(path: str) -> bool:
    """True when ``path`` has one of the signs ``*``, ``?`` and ``[``.

    >>> is_pattern("logs/*.csv"), is_pattern("logs/a.csv")
    (True, False)
    """
    return _WILD.search(path) is not None


def split_member(given: str) -> tuple[str, str | None]:
    """The path, and what stands after ``::``, which names something in the file.

    A file that is really called so is taken whole.

    >>> split_member("plant.zip::day/a.csv")
    ('plant.zip', 'day/a.csv')

    Raises
    ------
    InvalidInput : nothing before or after ``::``.
    """
    if MEMBER not in given or is_there(given):
        return given, None
    path, _, member = given.partition(MEMBER)
    if not path or not member:
        raise InvalidInput(
            f"{shortened(given)}: name a file before '::' and what to read in it after",
            source=given,
        )
    return path, member


def local_path(given: str) -> Path:
    """The path of this machine that ``given`` names, with ``~`` and ``file://`` resolved.

    Raises
    ------
    InvalidInput : empty, a file of another machine, or the home of a user who is not known.
    """
    if given == "":
        raise InvalidInput("the path is empty; name a file, or - for standard input")
    if given.lower().startswith("file://"):
        parts = urlsplit(given)
        if parts.netloc not in ("", "localhost"):
            raise InvalidInput(
                f"{given} is a file of another machine ({parts.netloc}); write file:/// before a "
                "path of this one",
                source=given,
            )
        # A path may hold the signs that end a URL's path.
        return Path(unquote(given[len("file://") + len(parts.netloc) :]))
    path = Path(given)
    if not given.startswith("~") or is_there(given):
        return path
    try:
        return path.expanduser()
    except RuntimeError:
        raise InvalidInput(
            f"{given}: there is no such user, or no home folder; write the path out", source=given
        ) from None


def open_refused(refused: Exception, given: str) -> SondeError:
    """The sentence for what the system said when ``given`` was opened."""
    name = given if len(given) <= 500 else shortened(given)
    number = getattr(refused, "errno", None)
    path = local_path(given) if number is not None else Path()
    if number == errno.ENOENT:
        return _missing(path, name)
    if number == errno.ENOTDIR:
        file = next((str(above) for above in path.parents if above.is_file()), "a part of it")
        return NotFound(f"there is no file {name}; {file} is a file, not a folder", source=name)
    if isinstance(refused, PermissionError):
        sentence = f"{name} may not be read by this user; change its permissions or copy it"
    elif number == errno.ELOOP:
        sentence = f"{name} cannot be opened: it is a link that leads back to itself; name the file"
    elif number == errno.ENAMETOOLONG:
        sentence = f"{name} cannot be opened: the name is longer than the system allows; shorten it"
    elif number in (errno.ENXIO, errno.ENODEV):
        sentence = f"{name} is a socket or a device, not a file or a pipe; name a file"
    elif "null byte" in str(refused):
        sentence = f"{name!r} cannot be opened: a path has no NUL character; correct the name"
    else:
        reason = getattr(refused, "strerror", None) or str(refused)
        sentence = f"{name} cannot be opened: {reason}; check the name, or copy the file"
    return InvalidInput(sentence, source=name)


def _missing(path: Path, name: str) -> NotFound:
    if path.is_symlink():
        target = shortened(str(path.readlink()))
        return NotFound(
            f"{name} is a link to {target}, which is not there; correct the link or name the file",
            source=name,
        )
    folder = next((above for above in path.parents if above.exists()), path.parent)
    if folder != path.parent:
        return NotFound(
            f"there is no file {name}; there is no folder {path.parent} either", source=name
        )
    pattern = "; no file fits the pattern" if is_pattern(name) else ""
    return NotFound(f"there is no file {name}{pattern}; check the name and the folder", source=name)


def is_there(given: str | Path) -> bool:
    """True when there is something of that name, be it a link that leads nowhere."""
    try:
        return os.path.lexists(given)
    except ValueError:  # a NUL character
        return False
