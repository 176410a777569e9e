"""The three parts of a model file, told apart from whatever else a file may be."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from zipfile import ZipFile

from ..errors import BadArtifact
from .foreign import is_pickle, library_of
from .payload import part_of, refuse_overlap

MANIFEST, PAYLOAD, SIGNATURE = "manifest.json", "arrays.npz", "signature.json"
MANIFEST_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Parts:
    """What lies in a model file: ``arrays`` in its place; ``signature`` is None for none."""

    manifest: bytes
    arrays: memoryview
    signature: bytes | None


def bad(reason: str, name: str, said: str) -> BadArtifact:
    """The error of the file ``name``: ``reason`` for programs, ``said`` after its name."""
    return BadArtifact(f"{name} {said}", path=name, reason=reason)


def refuse_large(name: str, size: int, max_bytes: int) -> None:
    """Raise BadArtifact where a file has more bytes than are opened."""
    if size > max_bytes:
        raise bad(
            "too_large",
            name,
            f"has {size:,} bytes; at most {max_bytes:,} are opened (SONDE_MAX_MODEL_MB)",
        )


def parts_of(name: str, data: bytes) -> Parts:
    """The parts of ``data``; BadArtifact, by ``name``, where it is no model file."""
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            return _stored_parts(name, archive, data)
    except BadArtifact:
        raise
    except Exception as error:  # zipfile raises many kinds on what is no archive
        _refuse_foreign(name, data)
        raise bad(
            "damaged",
            name,
            f"is not a Sonde model, or it is damaged ({error}); copy it again or train anew",
        ) from None


def _stored_parts(name: str, archive: ZipFile, data: bytes) -> Parts:
    infos = {info.filename: info for info in archive.infolist()}
    if len(infos) != len(archive.infolist()) or not {MANIFEST, PAYLOAD} <= set(infos):
        _refuse_foreign(name, data)
        raise bad(
            "damaged",
            name,
            f"is not a Sonde model, or it is damaged: it lacks {MANIFEST} or {PAYLOAD}; copy it "
            "again or train anew",
        )
    unknown = set(infos) - {MANIFEST, PAYLOAD, SIGNATURE}
    # We store without compression, so a file can't unpack to more than its own size.
    packed = [n for n, info in infos.items() if info.compress_type != zipfile.ZIP_STORED]
    if unknown or packed or infos[MANIFEST].file_size > MANIFEST_BYTES:
        what = sorted(unknown) or packed or MANIFEST
        raise bad("damaged", name, f"holds what a Sonde model does not: {what}")
    refuse_overlap(archive.infolist(), len(data))
    # The arrays have a checksum of their own, and may be large: they are not copied.
    return Parts(
        archive.read(MANIFEST),
        part_of(memoryview(data), infos[PAYLOAD]),
        archive.read(SIGNATURE) if SIGNATURE in infos else None,
    )


def _refuse_foreign(name: str, data: bytes) -> None:
    if is_pickle(data, name):
        raise bad(
            "pickled",
            name,
            "is a pickle (as joblib and PyTorch write): opening it would run whatever it says, so "
            "it is never read; train the model with sonde train, or save it with sonde.save",
        )
    library = library_of(data, name)
    if library is not None:
        raise bad(
            "foreign",
            name,
            f"is a {library} file; the models that are read here are .sonde files, as sonde train "
            "and sonde.save write them",
        )
