"""The file in a zip archive."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

from ...errors import InvalidInput, NotFound
from ..quoting import quoted, shortened

_SHOWN = 8
_ENCRYPTED = 0x1
_BROKEN = (zipfile.BadZipFile, EOFError, OSError, zlib.error, ValueError)


def members_of(held: Path | bytes, name: str) -> list[zipfile.ZipInfo]:
    """The files in an archive, without folders and what operating systems add.

    Raises
    ------
    InvalidInput : damaged, cut off, or entries that lie over each other.
    """
    try:
        with opened_zip(held) as archive:
            entries = archive.infolist()
            end = archive.start_dir
    except (*_BROKEN, NotImplementedError):
        raise _damaged(name) from None
    _refuse_overlap(entries, end, name)
    named = [entry for entry in entries if entry.filename]
    return [entry for entry in named if not entry.is_dir() and not _is_clutter(entry.filename)]


def opened_zip(held: Path | bytes) -> zipfile.ZipFile:
    """The archive, whose members can be opened."""
    return zipfile.ZipFile(held if isinstance(held, Path) else io.BytesIO(held))


def is_one_document(members: list[zipfile.ZipInfo]) -> bool:
    """True for workbooks and NumPy's .npz: zips that are one file to whoever uses them."""
    names = {member.filename for member in members}
    if "[Content_Types].xml" in names or {"mimetype", "content.xml"} <= names:
        return True
    return bool(names) and all(name.endswith(".npy") for name in names)


def chosen(members: list[zipfile.ZipInfo], wanted: str | None, name: str) -> zipfile.ZipInfo:
    """The member that is called ``wanted``; the only one where nothing is wanted.

    Raises
    ------
    NotFound : no such member; the message lists those that are there.
    InvalidInput : no members or several to choose from, or one that is encrypted or packed in a
        way that is not read here.
    """
    if not members:
        raise InvalidInput(
            f"{name} is a zip file with nothing in it; check what packed it", source=name
        )
    if wanted is not None:
        found = [member for member in members if member.filename == wanted]
        if not found:
            raise NotFound(
                f"there is no {quoted(wanted)} in {name}; it holds {_listed(members)}",
                source=name,
                member=wanted,
            )
        return _readable(found[-1], name)  # the later entry replaces the earlier
    if len(members) > 1:
        raise InvalidInput(
            f"{name} holds {len(members)} files ({_listed(members)}); name one of them: "
            f"{name}::{shortened(members[0].filename)}",
            source=name,
            members=[member.filename for member in members[:100]],
        )
    return _readable(members[0], name)


def open_member(held: Path | bytes, member: zipfile.ZipInfo, name: str) -> IO[bytes]:
    """A stream of what ``member`` holds.

    Raises
    ------
    InvalidInput : the list at the end of the archive does not fit what lies before it.
    """
    try:
        # The file stays open until the member is closed.
        with opened_zip(held) as archive:
            return archive.open(member)
    except (*_BROKEN, RuntimeError, NotImplementedError):
        raise _damaged(name) from None


def _readable(member: zipfile.ZipInfo, name: str) -> zipfile.ZipInfo:
    if member.flag_bits & _ENCRYPTED:
        raise InvalidInput(
            f"{quoted(member.filename)} in {name} is encrypted; unpack it with its password, and "
            "name the file that came out of it",
            source=name,
        )
    if member.compress_type not in (
        zipfile.ZIP_STORED,
        zipfile.ZIP_DEFLATED,
        zipfile.ZIP_BZIP2,
        zipfile.ZIP_LZMA,
    ):
        raise InvalidInput(
            f"{quoted(member.filename)} in {name} is packed in a way (method "
            f"{member.compress_type}) that is not read here; unpack it, and name the file that "
            "came out of it",
            source=name,
        )
    return member


def _refuse_overlap(entries: list[zipfile.ZipInfo], end: int, name: str) -> None:
    """Raise InvalidInput where one stretch of the file is unpacked under several names."""
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    for i, entry in enumerate(ordered):
        following = ordered[i + 1].header_offset if i + 1 < len(ordered) else end
        # The header before the data takes 30 bytes and the name.
        if entry.header_offset + 30 + entry.compress_size > following:
            raise InvalidInput(
                f"{name} is a damaged zip file: {quoted(entry.filename)} lies over what follows; "
                "copy or download it again",
                source=name,
            )


def _damaged(name: str) -> InvalidInput:
    return InvalidInput(
        f"{name} is a damaged or cut off zip file; copy or download it again", source=name
    )


def _is_clutter(filename: str) -> bool:
    parts = PurePosixPath(filename).parts
    return "__MACOSX" in parts or any(part.startswith(".") for part in parts)


def _listed(members: list[zipfile.ZipInfo]) -> str:
    names = ", ".join(shortened(member.filename) for member in members[:_SHOWN])
    more = len(members) - _SHOWN
    return f"{names} and {more} more" if more > 0 else names
