"""What pydantic found wrong, in the words of this service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import InvalidInput
from ...wire.pointers import pointer_to


def not_valid(found: Sequence[Any]) -> InvalidInput:
    """One error of all; fields of the body by JSON pointers, those of the query by their name."""
    fields: list[dict[str, str]] = []
    said: list[str] = []
    named: dict[str, str] = {}
    for one in found:
        place, *path = one["loc"]
        if place == "body":
            pointer = pointer_to("", *path)
            fields.append({"pointer": pointer, "message": one["msg"]})
            said.append(f"{pointer or 'the body'}: {one['msg']}")
        else:
            named = named or {"field": str(path[0])}
            said.append(f"the {place}'s {path[0]}: {one['msg']}")
    return InvalidInput(said[0], errors=fields, **named)
