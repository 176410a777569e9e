"""Media types of bodies: which one came, and which one the caller wants back."""

from __future__ import annotations

from collections.abc import Sequence

from ..data.quoting import quoted
from ..errors import Malformed, NotAcceptable, Unsupported

JSON = "application/json"
CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"
ARROW = "application/vnd.apache.arrow.stream"
ARROW_FILE = "application/vnd.apache.arrow.file"
PROBLEM = "application/problem+json"
MODEL = "application/vnd.sonde.model"

BODIES = (JSON, ARROW, PARQUET, CSV, ARROW_FILE)
ANSWERS = (JSON, ARROW, PARQUET, CSV)

_MEANS = {
    "text/json": JSON,
    "application/csv": CSV,
    "application/parquet": PARQUET,
    "application/x-parquet": PARQUET,
    "application/arrow": ARROW,
    "application/x-apache-arrow-stream": ARROW,
}
_MOST_RANGES = 64


def of_content_type(header: str | None, known: Sequence[str] = BODIES) -> str:
    """The media type that a Content-Type names; JSON where there is none.

    Raises
    ------
    Unsupported : a type that is not among ``known``, or JSON in other letters than UTF-8.

    Examples
    --------
    >>> of_content_type("Application/JSON; charset=utf-8"), of_content_type("text/csv")
    ('application/json', 'text/csv')
    """
    if header is None or header == JSON:
        return JSON
    name, *parameters = header.split(";")
    named = name.strip().lower()
    if not named:
        return JSON
    media = _MEANS.get(named, named)
    if media == PROBLEM or (media.startswith("application/") and media.endswith("+json")):
        media = JSON
    if media not in known:
        raise Unsupported(
            f"bodies of type {quoted(named)} are not read here; set Content-Type to one of "
            f"{', '.join(known)}",
            content_type=named[:100],
            known=list(known),
        )
    if media == JSON:
        _refuse_other_letters(parameters)
    return media


def negotiate(accept: str | None, offered: Sequence[str] = ANSWERS) -> str:
    """The one of ``offered`` that an Accept header likes best; the first where it does not care.

    Raises
    ------
    NotAcceptable : it likes none of them.
    Malformed : it is no list of media ranges.

    Examples
    --------
    >>> negotiate("text/csv;q=0.5, application/*"), negotiate(None), negotiate("text/csv")
    ('application/json', 'application/json', 'text/csv')
    """
    if not accept or accept == "*/*" or accept == offered[0]:
        return offered[0]
    ranges = _ranges(accept)
    best, liked = offered[0], 0.0
    for media in offered:
        weight = _weight(media, ranges)
        if weight > liked:
            best, liked = media, weight
    if liked == 0.0:
        raise NotAcceptable(
            f"answers are given as {', '.join(offered)}, and Accept is {quoted(accept)}; ask for "
            "one of them",
            offered=list(offered),
        )
    return best


def _ranges(accept: str) -> list[tuple[str, float]]:
    """Media ranges and their weights, the most specific first."""
    found = []
    parts = accept.split(",")
    if len(parts) > _MOST_RANGES:
        raise Malformed(f"Accept names {len(parts)} types; name {_MOST_RANGES} at most")
    for part in parts:
        name, *parameters = part.split(";")
        named = name.strip().lower()
        if not named:
            continue
        if "/" not in named:
            raise Malformed(
                f"Accept holds {quoted(named)}, which is no media type; write type/name"
            )
        found.append((_MEANS.get(named, named), _quality(parameters)))
    return sorted(found, key=lambda one: one[0].count("*"))


def _quality(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() != "q":
            continue
        try:
            weight = float(value)
        except ValueError:
            weight = -1.0
        if not 0.0 <= weight <= 1.0:
            raise Malformed(f"Accept holds q={quoted(value)}; a weight is a number from 0 to 1")
        return weight
    return 1.0


def _weight(media: str, ranges: Sequence[tuple[str, float]]) -> float:
    family = media.partition("/")[0]
    for wanted, weight in ranges:
        if wanted in (media, f"{family}/*", "*/*"):
            return weight
    return 0.0


def _refuse_other_letters(parameters: Sequence[str]) -> None:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        letters = value.strip().strip('"').lower()
        if name.strip().lower() == "charset" and letters not in ("utf-8", "utf8", "us-ascii"):
            raise Unsupported(
                f"JSON in {quoted(letters)} is not read here; send it as UTF-8",
                charset=letters[:100],
            )
