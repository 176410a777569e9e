"""What both clients are made from, and what httpx calls failures."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from .. import __version__
from ..errors import InvalidInput, NotFound
from .addresses import Address
from .credential import Credential, checked_headers
from .downloads import Download
from .exchange import Line
from .messages import Failure, Send
from .retrying import Policy
from .uploads import HeldBytes

Verify = bool | str | Path | ssl.SSLContext
MOST_OF_AN_ERROR = 1 << 20  # bytes of an error's body that are read


def line_to(
    base_url: str, api_key: str | None, headers: Mapping[str, str] | None, policy: Policy
) -> Line:
    """How to reach the service at ``base_url``."""
    return Line(
        Address.of(base_url),
        Credential(api_key),
        policy,
        {"User-Agent": f"sonde/{__version__}", **checked_headers(headers, has_key=bool(api_key))},
    )


def httpx_options(line: Line, verify: Verify, transport: Any) -> dict[str, Any]:
    """Arguments of httpx's clients.

    Nothing is taken from the environment, neither proxies nor certificates, and httpx follows no
    redirect: where a key goes is decided here.

    Raises
    ------
    NotFound, InvalidInput : ``verify`` names no file of certificates.
    """
    if transport is not None and verify is not True:
        raise InvalidInput("a transport has its own verify; give it there")
    chosen = _certificates(verify) if line.address.scheme == "https" else False
    return {
        "verify": chosen,
        "transport": transport,
        "trust_env": False,
        "follow_redirects": False,
        # The first attempt to reuse a connection that the service has closed costs a retry.
        "limits": httpx.Limits(max_connections=100, max_keepalive_connections=20),
    }


def request_parts(send: Send, credential: Credential) -> dict[str, Any]:
    """Headers and time-outs of one attempt as httpx takes them; the key is added here, last."""
    headers = {**send.headers, **credential.headers()}
    if send.body is not None and send.body.size is not None:
        headers["Content-Length"] = str(send.body.size)
    return {
        "method": send.method,
        "url": send.url,
        "headers": headers,
        "timeout": httpx.Timeout(min(send.silence_s, send.total_s)),
    }


def held(send: Send) -> bytes | None:
    """The body where it is in memory; None where there is none, or it comes in pieces."""
    return send.body.data if isinstance(send.body, HeldBytes) else None


def saved_by(send: Send, status: int) -> Download | None:
    """Where the body of an answer goes; None where it is held in memory."""
    return Download(send.save_to) if send.save_to is not None and status < 300 else None


def failure_of(error: httpx.HTTPError) -> Failure:
    """What happened, without the request, in which the key is."""
    text = str(error) or type(error).__name__
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return Failure("timeout", text, was_sent=False)
    if isinstance(error, httpx.TimeoutException):
        return Failure("timeout", text, was_sent=True)
    if isinstance(error, httpx.ConnectError | httpx.ProxyError):
        is_unsafe = _has_cause(error, ssl.SSLCertVerificationError)
        return Failure("certificate" if is_unsafe else "connect", text, was_sent=False)
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        return Failure("unusable", text, was_sent=False)
    return Failure("cut", text, was_sent=True)


def _certificates(verify: Verify) -> bool | ssl.SSLContext:
    if isinstance(verify, bool | ssl.SSLContext):
        return verify
    path = Path(verify)
    if not path.exists():
        raise NotFound(f"there is no file of certificates {path}", path=str(path))
    try:
        folder = path.is_dir()
        return ssl.create_default_context(
            cafile=None if folder else str(path), capath=str(path) if folder else None
        )
    except (ssl.SSLError, OSError) as refused:
        raise InvalidInput(f"{path} holds no certificates that can be read: {refused}") from None


def _has_cause(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False
