"""The first key: one that the settings bring, so that a container needs no command to start."""

from __future__ import annotations

from pathlib import Path

from ..errors import InvalidInput, Unauthenticated, Unavailable
from .key_text import KeyText, read_key_text


def first_key_text(first: str | None, first_file: Path | None) -> str | None:
    """The first key from the settings, checked; None where there is none.

    Raises
    ------
    InvalidInput : it is no key, or both settings are there; the message says how to make one.
    Unavailable : the file can't be read.
    """
    if first is not None and first_file is not None:
        raise InvalidInput(
            "settings SONDE_KEYS__FIRST and SONDE_KEYS__FIRST_FILE are both set; keep one",
            setting="SONDE_KEYS__FIRST_FILE",
        )
    if first is not None:
        return read_first_key(first, "setting SONDE_KEYS__FIRST").text
    if first_file is None:
        return None
    try:
        text = first_file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise Unavailable(
            f"setting SONDE_KEYS__FIRST_FILE: {first_file} can't be read: {error.strerror}; write "
            "a key there (sonde keys create --print-only) that this user may read",
            setting="SONDE_KEYS__FIRST_FILE",
        ) from None
    return read_first_key(text, f"setting SONDE_KEYS__FIRST_FILE: {first_file}").text


def read_first_key(text: str, where: str) -> KeyText:
    """The key in ``text``, around which spaces may stand; InvalidInput begins with ``where``."""
    try:
        return read_key_text(text.strip())
    except Unauthenticated as error:
        raise InvalidInput(
            f"{where}: {error}. A new one is made by: sonde keys create --print-only"
        ) from None
