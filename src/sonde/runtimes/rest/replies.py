"""Answers on their way out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .requests import Request, Send

JSON = b"application/json"
PROBLEM = b"application/problem+json"


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: status, bytes, what they are, and headers beside the usual ones."""

    body: bytes
    status: int = 200
    media: bytes = JSON
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)


async def send_reply(reply: Reply, request: Request, send: Send) -> None:
    """Send ``reply`` with the headers that belong to the request."""
    body = reply.body
    headers = [
        (b"content-type", reply.media),
        (b"content-length", str(len(body)).encode("ascii")),
        *request.extra,
        *reply.headers,
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if request.method == "HEAD":
        body = b""
    await send({"type": "http.response.body", "body": body})


def json_reply(
    body: Any, status: int = 200, headers: list[tuple[bytes, bytes]] | None = None
) -> Reply:
    """Plain values as JSON."""
    import orjson

    return Reply(orjson.dumps(body), status, JSON, headers or [])


def problem_reply(
    body: dict[str, Any], status: int, retry_after_s: float | None, *, is_flat: bool = False
) -> Reply:
    """A problem document; ``is_flat`` adds what callers of ``POST /predict`` look for."""
    import orjson

    headers = []
    if is_flat:
        body = {"success": False, "error": body["message"], **body}
    if retry_after_s is not None:
        whole = max(1, -int(-retry_after_s // 1))  # the header has whole seconds
        headers.append((b"retry-after", str(whole).encode("ascii")))
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    return Reply(orjson.dumps(body), status, PROBLEM, headers)
