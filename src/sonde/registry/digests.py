"""What every place of bytes does alike: digests checked, refusals worded."""

from __future__ import annotations

import hashlib

from ..errors import BadArtifact, InvalidInput, NotFound


def checked(shown: str, digest: str, data: bytes) -> bytes:
    """``data``, which came from the place ``shown``; BadArtifact where its digest is another."""
    if hashlib.sha256(data).hexdigest() != digest:
        raise BadArtifact(
            f"{shown}: the bytes under {digest[:12]}… are not those that were put there; restore "
            "them from a backup, or register the model anew",
            digest=digest,
            reason="altered",
        )
    return data


def refuse_large(digest: str, size: int, max_bytes: int) -> None:
    """Raise BadArtifact for more bytes than are opened."""
    if size > max_bytes:
        raise BadArtifact(
            f"the model {digest[:12]}… has {size:,} bytes; at most {max_bytes:,} are opened "
            "(SONDE_MAX_MODEL_MB)",
            digest=digest,
            reason="too_large",
        )


def not_there(shown: str, digest: str) -> NotFound:
    """The error of a place that holds nothing under this digest."""
    return NotFound(
        f"{shown} holds nothing under {digest[:12]}…; restore it from a backup, or check that "
        "SONDE_BLOBS__URL is the same on every machine",
        digest=digest,
    )


def checked_digest(text: str) -> str:
    """``text``, which becomes a part of a path; InvalidInput where it is no digest."""
    if not is_digest(text):
        raise InvalidInput(f"{text!r} is no digest: 64 hexadecimal digits", digest=text)
    return text


def is_digest(text: str) -> bool:
    """True for 64 hexadecimal digits in small letters."""
    return len(text) == 64 and set(text) <= set("0123456789abcdef")
