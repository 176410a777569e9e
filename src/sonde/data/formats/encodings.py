"""Bytes to text: which encoding a file is written in."""

from __future__ import annotations

import re

from ...errors import InvalidInput
from ..quoting import quoted

UTF8_MARK = b"\xef\xbb\xbf"
_MARKS = {
    UTF8_MARK: "utf-8-sig",
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
# What a note calls them.
NAMES = {
    "latin-1": "Latin-1",
    "cp1252": "Windows-1252",
    "cp1251": "Windows-1251 (Cyrillic)",
    "shift_jis": "Shift-JIS (Japanese)",
    "gb18030": "GB 18030 (Chinese)",
}
_HIGH = re.compile(rb"[\x80-\xff]+")
_WORD = re.compile(rb"(?<![A-Za-z\x80-\xff])[\x80-\xff]{2,}(?![A-Za-z\x80-\xff])")
_FEW = 8  # bytes outside ASCII that say too little about a language
_JAPANESE = re.compile("[\u3040-\u30ff]")
_CHINESE = re.compile("[\u4e00-\u9fff]")


def encoding_of(begin: bytes) -> str:
    """The encoding of text that begins with ``begin``: by its mark, its zeros or its letters.

    Text without a mark that is not UTF-8 is taken for Windows-1252 or Latin-1, unless runs of
    its letters say Cyrillic, Japanese or Chinese.

    >>> encoding_of("größe".encode()), encoding_of("größe".encode("latin-1"))
    ('utf-8', 'latin-1')
    """
    for mark, encoding in _MARKS.items():
        if begin.startswith(mark):
            return encoding
    wide = _without_mark(begin)
    if wide is not None:
        return wide
    try:
        begin.decode()
    except UnicodeDecodeError as fault:
        # A letter cut in two by the end of the piece is no fault.
        if fault.start < len(begin) - 3 or fault.reason != "unexpected end of data":
            return _by_letters(begin)
    return "utf-8"


def text_of(data: bytes, source: str) -> tuple[str, list[str]]:
    """The text of a whole file, and a note where its encoding had to be guessed.

    Raises
    ------
    InvalidInput : bytes that no text has.
    """
    encoding = encoding_of(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise damaged_text(source, encoding) from None
    if "\x00" in text:
        raise InvalidInput(f"{source} holds bytes that no text has; export it again", source=source)
    return text.removeprefix("\ufeff"), notes_on(encoding, source)


def notes_on(encoding: str, source: str) -> list[str]:
    """What the reader should know about an encoding that was guessed."""
    if encoding not in NAMES:
        return []
    return [f"{source} is not UTF-8; its text was read as {NAMES[encoding]}"]


def damaged_text(source: str, encoding: str) -> InvalidInput:
    """The refusal of text that breaks the rules of its own encoding."""
    return InvalidInput(
        f"{source} begins as {encoding.upper()} text and breaks its rules later on; save it as "
        "UTF-8",
        source=source,
    )


def refuse_broken_utf8(piece: bytes, is_marked: bool, source: str) -> None:
    """Raise InvalidInput where ``piece`` is UTF-8 by its mark or its letters, and breaks its rules.

    Read by other rules it would have rows, and columns called ``tempÃ©rature``.
    """
    try:
        piece.decode()
    except UnicodeDecodeError as fault:
        if fault.start >= len(piece) - 3 and fault.reason == "unexpected end of data":
            return
        text = piece.decode("utf-8", "replace")
        broken = text.count("\ufffd")
        letters = sum(c > "\x7f" for c in text) - broken
        # Other alphabets hold letters of UTF-8 by chance, and many more bytes that are none.
        is_utf8 = letters >= broken and _by_letters(piece) in ("latin-1", "cp1252")
        if not is_marked and not is_utf8:
            return
        start = piece.rfind(b"\n", 0, fault.start) + 1
        line = piece[start : fault.end + 20].partition(b"\n")[0]
        raise InvalidInput(
            f"{source}: {quoted(line)} breaks the rules of UTF-8, in which the rest is written; "
            "correct the line, or save the whole file as UTF-8",
            source=source,
        ) from None


def _without_mark(begin: bytes) -> str | None:
    """UTF-16 by the zeros of Latin letters, where no mark says so."""
    piece = begin[: min(len(begin), 512) // 2 * 2]
    if len(piece) < 8:
        return None
    for encoding, zeros, letters in (
        ("utf-16-le", piece[1::2], piece[::2]),
        ("utf-16-be", piece[::2], piece[1::2]),
    ):
        if zeros.count(0) > 0.9 * len(zeros) and 0 not in letters:
            return encoding
    return None


def _by_letters(begin: bytes) -> str:
    runs = _HIGH.findall(begin)
    high = b"".join(runs)
    if len(high) >= _FEW:
        # Words of Cyrillic hold no letters of ASCII, as Größe does.
        in_words = sum(map(len, _WORD.findall(begin))) / len(high)
        if in_words > 0.8 and sum(byte >= 0xC0 for byte in high) > 0.95 * len(high):
            return "cp1251"
        # Letters of two bytes stand in words; accents stand alone, or two together as in Größe.
        in_long = sum(len(run) for run in runs if len(run) > 2) / len(high)
        wides = (("shift_jis", _JAPANESE), ("gb18030", _CHINESE)) if in_long > 0.3 else ()
        for encoding, letters in wides:
            text = _decoded(begin, encoding)
            wide = [c for c in text if ord(c) > 127]
            if wide and len(letters.findall(text)) > (0.3 if letters is _JAPANESE else 0.8) * len(
                wide
            ):
                return encoding
    return (
        "cp1252" if any(0x80 <= b < 0xA0 for b in high) and _decoded(high, "cp1252") else "latin-1"
    )


def _decoded(data: bytes, encoding: str) -> str:
    """``data`` as text, or nothing where it is not in this encoding; its end may be cut."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as fault:
        return data[: fault.start].decode(encoding) if fault.start >= len(data) - 3 else ""
