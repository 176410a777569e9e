"""JSON text to Python values: what is wrong with it is named by its place, and nothing is vast."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ..data.quoting import quoted
from ..errors import Malformed
from .limits import Limits, too_many

_BESIDE = bytes(code for code in range(256) if code not in b'[]{}",')
_MARK = b"\xef\xbb\xbf"
_SPARE = 10_000  # lists and cells beside the data: options, names, labels


def loaded(data: bytes, limits: Limits) -> Any:
    """What the JSON text ``data`` holds.

    NaN, Infinity and numbers beyond float64 are taken, as in files; they are no JSON by the letter
    and many programs write them.

    Raises
    ------
    Malformed : no JSON, not in UTF-8, a key given twice, half a character; facts: line, character.
    TooLarge : more brackets within brackets, rows or cells than may come, before they are parsed.
    """
    text = _text(data)
    refuse_vast(data, limits)
    try:
        found = json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as fault:
        raise Malformed(
            f"the body is no JSON: line {fault.lineno}, character {fault.colno}: {fault.msg}; "
            "correct it there, or set the Content-Type of what it is",
            line=fault.lineno,
            character=fault.colno,
            offset=len(text[: fault.pos].encode("utf-8", "replace")),
        ) from None
    except RecursionError:
        raise too_many("depth", limits.depth + 1, limits.depth) from None
    except ValueError as fault:  # Python's guard against endless digits
        if isinstance(fault, Malformed):
            raise
        raise Malformed(
            "the body holds a number of more digits than any number needs; correct it"
        ) from None
    if "\\u" in text:
        _refuse_halves(found)
    return found


def refuse_vast(data: bytes, limits: Limits) -> None:
    """Raise TooLarge for JSON that is deeper, or of more lists or cells, than may come."""
    if len(data) < 2 * limits.depth:
        return
    structure = _structure(data)
    n_opened = structure.count(b"[") + structure.count(b"{")
    if n_opened > 2 * limits.rows + limits.columns + _SPARE:
        raise too_many("rows", n_opened, limits.rows)
    n_cells = structure.count(b",")
    if n_cells > limits.points + 4 * limits.rows + _SPARE:
        raise too_many("points", n_cells, limits.points)
    if n_opened <= limits.depth:
        return
    brackets = np.frombuffer(structure.translate(None, b'",')[: 2 * n_opened], dtype=np.uint8)
    # "[" and "{" differ from "]" and "}" by two; the lower of each pair opens.
    steps = np.where((brackets == 0x5B) | (brackets == 0x7B), 1, -1)
    deepest = int(np.cumsum(steps, dtype=np.int64).max())
    if deepest > limits.depth:
        raise too_many("depth", deepest, limits.depth)


def _structure(data: bytes) -> bytes:
    """The brackets and commas of JSON text that are no part of a string."""
    # No regular expression: over millions of short strings one holds all threads up for a minute.
    if b"\\" in data:
        data = data.replace(rb"\\", b"").replace(rb"\"", b"")
    marks = data.translate(None, _BESIDE)
    if b'"' not in marks:
        return marks
    codes = np.frombuffer(marks, dtype=np.uint8)
    is_quote = codes == 0x22
    is_inside = np.logical_xor.accumulate(is_quote)  # from an opening quote to before its end
    beside: bytes = codes[~(is_inside | is_quote)].tobytes()
    return beside


def _text(data: bytes) -> str:
    data = data.removeprefix(_MARK)
    if not data.strip():
        raise Malformed("the body is empty; send JSON, or set the Content-Type of what it is")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as fault:
        what = "UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "not UTF-8"
        raise Malformed(
            f"the body is {what} (byte {fault.start}); JSON travels as UTF-8: write it so",
            offset=fault.start,
        ) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Malformed(f"the body gives the key {quoted(twice)} twice; give it once")
    return made


def _refuse_halves(found: Any) -> None:
    """Raise Malformed for half of a surrogate pair, which no text can hold."""
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Malformed(
            "the body holds half of a character (a \\ud800 without its other half); correct it"
        ) from None
