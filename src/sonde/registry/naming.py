"""What models, versions and aliases may be called, and what may be said of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..core import ModelRef
from ..errors import InvalidInput

CHAMPION, LATEST = "champion", "latest"
MOST_TAGS, MOST_TEXT, MOST_JSON = 64, 10_000, 1_000_000

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")
_RULE = "1 to 128 letters, digits, dots, dashes and underscores, a letter or digit first"


def checked_name(name: str) -> str:
    """``name`` as one that a model may have."""
    if not _NAME.fullmatch(name):
        raise InvalidInput(f"a model's name is {_RULE}; got {name[:140]!r}", name=name[:140])
    if ModelRef(name).is_file:
        raise InvalidInput(f"a model's name must not end as a file's does; got {name!r}", name=name)
    return name


def checked_alias(alias: str, what: str = "an alias") -> str:
    """``alias`` as one that can't be taken for a number or for the latest version."""
    if not _NAME.fullmatch(alias) or alias.isdigit() or alias == LATEST:
        raise InvalidInput(
            f"{what} is {_RULE}, not a number and not {LATEST!r}; got {alias[:140]!r}",
            alias=alias[:140],
        )
    return alias


def checked_tags(tags: Mapping[str, str] | None) -> dict[str, str]:
    """``tags`` as names and texts."""
    given = dict(tags or {})
    if len(given) > MOST_TAGS:
        raise InvalidInput(f"at most {MOST_TAGS} tags are kept, got {len(given)}")
    for name, value in given.items():
        if not isinstance(name, str) or not _TAG.fullmatch(name):
            raise InvalidInput(
                "a tag's name is 1 to 64 letters, digits, dots, dashes, underscores and slashes; "
                f"got {str(name)[:80]!r}",
                tag=str(name)[:80],
            )
        if not isinstance(value, str):
            raise InvalidInput(f"the tag {name!r} must be text, got {value!r}", tag=name)
        checked_text(value, f"the tag {name!r}", 1_000)
    return given


def checked_text(text: str | None, what: str, most: int = MOST_TEXT) -> str | None:
    """``text`` as one that every database can keep."""
    if text is None:
        return None
    if len(text) > most:
        raise InvalidInput(f"{what} has {len(text):,} characters; at most {most:,} are kept")
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidInput(f"{what} holds characters that are no text (NUL or half a pair)")
    return text


def checked_values(values: Mapping[str, Any] | None, what: str) -> dict[str, Any]:
    """``values`` as JSON gives them back: plain, finite, of bounded size."""
    try:
        text = json.dumps(dict(values or {}), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(
            f"{what} must be numbers, texts, lists and mappings, all finite ({error})"
        ) from None
    if len(text) > MOST_JSON:
        raise InvalidInput(f"{what} take {len(text):,} bytes as JSON; at most {MOST_JSON:,}")
    plain: dict[str, Any] = json.loads(text)
    try:
        json.dumps(plain, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InvalidInput(f"{what} hold characters that are no text (half a pair)") from None
    return plain
