"""Fields to a line, whatever they hold: nothing here raises, and no secret gets through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson

from .secrets import HIDDEN, is_secret, masked, may_hold_secrets

Render = Callable[[Mapping[str, Any]], bytes]

MOST_BYTES = 16_384
_MOST_CHARACTERS = 2_000
_MOST_ITEMS = 50
_DEPTH = 6
# Names of fields that were looked at and may be written, so that each is looked at once.
_HARMLESS: set[str] = set()
_MOST_NAMES = 1_000
# Control characters would let a caller write lines of his own, or move a terminal's cursor.
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
_CONTROL |= {0x2028: "\\u2028", 0x2029: "\\u2029"}


def as_json(fields: Mapping[str, Any]) -> bytes:
    """One JSON object on one line.

    >>> as_json({"event": "ready", "password": "x", "url": "redis://:x@host/0"})
    b'{"event":"ready","url":"redis://:\\xe2\\x80\\xa2\\xe2\\x80\\xa2\\xe2\\x80\\xa2@host/0"}\\n'
    """
    if not (fields.keys() <= _HARMLESS):
        fields = _without_secrets(fields)
    try:
        line = orjson.dumps(fields, default=_shown, option=_OPTIONS)
    except (TypeError, ValueError):  # names that are no text, lone surrogates, large integers
        line = orjson.dumps(_plain(fields, 0), option=_OPTIONS)
    text = line.decode()
    # Objects within objects may have secret names, and begin in one of three ways; long lines are
    # cut. Both are rare.
    if ":{" in text or "[{" in text or ",{" in text or len(line) > MOST_BYTES:
        line = orjson.dumps(_plain(fields, 0), option=_OPTIONS)
        text = line.decode()
    return masked(text).encode() if may_hold_secrets(text) else line


_OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z


def as_text(fields: Mapping[str, Any]) -> bytes:
    """A line for people; a stack trace on lines of its own.

    >>> as_text({"level": "info", "event": "ready", "port": 8000}).decode()
    'info     ready  port=8000\\n'
    """
    left = dict(_plain(fields, 0))
    time = fields.get("timestamp")
    shown = ""
    if isinstance(time, datetime):
        shown = time.astimezone().strftime("%H:%M:%S.%f")[:-3] + " "
    left.pop("timestamp", None)
    trace = left.pop("exception", "")
    line = f"{shown}{_word(left.pop('level', '')):<8} {_word(left.pop('event', ''))}"
    line += "".join(f"  {_word(name)}={_quoted(value)}" for name, value in left.items())
    if trace:
        # Its line ends stay, all other control characters go.
        told = "\n".join(part.translate(_CONTROL) for part in str(trace).splitlines())
        line = f"{line}\n{told}"
    return masked(line + "\n").encode()


def _word(value: Any) -> str:
    return str(value).translate(_CONTROL)


def _quoted(value: Any) -> str:
    if isinstance(value, str):
        told = _word(value)
        return f'"{told}"' if told == "" or " " in told else told
    return _word(orjson.dumps(value, option=orjson.OPT_UTC_Z).decode())


def _without_secrets(fields: Mapping[str, Any]) -> dict[str, Any]:
    kept = {}
    for name, value in fields.items():
        if isinstance(name, str) and is_secret(name):
            continue
        if isinstance(name, str) and len(_HARMLESS) < _MOST_NAMES:
            _HARMLESS.add(name)
        kept[name] = value
    return kept


def _shown(value: Any) -> Any:
    """What stands for an object that JSON has no form for."""
    if hasattr(value, "get_secret_value"):
        return HIDDEN
    if hasattr(value, "__array__") or hasattr(value, "shape"):
        # Never the values: rows of a caller do not belong in a log.
        return f"<{type(value).__name__} {getattr(value, 'shape', '')}>"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"<{len(value)} bytes>"
    if isinstance(value, (set, frozenset)):
        return sorted(map(str, value))[:_MOST_ITEMS]
    try:
        return _cut(str(value))
    except Exception:  # an object that can't say what it is must not cost the line
        return f"<{type(value).__name__}>"


def _plain(value: Any, depth: int) -> Any:
    """``value`` of plain values only, cut where it is long, without fields of secret names."""
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, datetime):
        return value
    if isinstance(value, int):
        return int(value) if -(2**63) <= value < 2**63 else _cut(hex(value))
    if isinstance(value, str):
        return _cut(value)
    if depth >= _DEPTH:
        return f"<{type(value).__name__}>"
    if isinstance(value, Mapping):
        items = list(value.items())[:_MOST_ITEMS]
        named = ((_cut(_text(name)), inner) for name, inner in items)
        return {name: _plain(inner, depth + 1) for name, inner in named if not is_secret(name)}
    if isinstance(value, (list, tuple)):
        return [_plain(item, depth + 1) for item in value[:_MOST_ITEMS]]
    return _plain(_shown(value), depth + 1)


def _text(name: Any) -> str:
    return name if isinstance(name, str) else str(_shown(name))


def _cut(text: str) -> str:
    """Valid and short; the exception keeps its end elsewhere."""
    text = text.encode("utf-8", "replace").decode()
    if len(text) <= _MOST_CHARACTERS:
        return text
    half = _MOST_CHARACTERS // 2
    return f"{text[:half]} … {text[-half:]}"
