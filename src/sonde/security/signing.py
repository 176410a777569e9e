"""Ed25519 signatures over model files, with keys in the data folder."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


PUBLIC_KEY_DIGITS = 64


@dataclass(frozen=True)
class Signature:
    """A signature and the public key it can be checked with, both as hexadecimal text."""

    public_key: str
    value: str

    def is_over(self, message: bytes) -> bool:
        """True where this signature was made over exactly ``message``."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.public_key))
            key.verify(bytes.fromhex(self.value), message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Keyring:
    """This installation's signing key and the keys it trusts.

    ``folder/signing.key`` holds the private key (made at first need, readable by its owner only);
    ``folder/trusted/*.pub`` hold the public keys of others, one line of hexadecimal text each.
    """

    folder: Path

    def sign(self, message: bytes) -> Signature:
        """Sign with this installation's key, which is made when there is none."""
        key = self._own_key(make=True)
        if key is None:
            path = self.folder / "signing.key"
            raise Unavailable(
                f"{path} is a link that leads nowhere; remove it and a key will be made",
                path=str(path),
            )
        public = key.public_key().public_bytes_raw().hex()
        return Signature(public, key.sign(message).hex())

    def trusts(self, signature: Signature) -> bool:
        """True for this installation's own key and for those in ``trusted``."""
        own = self._own_key(make=False)
        known = set() if own is None else {own.public_key().public_bytes_raw().hex()}
        known.update(_public_key(path) for path in self._trusted_files())
        return signature.public_key.lower() in known

    def _trusted_files(self) -> list[Path]:
        folder = self.folder / "trusted"
        try:
            return sorted(path for path in folder.iterdir() if path.suffix == ".pub")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unreadable(folder, error) from None

    def _own_key(self, *, make: bool) -> Ed25519PrivateKey | None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        path = self.folder / "signing.key"
        text = _text_of(path)
        if text is None and make:
            self._write_new(path, Ed25519PrivateKey.generate().private_bytes_raw().hex())
            text = _text_of(path)
        if text is None:
            return None
        try:
            return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text))
        except ValueError:
            raise InvalidInput(
                f"{path} is not a signing key; move it away and a new one will be made",
                path=str(path),
            ) from None

    def _write_new(self, path: Path, text: str) -> None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Exclusive, so that of two processes that start together one key wins, whole.
            descriptor, name = tempfile.mkstemp(prefix=".signing-", dir=path.parent)
            half = Path(name)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(text)
            try:
                os.link(half, path)
            except FileExistsError:
                pass
            finally:
                half.unlink()
        except OSError as error:
            raise Unavailable(
                f"the signing key can't be written to {path.parent}: {error.strerror}; "
                "point SONDE_HOME to a folder that can be written",
                path=str(path),
            ) from None


def _text_of(path: Path) -> str | None:
    """The text of a key file, None where there is no such file; odd bytes become text too."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error) from None


def _public_key(path: Path) -> str:
    text = (_text_of(path) or "").lower()
    if len(text) != PUBLIC_KEY_DIGITS or not set(text) <= set("0123456789abcdef"):
        raise InvalidInput(
            f"{path} is not a public key, one line of {PUBLIC_KEY_DIGITS} hexadecimal digits; "
            "mend it or move it away",
            path=str(path),
        )
    return text


def _unreadable(path: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"{path} can't be read: {error.strerror}; keys are files that you may read, so move it "
        "away or change its permissions",
        path=str(path),
    )
