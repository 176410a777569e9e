"""Errors as problem+json."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.containers import default_names
from ..data.quoting import MOST, said_by, shortened
from ..errors import SchemaMismatch, SondeError
from ..telemetry.secrets import masked
from .body import Body, points_of
from .pointers import pointer_to

_MOST_ITEMS = 12
_MOST_TEXT = 300
_MOST_DETAIL = 2000
_DEEPEST = 3
_SECRET = re.compile(r"password|passwd|secret|token|pepper|credential|authorization|api_?key", re.I)
_ASIDE = ("pointer", "errors", "retry_after_s")


def problem(
    error: SondeError,
    status: int,
    *,
    request_id: str = "",
    instance: str | None = None,
    title: str | None = None,
) -> dict[str, Any]:
    """The body of a refusal, plain values only, no longer than some kilobytes.

    Parameters
    ----------
    error : its code names the type; its facts are told shortened, and never what looks secret.
    title : what all problems of this type are called; made of the code when left out.

    Source
    ------
    RFC 9457, "Problem Details for HTTP APIs"; ``code``, ``message``, ``facts`` and ``errors`` are
    members of our own.

    Examples
    --------
    >>> from sonde.errors import TooShort
    >>> told = problem(TooShort("need 8 rows, got 3", needed=8), 422, request_id="r1")
    >>> told["type"], told["title"], told["facts"], told["errors"]
    ('/problems/too_short', 'Too short', {'needed': 8}, [])
    """
    message = masked(_cut(str(error), _MOST_DETAIL))
    told: dict[str, Any] = {
        "type": f"/problems/{error.code}",
        "title": title or error.code.replace("_", " ").capitalize(),
        "status": status,
        "detail": message,
        "code": error.code,
        "message": message,
        "facts": facts_of(error),
        "errors": errors_of(error),
        "request_id": request_id,
    }
    if instance is not None:
        told["instance"] = _cut(instance, _MOST_TEXT)
    return told


def failure(told: Mapping[str, Any]) -> dict[str, Any]:
    """A problem with the two fields that callers of ``/predict`` look for."""
    return {**told, "success": False, "error": told["message"]}


def facts_of(error: SondeError) -> dict[str, Any]:
    """The error's facts as short plain values; those that are shown elsewhere, or secret, not."""
    return {
        shortened(name): _plain(value, 1)
        for name, value in error.facts.items()
        if name not in _ASIDE and not _SECRET.search(name)
    }


def errors_of(error: SondeError) -> list[dict[str, str]]:
    """The fields at fault, by JSON pointers (RFC 6901)."""
    several = error.facts.get("errors")
    if isinstance(several, list):
        return [
            {
                "pointer": _cut(str(one["pointer"]), _MOST_TEXT),
                "message": masked(said_by(one["message"])),
            }
            for one in several[:_MOST_ITEMS]
        ]
    pointer = error.facts.get("pointer")
    if pointer is None:
        return []
    return [{"pointer": _cut(str(pointer), _MOST_TEXT), "message": masked(said_by(error))}]


def _plain(value: Any, depth: int) -> Any:
    """``value`` in the types that JSON has, cut to what a person reads."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 63 else f"an integer of {value.bit_length()} bits"
    if isinstance(value, float):
        return value if value - value == 0.0 else str(value)
    if isinstance(value, Mapping) and depth < _DEEPEST:
        first = list(value.items())[:_MOST_ITEMS]
        return {
            shortened(str(k)): _plain(v, depth + 1) for k, v in first if not _SECRET.search(str(k))
        }
    if isinstance(value, list | tuple | set | frozenset) and depth < _DEEPEST:
        told = [_plain(one, depth + 1) for one in list(value)[:_MOST_ITEMS]]
        return told if len(value) <= _MOST_ITEMS else [*told, "…"]
    if isinstance(value, str):
        return masked(_cut(value, _MOST_TEXT))
    if hasattr(value, "tolist"):
        return _plain(value.tolist(), depth) if getattr(value, "size", 0) <= 1000 else "an array"
    return masked(_cut(str(value), MOST))


def _cut(text: str, most: int) -> str:
    # A lone half of a surrogate pair can't be written as UTF-8.
    shown = text[: most + 1].encode("utf-8", "replace").decode()
    return shown if len(shown) <= most else shown[:most] + "…"


def pointed(error: SondeError, body: Body, channels: Sequence[str] = ()) -> SondeError:
    """``error``, with a pointer to what its row and column are in ``body``.

    ``channels`` are what a stored model calls the columns of rows without names. An error that has
    a pointer already stays as it is, and so does one about a body that is no JSON.
    """
    facts = error.facts
    if "pointer" in facts or "errors" in facts or body.form in ("", "frame"):
        return error
    row, column = facts.get("row"), facts.get("column")
    row = row if isinstance(row, int) and not isinstance(row, bool) else None
    if isinstance(error, SchemaMismatch):
        error.facts = {**facts, "pointer": body.at}
    elif row is not None or isinstance(column, str):
        named = column if isinstance(column, str) else None
        pointer = _pointer(body, row, named, channels)
        error.facts = {**facts, "pointer": pointer}
    return error


def _pointer(body: Body, row: int | None, column: str | None, channels: Sequence[str]) -> str:
    for name, beside in (("time", body.time), ("id", body.id)):
        if isinstance(beside, list) and column == name:
            return pointer_to("", name, *(() if row is None else (row,)))
    if body.form == "series":
        return _in_series(body, row)
    if body.form == "columns":
        steps = [step for step in (column, row) if step is not None]
        is_there = column is not None and column in (body.names or ())
        return pointer_to(body.at, *steps) if is_there else body.at
    if row is None:
        return body.at
    if column is None:
        return pointer_to(body.at, row)
    if body.form == "records":
        return pointer_to(body.at, row, column)
    names = list(body.names or channels or default_names(body.n_columns))
    return pointer_to(body.at, row, *([names.index(column)] if column in names else []))


def _in_series(body: Body, row: int | None) -> str:
    for i, one in enumerate(body.series or []):
        n = points_of(one)
        if row is not None and row < n:
            inner = (i,) if isinstance(one[0], list) else (i, row)
            return pointer_to(body.at, *inner)
        row = None if row is None else row - n
    return body.at
