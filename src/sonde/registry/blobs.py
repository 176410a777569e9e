"""The bytes of models by their digest: written once, never changed, checked when read."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from ..errors import BadArtifact, InvalidInput, NotFound, SondeError, Unavailable, need

_UNREACHED = {
    "ConnectionError",
    "HTTPClientError",
    "ClientConnectorError",
    "ServerDisconnectedError",
    "TimeoutError",
    "FSTimeoutError",
}
HALF_S = 3600.0  # nobody writes at one file for longer: whoever did was killed
# Long enough for a slow store, short enough for whoever waits for an answer.
_S3_OPTIONS = {"config_kwargs": {"connect_timeout": 5, "read_timeout": 30}}


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
                _refuse_large(digest, path.stat().st_size, max_bytes)
                data = path.read_bytes()
            except FileNotFoundError:
                raise _not_there(self.shown, digest) from None
        return _checked(self.shown, digest, data)

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
                    elif age > seconds and _is_digest(path.parent.name + path.name):
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
        digest = _digest(digest)
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


@dataclass(frozen=True)
class ObjectBlobs:
    """Blobs as objects of S3 or what speaks its protocol, below ``url``.

    Keys, region and endpoint come from the usual variables (``AWS_ACCESS_KEY_ID``,
    ``AWS_PROFILE``, ``AWS_ENDPOINT_URL``), which its library reads.
    """

    url: str
    _known: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def shown(self) -> str:
        return self.url

    def put(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        with self._usable() as system:
            try:
                # Whoever is second is refused by the store itself: no object is written over.
                system.pipe_file(self._path(digest), data, mode="create")
            except FileExistsError:
                pass
            except OSError as error:
                if "PreconditionFailed" not in str(error) and "412" not in str(error):
                    raise
        return digest

    def get(self, digest: str, max_bytes: int) -> bytes:
        path = self._path(digest)
        with self._usable() as system:
            try:
                _refuse_large(digest, int(system.info(path)["size"]), max_bytes)
                data = bytes(system.cat_file(path))
            except FileNotFoundError:
                raise _not_there(self.shown, digest) from None
        return _checked(self.shown, digest, data)

    def delete(self, digest: str) -> None:
        with self._usable() as system, suppress(FileNotFoundError):
            system.rm_file(self._path(digest))

    def exists(self, digest: str) -> bool:
        with self._usable() as system:
            return bool(system.exists(self._path(digest)))

    def older_than(self, seconds: float) -> Iterator[str]:
        limit = time.time() - seconds
        with self._usable() as system:
            try:
                found = system.find(self._prefix(), detail=True)
            except FileNotFoundError:
                found = {}
        for path, info in sorted(found.items()):
            digest = path.removeprefix(self._prefix() + "/").replace("/", "")
            if _is_digest(digest) and info["LastModified"].timestamp() < limit:
                yield digest

    def check(self) -> None:
        probe = f"{self._prefix()}/.{uuid4().hex}.probe"
        with self._usable() as system:
            system.pipe_file(probe, b"probe")
            try:
                system.cat_file(probe)
            finally:
                system.rm_file(probe)

    def _prefix(self) -> str:
        return self.url.partition("://")[2]

    def _path(self, digest: str) -> str:
        digest = _digest(digest)
        return f"{self._prefix()}/{digest[:2]}/{digest[2:]}"

    @contextmanager
    def _usable(self) -> Iterator[Any]:
        try:
            yield self._system()
        except SondeError:
            raise
        except Exception as error:  # the store's library raises errors of several others
            raise _refused(self.shown, error) from None

    def _system(self) -> Any:
        system = self._known.get("system")
        if system is None:
            need("s3fs", extra="s3", purpose="models in s3://")
            fsspec = need("fsspec", extra="s3", purpose="models in s3://")
            # What another machine wrote or deleted must be seen: no listing is remembered.
            system = fsspec.filesystem("s3", use_listings_cache=False, **_S3_OPTIONS)
            self._known["system"] = system
        return system


def _refused(shown: str, error: Exception) -> Unavailable:
    """What a store said, without its words: they may hold keys or addresses."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    cause = error.__cause__ or error.__context__
    kinds |= {kind.__name__ for kind in type(cause).__mro__} if cause is not None else set()
    if kinds & {"NoCredentialsError", "PartialCredentialsError"}:
        said = "there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    elif "ProfileNotFound" in kinds:
        said = "the profile that AWS_PROFILE names is not there; correct it"
    elif isinstance(error, FileNotFoundError):
        said = "there is no such bucket; make it, or correct SONDE_BLOBS__URL"
    elif isinstance(error, PermissionError):
        said = "these credentials may not; give them the right to read, write, list and delete"
    elif kinds & _UNREACHED:
        said = "it can't be reached; check the network and the endpoint (AWS_ENDPOINT_URL)"
    else:
        said = f"it failed ({type(error).__name__}); check the store and SONDE_BLOBS__URL"
    return Unavailable(f"the store of models {shown} can't be used: {said}", place=shown)


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


def _checked(shown: str, digest: str, data: bytes) -> bytes:
    if hashlib.sha256(data).hexdigest() != digest:
        raise BadArtifact(
            f"{shown}: the bytes under {digest[:12]}… are not those that were put there; restore "
            "them from a backup, or register the model anew",
            digest=digest,
            reason="altered",
        )
    return data


def _refuse_large(digest: str, size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise BadArtifact(
            f"the model {digest[:12]}… has {size:,} bytes; at most {max_bytes:,} are opened "
            "(SONDE_MAX_MODEL_MB)",
            digest=digest,
            reason="too_large",
        )


def _not_there(shown: str, digest: str) -> NotFound:
    return NotFound(
        f"{shown} holds nothing under {digest[:12]}…; restore it from a backup, or check that "
        "SONDE_BLOBS__URL is the same on every machine",
        digest=digest,
    )


def _digest(text: str) -> str:
    if not _is_digest(text):
        raise InvalidInput(f"{text!r} is no digest: 64 hexadecimal digits", digest=text)
    return text


def _is_digest(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")
