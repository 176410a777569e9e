"""Signatures over model files, with keys in the data folder.

Ed25519 is for everybody: whoever has the public key can check. HMAC-SHA256 is for one machine:
who can check can sign.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..errors import InvalidInput, Unavailable
from .secret_files import text_of, write_once

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


Verdict = Literal["trusted", "unknown key", "altered"]
ED25519, HMAC = "ed25519", "hmac-sha256"
ALGORITHMS = (ED25519, HMAC)
PUBLIC_KEY_DIGITS = 64


@dataclass(frozen=True)
class Signature:
    """A signature and the key that it can be checked with, both as hexadecimal text.

    ``public_key`` is that of Ed25519, or the name of the secret of an HMAC (a digest of it, which
    tells two secrets apart and gives nothing away). ``algorithm`` is one of ``ALGORITHMS``.
    """

    public_key: str
    value: str
    algorithm: str = ED25519

    def is_over(self, message: bytes) -> bool:
        """True where this Ed25519 signature was made over exactly ``message``.

        An HMAC can be checked only with its secret: ``Keyring.verdict`` does.
        """
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        if self.algorithm != ED25519:
            return False
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.public_key))
            key.verify(bytes.fromhex(self.value), message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Keyring:
    """This installation's signing keys and the keys it trusts.

    ``folder/signing.key`` holds the private key of Ed25519, ``folder/signing.secret`` the secret
    of HMAC-SHA256 (each made at first need, readable by its owner only); ``folder/trusted/*.pub``
    hold the public keys of others, one line of hexadecimal text each. ``signing`` is what new
    signatures are made with; both kinds are checked.
    """

    folder: Path
    signing: Literal["ed25519", "hmac"] = "ed25519"

    def sign(self, message: bytes) -> Signature:
        """Sign with this installation's key, which is made when there is none."""
        if self.signing == "hmac":
            secret = self._secret(make=True)
            if secret is None:
                raise _leads_nowhere(self.folder / "signing.secret")
            return Signature(_name_of(secret), _mac(secret, message), HMAC)
        key = self._own_key(make=True)
        if key is None:
            raise _leads_nowhere(self.folder / "signing.key")
        public = key.public_key().public_bytes_raw().hex()
        return Signature(public, key.sign(message).hex())

    def trusts(self, signature: Signature) -> bool:
        """True for this installation's own keys and for those in ``trusted``.

        Says nothing of the message: ``verdict`` does.
        """
        if signature.algorithm == HMAC:
            secret = self._secret(make=False)
            return secret is not None and signature.public_key == _name_of(secret)
        own = self._own_key(make=False)
        known = set() if own is None else {own.public_key().public_bytes_raw().hex()}
        known.update(_public_key(path) for path in self._trusted_files())
        return signature.public_key.lower() in known

    def verdict(self, signature: Signature, message: bytes) -> Verdict:
        """What ``signature`` says of ``message`` here.

        ``"altered"``: it was made over something else. ``"unknown key"``: nobody trusted here
        made it; whether it is over ``message`` can't be told for an HMAC of a foreign secret.
        """
        if signature.algorithm == HMAC:
            secret = self._secret(make=False)
            if secret is None or signature.public_key != _name_of(secret):
                return "unknown key"
            # Bytes: of text, only ASCII can be compared in constant time.
            given = signature.value.encode(errors="replace")
            own = _mac(secret, message).encode()
            return "trusted" if hmac.compare_digest(given, own) else "altered"
        if not signature.is_over(message):
            return "altered"
        return "trusted" if self.trusts(signature) else "unknown key"

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
        text = text_of(path)
        if text is None and make:
            write_once(path, Ed25519PrivateKey.generate().private_bytes_raw().hex())
            text = text_of(path)
        if text is None:
            return None
        try:
            return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text))
        except ValueError:
            raise InvalidInput(
                f"{path} is not a signing key; move it away and a new one will be made",
                path=str(path),
            ) from None

    def _secret(self, *, make: bool) -> bytes | None:
        path = self.folder / "signing.secret"
        text = text_of(path)
        if text is None and make:
            write_once(path, secrets.token_hex(32))
            text = text_of(path)
        if text is None:
            return None
        if not _is_hexadecimal(text.lower(), 64):
            raise InvalidInput(
                f"{path} is not a signing secret, 64 hexadecimal digits; move it away and a new "
                "one will be made",
                path=str(path),
            )
        return bytes.fromhex(text)


def verdict(signature: Signature, message: bytes, keyring: Keyring | None) -> Verdict:
    """``Keyring.verdict``, also for who has no keyring and so trusts nobody."""
    if keyring is not None:
        return keyring.verdict(signature, message)
    is_foreign = signature.algorithm == HMAC or signature.is_over(message)
    return "unknown key" if is_foreign else "altered"


def _mac(secret: bytes, message: bytes) -> str:
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def _name_of(secret: bytes) -> str:
    # Of a fixed text that is no manifest, so that a name is never a signature.
    return _mac(secret, b"the name of a signing secret")


def _public_key(path: Path) -> str:
    text = (text_of(path) or "").lower()
    if not _is_hexadecimal(text, PUBLIC_KEY_DIGITS):
        raise InvalidInput(
            f"{path} is not a public key, one line of {PUBLIC_KEY_DIGITS} hexadecimal digits; "
            "mend it or move it away",
            path=str(path),
        )
    return text


def _is_hexadecimal(text: str, digits: int) -> bool:
    return len(text) == digits and set(text) <= set("0123456789abcdef")


def _leads_nowhere(path: Path) -> Unavailable:
    return Unavailable(
        f"{path} is a link that leads nowhere; remove it and a key will be made", path=str(path)
    )


def _unreadable(path: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"{path} can't be read: {error.strerror}; keys are files that you may read, so move it "
        "away or change its permissions",
        path=str(path),
    )
