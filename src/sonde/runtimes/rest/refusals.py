"""Refusals as answers: one shape, in the words of those who ask by HTTP."""

from __future__ import annotations

from typing import Any

from ...errors import SondeError
from ...wire.problems import problem
from .replies import Reply, problem_reply
from .requests import Request
from .statuses import OWN_PREDICT, retry_after, status_of

# What is said to those who type commands, and what those who ask by HTTP do instead.
_INSTEAD = (("`sonde models list` shows what there is", "GET /api/v1/models lists what there is"),)


def refusal(request: Request, error: SondeError, status: int | None = None) -> Reply:
    """The answer to a request that is refused; notes the error's code for the log.

    ``status`` where it is not that of the error's kind.
    """
    status = status_of(error, request.path) if status is None else status
    request.about.setdefault("error", error.code)
    body = told(error, status, request.id, request.path)
    wait = retry_after(error, status)
    reply = problem_reply(body, status, wait, is_flat=request.path == OWN_PREDICT)
    if status == 408:  # the rest of the body may never come
        reply.headers.append((b"connection", b"close"))
    return reply


def told(
    error: SondeError, status: int, request_id: str, instance: str | None = None
) -> dict[str, Any]:
    """The problem document; where it names a command, the address that does the same."""
    body = problem(error, status, request_id=request_id, instance=instance)
    for one in (body, *body["errors"]):
        one["message"] = _by_http(one["message"])
    return body | {"detail": body["message"]}


def _by_http(text: str) -> str:
    for command, address in _INSTEAD:
        text = text.replace(command, address)
    return text
