"""What the service reads on behalf of a caller: URLs it may fetch, files it may open.

A caller who can name a URL could otherwise have the service ask what only the service can reach:
its own machine, the network behind it, the secrets a cloud hands to its machines.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Collection
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import urljoin

from ..errors import (
    Forbidden,
    InvalidInput,
    NotFound,
    SondeError,
    TimeLimit,
    TooLarge,
    Unavailable,
    Unsupported,
)
from .confined import confined
from .deadlines import Deadline, DeadlinedSocket
from .destinations import Destination, Resolver, allowed_addresses, destination

__all__ = ["confined", "fetch"]

MOVED = (301, 302, 303, 307, 308)
PACKED = ("", "identity", "gzip", "x-gzip", "zstd")  # what reading data unpacks by itself
CHUNK = 65_536
AGENT = "sonde"


def fetch(
    url: str,
    *,
    max_bytes: int,
    seconds: float,
    redirects: int = 3,
    allowed_hosts: Collection[str] = (),
    resolve: Resolver | None = None,
    tls: ssl.SSLContext | None = None,
) -> bytes:
    """What is at ``url``, from the public internet and nowhere else.

    Each name is resolved once, all its addresses must be public, and the connection goes to one of
    those that were looked at; so it is after each redirect. No cookie, no key, no user and no
    proxy of the environment takes part.

    Parameters
    ----------
    url : http or https, port 80, 443 or from 1024.
    max_bytes : of the body, which is as it was sent: gzip and zstd are not unpacked here.
    seconds : for everything together, names and redirects included.
    redirects : how many are followed; never from https to http.
    allowed_hosts : hosts (or ``host:port``) whose address may be private.
    resolve : the addresses of a host; the system's when None.
    tls : whose certificates are believed; the system's when None.

    Raises
    ------
    InvalidInput : the URL can't be used, or the answer is none that data come in.
    Forbidden : the URL leads to an address that is not public, or the server refuses.
    NotFound : nothing is there, or the host has no address.
    TooLarge, TimeLimit : facts: limit, setting.
    Unavailable : the server can't be reached, breaks off or fails.
    """
    order = _Order(max_bytes, Deadline(seconds), allowed_hosts, resolve or _resolved, tls)
    to = destination(url)
    base = url
    try:
        for _ in range(redirects + 1):
            answer = _asked(to, order)
            if isinstance(answer, bytes):
                return answer
            base = urljoin(base, answer)
            to = _moved(to, base)
    except TimeoutError:
        raise TimeLimit(
            f"{to.shown} took longer than the {seconds:g} seconds that a fetch may take",
            limit=seconds,
            setting="SONDE_SOURCES__SECONDS",
        ) from None
    raise InvalidInput(
        f"the URL was moved more than {redirects} times; give the one where the data are",
        limit=redirects,
        setting="SONDE_SOURCES__REDIRECTS",
    )


@dataclass(frozen=True)
class _Order:
    """What holds for all steps of one fetch."""

    max_bytes: int
    deadline: Deadline
    allowed_hosts: Collection[str]
    resolve: Resolver
    tls: ssl.SSLContext | None


def _asked(to: Destination, order: _Order) -> bytes | str:
    """The body at a destination, or where it was moved to."""
    addresses = _addresses(to, order)
    allowed_addresses(to, addresses, order.allowed_hosts)
    try:
        connected = _connected(to, addresses, order)
        try:
            return _answer(to, connected, order)
        finally:
            connected.close()
    except (TimeoutError, SondeError):  # some of ours are OSErrors too
        raise
    except ssl.SSLCertVerificationError as error:
        raise Unavailable(
            f"the certificate of {to.shown} is not good: {error.verify_message}", host=to.host
        ) from None
    except (OSError, HTTPException) as error:
        # What the error says may hold bytes of the server; its kind is enough.
        raise Unavailable(
            f"{to.shown} can't be reached or broke off ({type(error).__name__}); try again later",
            host=to.host,
        ) from None


def _addresses(to: Destination, order: _Order) -> Collection[str]:
    """All addresses of a host. The system's resolver knows no deadline, so it gets a thread."""
    found: SimpleQueue[Collection[str] | Exception] = SimpleQueue()

    def look_up() -> None:
        try:
            found.put(order.resolve(to.host, to.port))
        except Exception as error:
            found.put(error)

    Thread(target=look_up, name="sonde-resolve", daemon=True).start()
    try:
        addresses = found.get(timeout=order.deadline.left())
    except Empty:
        raise TimeoutError from None
    if isinstance(addresses, OSError | UnicodeError):
        raise NotFound(f"there is no host {to.host}, or it has no address now", host=to.host)
    if isinstance(addresses, Exception):
        raise addresses
    return addresses


def _resolved(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _connected(to: Destination, addresses: Collection[str], order: _Order) -> socket.socket:
    """A connection to the first of these addresses, which were looked at, that takes one."""
    failed: OSError = OSError("no address")
    for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
        try:
            # An address that swallows everything leaves time for the next.
            plain = socket.create_connection((address, to.port), order.deadline.left() / left)
        except OSError as error:
            order.deadline.left()
            failed = error
            continue
        if to.scheme == "http":
            return plain
        try:
            plain.settimeout(order.deadline.left())
            context = order.tls or ssl.create_default_context()
            # A body without a length that breaks off must not pass for a whole one.
            return context.wrap_socket(plain, server_hostname=to.host, suppress_ragged_eofs=False)
        except BaseException:
            plain.close()
            raise
    raise failed


def _answer(to: Destination, connected: socket.socket, order: _Order) -> bytes | str:
    connection = HTTPConnection(to.host, to.port)
    through: Any = DeadlinedSocket(connected, order.deadline)
    connection.sock = through
    connection.putrequest("GET", to.target, skip_host=True, skip_accept_encoding=True)
    for name, value in (
        ("Host", to.authority),
        ("Accept-Encoding", "identity"),
        ("User-Agent", AGENT),
        ("Connection", "close"),
    ):
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    try:
        if answer.status in MOVED:
            return _location(to, answer)
        if answer.status != 200:
            raise _refusal(to, answer.status)
        return _body(to, answer, order.max_bytes)
    finally:
        answer.close()


def _location(to: Destination, answer: HTTPResponse) -> str:
    where = answer.getheader("Location")
    if not where:
        raise Unavailable(f"{to.shown} says the data were moved, and not where to", host=to.host)
    # What http.client read as Latin-1 is ASCII, or UTF-8 that should have been escaped.
    return where.encode("latin-1").decode("utf-8", "replace")


def _moved(before: Destination, url: str) -> Destination:
    after = destination(url)
    if before.scheme == "https" and after.scheme == "http":
        raise Forbidden(
            f"{before.shown} leads from https to http, which is not followed", host=after.host
        )
    return after


def _refusal(to: Destination, status: int) -> SondeError:
    said = f"{to.shown} answered {status}"
    if status in (404, 410):
        return NotFound(f"{said}: there are no data at this URL", status=status)
    if status in (401, 403, 407):
        return Forbidden(f"{said}: it wants a password or key, and none is sent", status=status)
    if status == 429 or status >= 500:
        return Unavailable(f"{said}; try again later", status=status)
    return InvalidInput(f"{said} where 200 with data was expected", status=status)


def _body(to: Destination, answer: HTTPResponse, max_bytes: int) -> bytes:
    packed = (answer.getheader("Content-Encoding") or "").strip().lower()
    if packed not in PACKED:
        raise Unsupported(f"{to.shown} packs its answer as {packed[:40]!r}, which is not read here")
    promised = answer.length
    if promised is not None and promised > max_bytes:
        raise _too_large(to, max_bytes)
    parts, size = [], 0
    while part := answer.read1(min(CHUNK, max_bytes + 1 - size)):
        parts.append(part)
        size += len(part)
        if size > max_bytes:
            raise _too_large(to, max_bytes)
    if promised is not None and size < promised:
        raise Unavailable(
            f"{to.shown} broke off after {size:,} of {promised:,} bytes; try again", host=to.host
        )
    return b"".join(parts)


def _too_large(to: Destination, limit: int) -> TooLarge:
    return TooLarge(
        f"what {to.shown} sends is larger than the {limit:,} bytes that are read; give a smaller "
        "file, or raise SONDE_LIMITS__UNPACKED_MB where the service runs",
        limit=limit,
        setting="SONDE_LIMITS__UNPACKED_MB",
    )
