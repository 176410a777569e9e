"""Refusals and failures over HTTP as the errors that the same mistake raises here.

Besides ``code`` and ``facts`` such an error has ``status`` (of HTTP, None where there was no
answer) and ``request_id`` (under which the service logs what it did).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import errors
from ..errors import SondeError
from .messages import Failure, Reply, Request


class ServiceError(SondeError):
    """The service answered with an error, or in a way, that this client does not know.

    ``code`` is the service's own where it gave one.
    """

    code = "service_error"


def _kinds(kind: type[SondeError]) -> dict[str, type[SondeError]]:
    found = {kind.code: kind}
    for narrower in kind.__subclasses__():
        if narrower.__module__ == errors.__name__:
            found |= _kinds(narrower)
    return found


_BY_CODE = {code: kind for code, kind in _kinds(SondeError).items() if kind is not SondeError}
# Of answers without a code: a proxy speaks, or another program.
_BY_STATUS: dict[int, type[SondeError]] = {
    400: errors.InvalidInput,
    401: errors.Unauthenticated,
    403: errors.Forbidden,
    404: errors.NotFound,
    406: errors.NotAcceptable,
    408: errors.Unavailable,
    409: errors.Conflict,
    413: errors.TooLarge,
    415: errors.Unsupported,
    422: errors.InvalidInput,
    425: errors.Unavailable,
    429: errors.TooMany,
    502: errors.Unavailable,
    503: errors.Unavailable,
    504: errors.Unavailable,
}


def made(
    kind: type[SondeError],
    message: str,
    facts: Mapping[str, Any],
    *,
    status: int | None,
    request_id: str | None,
    code: str | None = None,
) -> SondeError:
    """An error of ``kind`` that knows where it came from."""
    # Facts travel as keywords when an error is pickled, so none may be called like an argument.
    error = kind(message, **{k: v for k, v in facts.items() if k not in ("self", "message")})
    error.__dict__.update(status=status, request_id=request_id)
    if code is not None and code != kind.code:
        error.__dict__["code"] = code
    return error


def amended(error: SondeError, more: str, **facts: Any) -> SondeError:
    """The same error with ``more`` after its sentence and further facts."""
    return made(
        type(error),
        f"{error}{more}",
        error.facts | facts,
        status=error.__dict__.get("status"),
        request_id=error.__dict__.get("request_id"),
        code=error.__dict__.get("code"),
    )


def error_of(reply: Reply, told_s: float | None) -> SondeError:
    """What an answer of 400 or more says.

    ``problem+json`` becomes the error of its ``code``, with its ``facts``; ``errors`` (JSON
    pointers and what is wrong there) is one of them, and ``retry_after_s`` where the service said
    when to come back.
    """
    body = _problem(reply)
    code = body.get("code")
    code = code if isinstance(code, str) and code else None
    facts = dict(body["facts"]) if isinstance(body.get("facts"), dict) else {}
    if body.get("errors") and isinstance(body["errors"], list):
        facts.setdefault("errors", body["errors"])
    if told_s is not None:
        facts.setdefault("retry_after_s", told_s)
    texts = (body.get("message"), body.get("detail"), body.get("title"), body.get("error"))
    said = next((text for text in texts if isinstance(text, str) and text), None)
    if said is None:
        said = f"the service answered with status {reply.status} and no reason"
        if reply.media and "json" not in reply.media:
            said += f" ({reply.media}); is there a proxy between it and here?"
    kind = _BY_STATUS.get(reply.status, ServiceError)
    if code is not None:
        kind = _BY_CODE.get(code, ServiceError)
    return made(
        kind,
        said,
        facts,
        status=reply.status,
        request_id=reply.request_id or _text(body.get("request_id")),
        code=code,
    )


def error_of_failure(
    failure: Failure, request: Request, address: str, limit_s: float
) -> SondeError:
    """What an attempt without an answer is called."""
    text = failure.text
    facts: dict[str, Any] = {"address": address}
    kind: type[SondeError] = errors.Unavailable
    if failure.kind == "connect":
        said = f"no connection to {address} ({text}); is the service running there?"
    elif failure.kind == "timeout":
        kind, facts = errors.TimeLimit, facts | {"limit": limit_s, "setting": "timeout"}
        said = (
            f"no answer from {address} to {request.method} {request.path} within {limit_s:g} s; "
            "give the client a longer timeout, or the service less to do"
        )
    elif failure.kind == "cut":
        said = f"the connection to {address} ended before the answer was whole ({text})"
    elif failure.kind == "certificate":
        said = (
            f"the certificate of {address} is not trusted ({text}); give verify= the file of the "
            "authority that signed it"
        )
    else:
        kind = errors.InvalidInput
        said = f"{request.method} {request.path} can't be sent to {address}: {text}"
    request_id = request.headers.get("X-Request-Id")
    return made(kind, said, facts, status=None, request_id=request_id)


def not_understood(reply: Reply, what: str) -> SondeError:
    """The error of an answer that is none of this service's."""
    return made(
        ServiceError,
        f"the service answered with status {reply.status}, but {what}; does base_url lead to a "
        "Sonde service of this version?",
        {},
        status=reply.status,
        request_id=reply.request_id,
    )


def _problem(reply: Reply) -> dict[str, Any]:
    import orjson

    if "json" not in reply.media:
        return {}
    try:
        body = orjson.loads(reply.content)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
