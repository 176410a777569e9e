"""A fitted model as one file: a JSON manifest, plain arrays, a signature. Nothing is executed."""

from __future__ import annotations

import hashlib
import io
import json
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
from ..security.signing import ALGORITHMS, ED25519, verdict
from .manifest import parsed, revived
from .parts import MANIFEST, PAYLOAD, SIGNATURE, Parts, bad, parts_of, refuse_large
from .payload import unpacked

FORMAT = 1
MOST_BYTES = 2**32


@dataclass(frozen=True)
class Loaded:
    """A model from a file, and whether its signature is one that this installation trusts.

    ``notice`` says what is wrong with the signature, for people; None when it is trusted.
    ``signature`` is None where there is none.
    """

    model: Estimator
    notice: str | None
    signature: Signature | None = None


def artifact_bytes(model: Estimator, keyring: Keyring | None) -> bytes:
    """The file of ``model``; the same model and key always give the same bytes.

    Without a keyring it is not signed.
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
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            # ZipInfo's date is fixed; writing by name would put the clock into the file.
            archive.writestr(ZipInfo(name), content)
    return buffer.getvalue()


def save_artifact(model: Estimator, path: Path, keyring: Keyring | None) -> None:
    """Write ``artifact_bytes`` to ``path``, whole or not at all."""
    write_whole(path, artifact_bytes(model, keyring))


def write_whole(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``; who reads meanwhile finds the old file or the new."""
    # A name of its own, so that two that save at the same time do not write into one file.
    half = path.parent / f".{uuid4().hex}.half"
    try:
        with half.open("xb") as file:
            file.write(content)
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


def load_artifact(path: Path, keyring: Keyring | None, max_bytes: int = MOST_BYTES) -> Loaded:
    """The model saved at ``path``.

    Raises
    ------
    NotFound : there is no such file.
    BadArtifact : as ``model_from_bytes``.
    """
    return model_from_bytes(read_artifact(path, max_bytes), str(path), keyring, max_bytes)


def read_artifact(path: Path, max_bytes: int) -> bytes:
    """The bytes of the file at ``path``, not looked at yet.

    Raises
    ------
    NotFound : there is no such file.
    BadArtifact : it is no file, can't be read, or has more than ``max_bytes``.
    """
    try:
        size, is_file = path.stat().st_size, path.is_file()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise NotFound(
            f"there is no model file {path} ({why}); check the name and the folder", path=str(path)
        ) from None
    if not is_file:
        raise bad("not_a_file", str(path), "is not a file; name the model file itself")
    refuse_large(str(path), size, max_bytes)
    try:
        # Read at once: another process may put a new model into its place at any moment.
        return path.read_bytes()
    except OSError as error:
        raise bad(
            "unreadable", str(path), f"can't be read: {error.strerror}; check its permissions"
        ) from None


def model_from_bytes(
    data: bytes,
    name: str,
    keyring: Keyring | None,
    max_bytes: int = MOST_BYTES,
    *,
    trusted_only: bool = False,
) -> Loaded:
    """The model that ``data`` is the file of; ``name`` is what messages call it.

    ``trusted_only`` refuses what would otherwise load with a notice, before anything but the
    signature is read.

    Raises
    ------
    BadArtifact : its fact ``reason`` says why: ``"too_large"``, ``"pickled"``, ``"damaged"``,
        ``"altered"`` (after it was signed), ``"too_new"`` (a newer format), and, with
        ``trusted_only``, ``"unsigned"`` and ``"unknown_key"``.
    """
    refuse_large(name, len(data), max_bytes)
    parts = parts_of(name, data)
    signature = _signature(name, parts)
    reason, notice = _distrust(name, parts, signature, keyring)
    if reason is not None and trusted_only:
        raise BadArtifact(f"{notice}; {_REMEDIES[reason]}", path=name, reason=reason)
    manifest = _parsed(name, parts.manifest)
    # Whatever goes wrong from here on, the file made it so: what it says may be anything.
    try:
        if hashlib.sha256(parts.arrays).hexdigest() != manifest["payload"]["sha256"]:
            raise BadArtifact(
                f"{name}: the arrays do not match their checksum; the file was damaged or changed",
                path=name,
                reason="altered",
            )
        model = revived(manifest, unflatten(unpacked(parts.arrays)))
        said = notice and f"{notice}; use it only if you know where it comes from"
        return Loaded(model, said, signature)
    except BadArtifact as error:
        if name in str(error):
            raise
        raise bad("damaged", name, f"can't be used: {error}") from None
    except Exception as error:
        raise bad(
            "damaged", name, f"can't be read as a model ({type(error).__name__}: {error})"
        ) from error


_REMEDIES = {
    "unsigned": "only signed models are taken here: load it with sonde.load and save it with "
    "sonde.save if you know where it comes from",
    "unknown_key": "put the public key of whoever made it into keys/trusted/NAME.pub of SONDE_HOME "
    "if you trust them",
}


def _parsed(name: str, text: bytes) -> dict[str, Any]:
    try:
        manifest = dict(parsed(text))
        stored = manifest["format"]
        if type(stored) is not int or stored < 1:
            raise ValueError(f"format {stored!r}")
    except (ValueError, KeyError, TypeError, RecursionError, MemoryError):
        raise BadArtifact(
            f"{name}: {MANIFEST} can't be read", path=name, reason="damaged"
        ) from None
    if stored > FORMAT:
        raise BadArtifact(
            f"{name} has format {stored}, newer than {FORMAT}, the newest this version reads; "
            "upgrade sonde",
            path=name,
            reason="too_new",
            format=stored,
        )
    return manifest


def _signature(name: str, parts: Parts) -> Signature | None:
    if parts.signature is None:
        return None
    try:
        stored = parsed(parts.signature)
        # Files written before there was a choice do not say it.
        algorithm = str(stored.get("algorithm", ED25519))
        signature = Signature(str(stored["public_key"]), str(stored["value"]), algorithm)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, MemoryError):
        raise BadArtifact(
            f"{name}: {SIGNATURE} can't be read", path=name, reason="damaged"
        ) from None
    if algorithm not in ALGORITHMS:
        raise bad(
            "too_new",
            name,
            f"is signed with {algorithm[:40]!r}, which this version does not know; upgrade sonde",
        )
    return signature


def _distrust(
    name: str, parts: Parts, signature: Signature | None, keyring: Keyring | None
) -> tuple[str | None, str | None]:
    """Why the signature is not trusted here, for programs and for people; None, None where it is.

    Raises BadArtifact where the file was changed after it was signed.
    """
    if signature is None:
        return "unsigned", f"{name} is not signed"
    found = verdict(signature, parts.manifest, keyring)
    if found == "altered":
        raise BadArtifact(
            f"{name}: the signature does not fit the model; it was changed after it was signed",
            path=name,
            reason="altered",
        )
    if found == "trusted":
        return None, None
    key = f"{signature.public_key[:16]}…"
    return "unknown_key", f"{name} is signed with a key that is not trusted here ({key})"
