"""A URL taken apart: where it leads, and whether one may go there."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

from ..errors import Forbidden, InvalidInput
from .public_addresses import is_public, may_be_allowed

LONGEST = 8192
PORTS = {"http": 80, "https": 443}
LEAST_PORT = 1024  # below it, besides 80 and 443, mail servers and their like listen
HOSTS = "SONDE_SOURCES__HOSTS"

# The addresses of a host at a port, as text; OSError where it has none.
Resolver = Callable[[str, int], Collection[str]]

_ODD = re.compile(r"[\x00-\x20\x7f\\]")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?")
# Systems read 127.1, 0x7f000001 and 2130706433 as addresses too; no name ends so.
_NUMBER = re.compile(r"([0-9]+|0x[0-9a-f]*)")


@dataclass(frozen=True)
class Destination:
    """Where a URL leads: ``host`` in small letters, an address without brackets."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """Host and port as the header Host has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def shown(self) -> str:
        """For messages: without path and query, which may hold a token."""
        return f"{self.scheme}://{self.authority}"


def destination(url: str) -> Destination:
    """``url`` taken apart, where it is one that data are fetched from.

    Raises
    ------
    InvalidInput : it is no http or https URL, has a user or password, or an odd host or port.

    >>> destination("https://example.org/a b.csv?x=1#part".replace(" ", "%20"))
    Destination(scheme='https', host='example.org', port=443, target='/a%20b.csv?x=1')
    """
    if len(url) > LONGEST:
        raise InvalidInput(f"the URL has {len(url):,} characters; {LONGEST:,} are the most")
    if _ODD.search(url):
        raise InvalidInput("the URL has spaces, line ends or backslashes in it; write them as %20")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidInput(f"the URL can't be read: {error}") from None
    if parts.scheme not in PORTS:
        raise InvalidInput(
            f"{parts.scheme[:20]!r} is no way to fetch data; give a URL that begins with https:// "
            "or http://"
        )
    if "@" in parts.netloc:
        raise InvalidInput("the URL has a user or password in it; none are sent, take them out")
    port = PORTS[parts.scheme] if port is None else port
    if port not in PORTS.values() and port < LEAST_PORT:
        raise InvalidInput(
            f"port {port} is not fetched from; 80, 443 and those from {LEAST_PORT} are", port=port
        )
    try:
        target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=-._~")
        query = quote(parts.query, safe="/%:@!$&'()*+,;=-._~?[]|")
    except UnicodeEncodeError:
        raise InvalidInput("the URL holds half a character; write it anew") from None
    host = _host(parts.hostname or "")
    return Destination(parts.scheme, host, port, target + (f"?{query}" if query else ""))


def allowed_addresses(to: Destination, found: Collection[str], allowed: Collection[str]) -> None:
    """Refuse a destination one of whose addresses is not public.

    ``allowed`` are hosts, or hosts with a port (``files.local:9000``), whose address may be
    private or loopback. Link-local ones, where clouds keep secrets, stay refused.

    Raises
    ------
    Forbidden : the message does not say which address it was, which is nobody's business.
    """
    names = {name.lower().rstrip(".") for name in allowed}
    host = to.host.rstrip(".")
    shown = f"[{host}]" if ":" in host else host
    is_allowed = not names.isdisjoint({host, shown, f"{shown}:{to.port}"})
    judge = may_be_allowed if is_allowed else is_public
    # One is enough: which of them a connection takes is not ours to know later.
    if found and all(judge(address) for address in found):
        return
    remedy = (
        "its address is link-local, which is never fetched from"
        if is_allowed
        else f"only public addresses are fetched from; the operator can allow a host in {HOSTS}"
    )
    raise Forbidden(f"{to.shown} is not fetched from: {remedy}", host=to.host, setting=HOSTS)


def _host(host: str) -> str:
    try:
        return str(ip_address(host)) if "%" not in host else _refuse(host)
    except ValueError:
        pass
    try:
        # What a browser would ask for; full-width letters and dots become plain ones here.
        name = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return _refuse(host)
    if len(name) > 253 or not _HOST.fullmatch(name):
        return _refuse(host)
    last = name.rstrip(".").rpartition(".")[2]
    try:
        return str(ip_address(name))
    except ValueError:
        return _refuse(host) if _NUMBER.fullmatch(last) else name


def _refuse(host: str) -> str:
    raise InvalidInput(
        f"{host[:80]!r} is no host; write a name, or an address as 192.0.2.1 or [2001:db8::1]"
    )
