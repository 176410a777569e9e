"""Files and open streams as bodies: sent as they are where the service reads them so."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ..errors import InvalidInput, NotFound
from .uploads import FileUpload, StreamUpload, Upload, is_regular, place_of

_BEGIN = 1 << 16
_PACKED_FROM = 1 << 16  # bytes of text; less is sent sooner than packed
_MEDIA = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.file",
    "arrow stream": "application/vnd.apache.arrow.stream",
}
_ENCODINGS = ("gzip", "zstd")


@dataclass(frozen=True, eq=False)
class SentFile:
    """A body and the headers that say what it is."""

    upload: Upload
    headers: dict[str, str]


def sent_as_it_is(path: Path) -> SentFile | None:
    """The file at ``path``, or None where it has to be read here because the service can't.

    CSV, Parquet and Arrow are sent as they are, CSV packed with gzip on the way unless it is
    packed already (gzip or zstd).

    Raises
    ------
    NotFound, InvalidInput : no such file, or nothing that can be read as data.
    """
    from ..data.inputs.compression import compression_of

    if not path.exists():
        raise NotFound(f"there is no file {path}", path=str(path))
    if not is_regular(path):
        raise InvalidInput(f"{path} is no file that can be read; name a file", path=str(path))
    with path.open("rb") as stream:
        begin = stream.read(_BEGIN)
    packing = compression_of(begin)
    if packing not in (None, *_ENCODINGS):
        return None
    headers = _headers(begin, packing, path.name)
    if headers is None:
        return None
    size = path.stat().st_size
    is_packed = headers["Content-Type"] == "text/csv" and packing is None and size > _PACKED_FROM
    if is_packed:
        headers["Content-Encoding"] = "gzip"
    return SentFile(FileUpload(path, is_packed=is_packed), headers)


def sent_stream(stream: IO[bytes]) -> SentFile:
    """An open binary file from where it stands.

    Raises
    ------
    InvalidInput : text, or a kind of file that the service does not read.
    """
    from ..data.inputs.compression import compression_of

    name = str(getattr(stream, "name", "the stream"))
    place = place_of(stream)
    begin: Any = stream.read(_BEGIN)
    if not isinstance(begin, bytes):
        raise InvalidInput(f"{name} gives text; open it in binary mode: open(path, 'rb')")
    packing = compression_of(begin)
    # Where it can be rewound all of it is read again, so that a second attempt sends the same.
    if place is not None:
        stream.seek(place)
    headers = _headers(begin, packing, name) if packing in (None, *_ENCODINGS) else None
    if headers is None:
        raise InvalidInput(
            f"{name} is neither CSV nor Parquet nor Arrow, which a service reads; give the path "
            "of the file, or read it with sonde.read"
        )
    return SentFile(StreamUpload(stream, begin if place is None else b"", place), headers)


def _headers(begin: bytes, packing: str | None, name: str) -> dict[str, str] | None:
    from ..data.formats.file_kinds import kind_of_file
    from ..data.inputs.compression import unpacked

    if not begin:
        raise InvalidInput(f"{name} is empty; there is nothing to send", source=name)
    if packing is not None:
        with unpacked(io.BytesIO(begin), packing) as inner:
            # The end of what was read cuts the packed stream off: ask for less than it holds.
            begin = _beginning(inner)
    media = _MEDIA.get(kind_of_file(begin, name))
    if media is None:
        return None
    headers = {"Content-Type": media}
    return headers if packing is None else headers | {"Content-Encoding": packing}


def _beginning(stream: IO[bytes]) -> bytes:
    held = b""
    try:
        while len(held) < _BEGIN and (piece := stream.read(512)):
            held += piece
    except (EOFError, OSError, ValueError):
        pass
    return held
