"""Packed bodies, unpacked within limits."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any

from ..data.quoting import quoted, shortened
from ..errors import Malformed, TooLarge, Unsupported

ENCODINGS = ("gzip", "zstd", "identity")
_CHUNK = 1 << 18
_FIRST = 1 << 12
_MOST_MEMBERS = 100_000  # writers of blocks make some thousands of 64 kB each
_GZIP = 16 + zlib.MAX_WBITS
_WINDOW_LOG = 27  # 128 MiB: what every decoder of zstd must take, and no more


def unpacked(
    data: bytes,
    encoding: str | None,
    max_bytes: int,
    max_packed: int | None = None,
    setting: str = "SONDE_LIMITS__UNPACKED_MB",
) -> bytes:
    """The body that ``data`` is under its Content-Encoding.

    Parameters
    ----------
    encoding : the header; None and ``identity`` mean that nothing was packed.
    max_bytes : of the body once it is unpacked.
    max_packed : of the body as it came; any size when left out.
    setting : what says how long it may be.

    Raises
    ------
    Unsupported : another encoding than gzip and zstd, or several.
    TooLarge : more bytes than that, before more than that are held.
    Malformed : not packed as it says, or cut off.

    Examples
    --------
    >>> import gzip
    >>> unpacked(gzip.compress(b"[1, 2]"), "gzip", 100)
    b'[1, 2]'
    """
    if max_packed is not None and len(data) > max_packed:
        raise too_long(max_packed, "SONDE_LIMITS__BODY_MB", "is longer")
    named = encoding.strip().lower() if encoding else "identity"
    if named in ("identity", ""):
        if len(data) > max_bytes:
            raise too_long(max_bytes, setting, "is longer")
        return data
    if named in ("gzip", "x-gzip"):
        return _all_of(
            data, lambda: zlib.decompressobj(_GZIP), max_bytes, setting, "gzip", zlib.error
        )
    if named == "zstd":
        zstd = _zstd()
        options = {zstd.DecompressionParameter.window_log_max: _WINDOW_LOG}
        return _all_of(
            data,
            lambda: zstd.ZstdDecompressor(options=options),
            max_bytes,
            setting,
            "zstd",
            zstd.ZstdError,
        )
    raise Unsupported(
        f"Content-Encoding {quoted(encoding)} is not read here; use one of {', '.join(ENCODINGS)}",
        encoding=str(encoding)[:100],
        known=list(ENCODINGS),
    )


def too_long(most: int, setting: str, what: str) -> TooLarge:
    """The refusal of a body of more than ``most`` bytes, which ``setting`` says."""
    size = f"{most >> 20:,} megabytes" if most >= 1 << 20 else f"{most:,} bytes"
    return TooLarge(
        f"the body {what} than {size}; send less at once, or raise {setting} where the service "
        "runs",
        limit=most,
        setting=setting,
    )


def _all_of(
    data: bytes,
    start: Callable[[], Any],
    most: int,
    setting: str,
    what: str,
    broken: type[Exception],
) -> bytes:
    """What all members of a packed body hold, one after the other."""
    held = bytearray()
    rest = memoryview(data)
    for _ in range(_MOST_MEMBERS):
        try:
            rest = _after_one(start(), rest, held, most, setting)
        except broken as fault:
            raise _no_whole(what, str(fault)) from None
        except EOFError:
            raise _no_whole(what, "it was cut off") from None
        # Some packers fill the last block with zeros.
        if not rest or (rest[0] == 0 and not bytes(rest).strip(b"\x00")):
            return bytes(held)
    raise _no_whole(what, f"more than {_MOST_MEMBERS:,} members")


def _after_one(
    unpacker: Any, rest: memoryview, held: bytearray, most: int, setting: str
) -> memoryview:
    """Unpack one member onto ``held``; what comes after it. EOFError where it has no end."""
    begun, size = rest, _FIRST
    while True:
        # In pieces: a decompressor copies what it has not taken, at every call.
        piece, rest = rest[:size], rest[size:]
        if not piece:
            raise EOFError
        size = _CHUNK
        taken: Any = piece
        while not unpacker.eof:
            # One byte more than may come tells a longer body from one of just that size.
            got = unpacker.decompress(taken, min(_CHUNK, most - len(held) + 1))
            held += got
            if len(held) > most:
                raise too_long(most, setting, "unpacks to more")
            taken = getattr(unpacker, "unconsumed_tail", b"")
            if not got and not taken:
                break
        if unpacker.eof:
            # What was not used lies at the end of the piece.
            return begun[len(begun) - len(rest) - len(unpacker.unused_data) :]


def _no_whole(what: str, why: str) -> Malformed:
    return Malformed(
        f"the body is no whole {what} ({shortened(why)}); pack it again, or leave out "
        "Content-Encoding",
        encoding=what,
    )


def _zstd() -> Any:
    return import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
