"""The bytes of models by their digest: written once, never changed, checked when read."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from ..errors import InvalidInput, SondeError, Unavailable
from .digests import checked, checked_digest, is_digest, not_there, refuse_large

HALF_S = 3600.0  # nobody writes at one file for longer: whoever did was killed


class Blobs(Protocol):
    """Where bytes lie by the SHA-256 digest (64 hexadecimal digits) of themselves.

    All methods raise Unavailable, with what to do, where the place can't be used.
    """

    @property
    def shown(self) -> str:
        """The place, for messages."""
        ...

    def put(self, data: bytes) -> str:
        """Keep ``data``; its digest. The same bytes twice are kept once."""
        ...

    def get(self, digest: str, max_bytes: int) -> bytes:
        """The bytes of this digest.

        Raises
        ------
        NotFound : there are none.
        BadArtifact : more than ``max_bytes``, or not the bytes that were put.
        """
        ...

    def delete(self, digest: str) -> None:
        """Forget the bytes of this digest, where there are any."""
        ...

    def exists(self, digest: str) -> bool: ...

    def older_than(self, seconds: float) -> Iterator[str]:
        """Digests of what was written longer ago than this."""
        ...

    def check(self) -> None:
        """Write, read and delete a probe."""
        ...


def open_blobs(url: str | None, home: Path) -> Blobs:
    """The place that ``url`` names: a folder, ``s3://bucket/prefix``, or ``home/blobs`` for None.

    Nothing is made or connected to yet.

    >>> open_blobs(None, Path("/srv/sonde")).shown
    '/srv/sonde/blobs'
    """
    if url is None:
        return FileBlobs(home / "blobs")
    scheme, mark, rest = url.partition("://")
    if not mark:
        return FileBlobs(Path(url).expanduser())
    if scheme == "file":
        return FileBlobs(Path(rest))
    if scheme != "s3" or not rest.strip("/"):
        raise InvalidInput(
            f"blobs can't be kept at {scheme}://{rest.rpartition('@')[2]}; SONDE_BLOBS__URL is a "
            "folder or s3://bucket/prefix",
            setting="SONDE_BLOBS__URL",
        )
    from .object_blobs import ObjectBlobs

    return ObjectBlobs(url.rstrip("/"))


@dataclass(frozen=True)
class FileBlobs:
    """Blobs as files of a folder, ``ab/cdef…``, each whole and on the disk before it has a name."""

    folder: Path

    @property
    def shown(self) -> str:
        return str(self.folder)

    def put(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        with self._usable():
            if _holds(path, data):
                return digest
            path.parent.mkdir(parents=True, exist_ok=True)
            half = path.parent / f".{uuid4().hex}.half"
            try:
                with half.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                half.replace(path)
            finally:
                half.unlink(missing_ok=True)
            _sync_folder(path.parent)
            _sync_folder(self.folder)
        return digest

    def get(self, digest: str, max_bytes: int) -> bytes:
        path = self._path(digest)
        with self._usable():
            try:
                refuse_large(digest, path.stat().st_size, max_bytes)
                data = path.read_bytes()
            except FileNotFoundError:
                raise not_there(self.shown, digest) from None
        return checked(self.shown, digest, data)

    def delete(self, digest: str) -> None:
        with self._usable():
            self._path(digest).unlink(missing_ok=True)

    def exists(self, digest: str) -> bool:
        with self._usable():
            return self._path(digest).is_file()

    def older_than(self, seconds: float) -> Iterator[str]:
        now = time.time()
        with self._usable():
            for path in sorted(self.folder.glob("??/*")):
                with suppress(FileNotFoundError):  # another process sweeps too
                    age = now - path.stat().st_mtime
                    if path.suffix == ".half":
                        if age > max(seconds, HALF_S):
                            path.unlink()
                    elif age > seconds and is_digest(path.parent.name + path.name):
                        yield path.parent.name + path.name

    def check(self) -> None:
        with self._usable():
            self.folder.mkdir(parents=True, exist_ok=True)
            probe = self.folder / f".{uuid4().hex}.probe"
            try:
                probe.write_bytes(b"probe")
                probe.read_bytes()
            finally:
                probe.unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        digest = checked_digest(digest)
        return self.folder / digest[:2] / digest[2:]

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except SondeError:
            raise
        except OSError as error:
            raise Unavailable(
                f"the folder of models {self.folder} can't be used: {error.strerror}; mend it, or "
                "name another with SONDE_BLOBS__URL",
                place=self.shown,
            ) from None


def _holds(path: Path, data: bytes) -> bool:
    """True where the file is there, whole; one that the disk damaged is written anew."""
    try:
        is_whole = path.stat().st_size == len(data) and path.read_bytes() == data
        os.utime(path)  # young again, so that a sweep leaves it to whoever put it now
    except FileNotFoundError:
        return False
    return is_whole


def _sync_folder(folder: Path) -> None:
    """A name is on the disk only once its folder is."""
    if os.name == "nt":
        return  # a folder can't be opened there, and needs no such thing
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
