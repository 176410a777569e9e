"""Blobs in S3, or in what speaks its protocol."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from ..errors import SondeError, Unavailable, need
from .digests import checked, checked_digest, is_digest, not_there, refuse_large

_UNREACHED = {
    "ConnectionError",
    "HTTPClientError",
    "ClientConnectorError",
    "ServerDisconnectedError",
    "TimeoutError",
    "FSTimeoutError",
}
_SECOND = {"PreconditionFailed", "412", "ConditionalRequestConflict"}
# Long enough for a slow store, short enough for whoever waits for an answer.
_S3_OPTIONS = {"config_kwargs": {"connect_timeout": 5, "read_timeout": 30}}


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
            except OSError as error:
                if not _is_refused_as_second(error):
                    raise
        return digest

    def get(self, digest: str, max_bytes: int) -> bytes:
        path = self._path(digest)
        with self._usable() as system:
            try:
                refuse_large(digest, int(system.info(path)["size"]), max_bytes)
                data = bytes(system.cat_file(path))
            except FileNotFoundError:
                raise not_there(self.shown, digest) from None
        return checked(self.shown, digest, data)

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
            if is_digest(digest) and info["LastModified"].timestamp() < limit:
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
        digest = checked_digest(digest)
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


def _is_refused_as_second(error: OSError) -> bool:
    """True where the store has the object, or another is just putting it."""
    response = getattr(error.__cause__, "response", None) or {}
    code = response.get("Error", {}).get("Code")
    return isinstance(error, FileExistsError) or code in _SECOND


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
