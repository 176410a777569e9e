"""What the registry says of models, versions and events: frozen, plain, ready to be shown."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from ..errors import InvalidInput

T = TypeVar("T")
Plain = dict[str, Any]  # what JSON can hold


@dataclass(frozen=True)
class ModelRecord:
    """A name under which versions of a model are kept.

    ``latest`` is the largest version number, None where every version was deleted; ``aliases``
    are names → version numbers. Moments are ISO 8601 text in UTC.
    """

    name: str
    task: str
    description: str | None
    tags: dict[str, str]
    latest: int | None
    aliases: dict[str, int]
    n_versions: int
    created_at: str
    created_by: str

    def to_dict(self) -> Plain:
        return asdict(self)


@dataclass(frozen=True)
class VersionRecord:
    """One version of a model: what it is, and how it came about.

    Parameters
    ----------
    version : its number, from 1; never given to another.
    label : a name of its own, chosen by whoever registered it.
    digest, size : SHA-256 of its bytes, and how many.
    estimator, parameters, schema : as the model itself says.
    metrics : figures that whoever registered it found, of whatever kind.
    lineage : where it comes from, see ``lineage_of``.
    signature_key : the public key of Ed25519, or the name of the secret, that signed it.
    parent : what it was made from: a version of this or another model.
    """

    model: str
    version: int
    label: str | None
    digest: str
    size: int
    task: str
    output_kind: str
    estimator: str
    parameters: Plain
    schema: Plain
    metrics: Plain
    lineage: Plain
    tags: dict[str, str]
    signature_key: str
    created_at: str
    created_by: str
    parent: str | None = None

    def __str__(self) -> str:
        return f"{self.model}:{self.version}"

    def to_dict(self) -> Plain:
        return asdict(self)


@dataclass(frozen=True)
class EventRecord:
    """Something that was done: by whom (``actor``), to what (``object``), and how."""

    id: int
    at: str
    actor: str
    action: str
    object: str
    details: Plain = field(default_factory=dict)

    def to_dict(self) -> Plain:
        return asdict(self)


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some of many: ``next`` is what to give as ``after`` for more; None at the end."""

    items: list[T]
    next: str | None = None


def moment(microseconds: int) -> str:
    """A moment of the database as text.

    >>> moment(1_700_000_000_123_456)
    '2023-11-14T22:13:20.123456Z'
    """
    seconds, rest = divmod(microseconds, 1_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:06d}Z"


def cursor(kind: str, place: str | int) -> str:
    """Where a page ended, as text that means nothing to its reader.

    >>> place_of("models", cursor("models", "pump"))
    'pump'
    """
    return urlsafe_b64encode(f"{kind}:{place}".encode()).decode("ascii").rstrip("=")


def place_of(kind: str, given: str) -> str:
    """The inverse of ``cursor``; InvalidInput where another list, or nobody, gave it."""
    try:
        padded = given + "=" * (-len(given) % 4)
        found, mark, place = urlsafe_b64decode(padded.encode("ascii")).decode().partition(":")
    except ValueError:
        found, mark, place = "", "", ""
    if found != kind or not mark:
        raise InvalidInput(
            f"after must be the 'next' of an earlier page of {kind}, got {given[:60]!r}",
            parameter="after",
        )
    return place


def number_of(kind: str, given: str) -> int:
    """``place_of`` where places are numbers."""
    place = place_of(kind, given)
    if not (place.isascii() and place.isdigit() and len(place) <= 18):
        return int(place_of(kind, ""))  # refuses, with the sentence above
    return int(place)
