"""Ed25519 signatures over model files, with keys in the data folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


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
        assert key is not None
        public = key.public_key().public_bytes_raw().hex()
        return Signature(public, key.sign(message).hex())

    def trusts(self, signature: Signature) -> bool:
        """True for this installation's own key and for those in ``trusted``."""
        own = self._own_key(make=False)
        known = set() if own is None else {own.public_key().public_bytes_raw().hex()}
        for path in sorted((self.folder / "trusted").glob("*.pub")):
            known.add(path.read_text(encoding="ascii").strip().lower())
        return signature.public_key.lower() in known

    def _own_key(self, *, make: bool) -> Ed25519PrivateKey | None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        path = self.folder / "signing.key"
        if not path.exists():
            if not make:
                return None
            self._write_new(path, Ed25519PrivateKey.generate().private_bytes_raw().hex())
        try:
            return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text("ascii")))
        except (ValueError, UnicodeDecodeError):
            raise InvalidInput(
                f"{path} is not a signing key; move it away and a new one will be made",
                path=str(path),
            ) from None

    def _write_new(self, path: Path, text: str) -> None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Exclusive, so that of two processes that start together one key wins, whole.
            half = path.with_name(f".signing-{os.getpid()}.key")
            descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
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
