"""What passes between the protocol and the clients that carry it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .uploads import Upload


@dataclass(frozen=True, eq=False)
class Request:
    """One question to the service.

    Parameters
    ----------
    path : quoted, without the address of the service.
    is_repeatable : asking twice does no more than asking once.
    is_transfer : a file goes one way or the other; the time-out is then for each silence, and not
        for the whole attempt.
    save_to : where the body of the answer goes, which is then not held in memory.
    digest : SHA-256 in hex that the saved body must have.
    answers : statuses from 400 on that are answers here and no errors.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Upload | None = None
    is_repeatable: bool = True
    is_transfer: bool = False
    save_to: Path | None = None
    digest: str | None = None
    answers: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Send:
    """To the carrier: send this once, and give back a Reply or a Failure.

    ``silence_s`` bounds each wait for the other side, ``total_s`` all of the attempt.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: Upload | None
    silence_s: float
    total_s: float
    save_to: Path | None
    digest: str | None


@dataclass(frozen=True)
class Sleep:
    """To the carrier: wait, and give back None."""

    seconds: float


@dataclass(frozen=True, eq=False)
class Reply:
    """An answer of the service, whatever its status; names of headers are in lower case.

    ``is_in_doubt``: an earlier attempt ended without a proper answer, and may have been heard.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    is_in_doubt: bool = False

    @property
    def media(self) -> str:
        """The type of the content without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def request_id(self) -> str | None:
        return self.headers.get("x-request-id")


@dataclass(frozen=True)
class Failure:
    """An attempt without an answer.

    Parameters
    ----------
    kind : ``"connect"`` nobody took the connection; ``"timeout"``; ``"cut"`` the connection ended
        too early; ``"certificate"`` it is not safe; ``"unusable"`` the request can't be sent.
    text : what the network said.
    was_sent : the service may have heard the request.
    """

    kind: Literal["connect", "timeout", "cut", "certificate", "unusable"]
    text: str
    was_sent: bool
