"""A fitted model as one file: a JSON manifest, plain arrays, a signature. Nothing is executed."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import ZipFile, ZipInfo

import numpy as np

from ..errors import BadArtifact, InvalidInput, NotFound, not_fitted
from ..learn import Estimator, Fitted, describe, flatten, unflatten
from ..security import Keyring, Signature
from .manifest import parsed, revived
from .payload import refuse_overlap, unpacked

FORMAT = 1
MANIFEST, PAYLOAD, SIGNATURE = "manifest.json", "arrays.npz", "signature.json"
MANIFEST_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Loaded:
    """A model from a file, and whether its signature is one that this installation trusts.

    ``notice`` says what is wrong with the signature, for people; None when it is trusted.
    """

    model: Estimator
    notice: str | None


def save_artifact(model: Estimator, path: Path, keyring: Keyring | None) -> None:
    """Write ``model`` to ``path``; the same model and key always give the same bytes.

    Without a keyring the file is not signed.
    """
    fitted = model._fitted
    if fitted is None:
        raise not_fitted(model.name)
    payload = _arrays(fitted)
    manifest = json.dumps(_manifest(model, fitted, payload), indent=1, sort_keys=True).encode()
    parts = {MANIFEST: manifest, PAYLOAD: payload}
    if keyring is not None:
        signature = keyring.sign(manifest)
        parts[SIGNATURE] = json.dumps(vars(signature), sort_keys=True).encode()
    # A name of its own, so that two that save at the same time do not write into one file.
    half = path.parent / f".{uuid4().hex}.half"
    try:
        with ZipFile(half, "x") as archive:
            for name, content in parts.items():
                # ZipInfo's date is fixed; writing by name would put the clock into the file.
                archive.writestr(ZipInfo(name), content)
        half.replace(path)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InvalidInput(f"{path} can't be written: {why}", path=str(path)) from None
    finally:
        with suppress(OSError, ValueError):
            half.unlink(missing_ok=True)


def _arrays(fitted: Fitted) -> bytes:
    tree: dict[str, Any] = {"state": fitted.state}
    if fitted.calibration is not None:
        tree["calibration"] = fitted.calibration.to_arrays()
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **flatten(tree))
    return buffer.getvalue()


def _manifest(model: Estimator, fitted: Fitted, payload: bytes) -> dict[str, Any]:
    threshold = fitted.threshold
    return {
        "format": FORMAT,
        "model": describe(model),
        "schema": fitted.schema.to_dict(),
        "policy": fitted.policy.to_dict(),
        "threshold": None if threshold is None else threshold.to_dict(),
        "payload": {
            "kind": "arrays",
            "file": PAYLOAD,
            "sha256": hashlib.sha256(payload).hexdigest(),
        },
    }


def load_artifact(path: Path, keyring: Keyring | None, max_bytes: int = 2**32) -> Loaded:
    """The model saved at ``path``.

    Raises
    ------
    NotFound : there is no such file.
    BadArtifact : it is no model, damaged, changed after it was signed, or of a newer format.
    """
    parts = _read(path, max_bytes)
    manifest = _parsed(path, parts[MANIFEST])
    notice = _signature_notice(path, parts, keyring)
    # Whatever goes wrong from here on, the file made it so: what it says may be anything.
    try:
        if hashlib.sha256(parts[PAYLOAD]).hexdigest() != manifest["payload"]["sha256"]:
            raise BadArtifact(
                f"{path}: the arrays do not match their checksum; the file was damaged or changed",
                path=str(path),
            )
        return Loaded(revived(manifest, unflatten(unpacked(parts[PAYLOAD]))), notice)
    except BadArtifact as error:
        raise error if str(path) in str(error) else BadArtifact(f"{path}: {error}") from None
    except Exception as error:
        raise BadArtifact(
            f"{path}: the model can't be read ({type(error).__name__}: {error})", path=str(path)
        ) from error


def _read(path: Path, max_bytes: int) -> dict[str, bytes]:
    try:
        size, is_file = path.stat().st_size, path.is_file()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise NotFound(
            f"there is no model file {path} ({why}); check the name and the folder", path=str(path)
        ) from None
    if not is_file:
        raise BadArtifact(f"{path} is not a file; name the model file itself", path=str(path))
    if size > max_bytes:
        raise BadArtifact(
            f"{path} has {size:,} bytes; at most {max_bytes:,} are opened (SONDE_MAX_MODEL_MB)",
            path=str(path),
        )
    try:
        # Read at once: another process may put a new model into its place at any moment.
        content = path.read_bytes()
        with ZipFile(io.BytesIO(content)) as archive:
            return _stored_parts(path, archive, len(content))
    except BadArtifact:
        raise
    except Exception as error:  # zipfile raises many kinds on what is no archive
        raise BadArtifact(
            f"{path} is not a Sonde model, or it is damaged ({error}); copy it again or train anew",
            path=str(path),
        ) from None


def _stored_parts(path: Path, archive: ZipFile, size: int) -> dict[str, bytes]:
    infos = {info.filename: info for info in archive.infolist()}
    if len(infos) != len(archive.infolist()) or not {MANIFEST, PAYLOAD} <= set(infos):
        raise BadArtifact(f"{path} is not a Sonde model: it lacks {MANIFEST} or {PAYLOAD}")
    unknown = set(infos) - {MANIFEST, PAYLOAD, SIGNATURE}
    # We store without compression, so a file can't unpack to more than its own size.
    packed = [n for n, info in infos.items() if info.compress_type != zipfile.ZIP_STORED]
    if unknown or packed or infos[MANIFEST].file_size > MANIFEST_BYTES:
        raise BadArtifact(
            f"{path} holds what a Sonde model does not: {sorted(unknown) or packed or MANIFEST}",
            path=str(path),
        )
    refuse_overlap(archive.infolist(), size)
    return {name: archive.read(name) for name in infos}


def _parsed(path: Path, text: bytes) -> dict[str, Any]:
    try:
        manifest = dict(parsed(text))
        stored = manifest["format"]
        if type(stored) is not int or stored < 1:
            raise ValueError(f"format {stored!r}")
    except (ValueError, KeyError, TypeError, RecursionError, MemoryError):
        raise BadArtifact(f"{path}: {MANIFEST} can't be read", path=str(path)) from None
    if stored > FORMAT:
        raise BadArtifact(
            f"{path} has format {stored}, newer than {FORMAT}, the newest this version reads; "
            "upgrade sonde",
            path=str(path),
            format=stored,
        )
    return manifest


def _signature_notice(
    path: Path, parts: Mapping[str, bytes], keyring: Keyring | None
) -> str | None:
    if SIGNATURE not in parts:
        return f"{path} is not signed; use it only if you know where it comes from"
    try:
        stored = parsed(parts[SIGNATURE])
        signature = Signature(str(stored["public_key"]), str(stored["value"]))
    except (ValueError, KeyError, TypeError, RecursionError, MemoryError):
        raise BadArtifact(f"{path}: {SIGNATURE} can't be read", path=str(path)) from None
    if not signature.is_over(parts[MANIFEST]):
        raise BadArtifact(
            f"{path}: the signature does not fit the model; it was changed after it was signed",
            path=str(path),
        )
    if keyring is not None and keyring.trusts(signature):
        return None
    return f"{path} is signed with a key that is not trusted here ({signature.public_key[:16]}…)"
