"""Keys and signatures."""

from .signing import Keyring, Signature

__all__ = ["Keyring", "Signature"]
