"""Where a service is, and which addresses count as the same service."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urljoin, urlsplit

from ..errors import InvalidInput

_PORTS = {"http": 80, "https": 443}
Query = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Address:
    """The beginning of every URL of one service.

    ``path`` is what stands between the host and ``/api/v1``, for a service behind a proxy.

    >>> Address.of("http://LocalHost:8000/sonde/").url("/health", [("a", "b c")])
    'http://localhost:8000/sonde/health?a=b%20c'
    """

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, base_url: str) -> Address:
        """The address that a person wrote.

        Raises
        ------
        InvalidInput : no http or https URL, a user or password in it (which would end up in logs;
            the message does not repeat it), a query, a fragment or a port that is none.
        """
        if not isinstance(base_url, str):
            raise InvalidInput(f"base_url must be text, not {type(base_url).__name__}")
        try:
            parts = urlsplit(base_url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise InvalidInput(
                "base_url is no URL: its host or port can't be read; write it as "
                "'https://host:8000'"
            ) from None
        if "@" in parts.netloc:
            raise InvalidInput(
                "base_url has a user or a password in it; take it out and give api_key="
            )
        if parts.scheme not in _PORTS or not host:
            raise InvalidInput(
                f"base_url must begin with http:// or https:// and a host, got {base_url!r}"
            )
        if parts.query or parts.fragment:
            raise InvalidInput("base_url has a query or a fragment; leave out what follows ? or #")
        if any(c.isspace() or not c.isprintable() for c in base_url):
            raise InvalidInput("base_url has blanks or control characters in it; take them out")
        return cls(parts.scheme, host, port or _PORTS[parts.scheme], parts.path.rstrip("/"))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"

    def url(self, path: str, query: Query = ()) -> str:
        """The URL of ``path``, which is quoted already, with ``query``, which is not."""
        asked = urlencode(list(query), quote_via=quote)
        return f"{self}{path}?{asked}" if asked else f"{self}{path}"

    def is_home_of(self, url: str) -> bool:
        """True where scheme, host and port of ``url`` are this service's."""
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS.get(parts.scheme)
        except ValueError:
            return False
        return "@" not in parts.netloc and (parts.scheme, parts.hostname, port) == (
            self.scheme,
            self.host,
            self.port,
        )


def joined(url: str, location: str) -> str:
    """Where a redirect from ``url`` leads."""
    return urljoin(url, location)


def below(*parts: str | int) -> str:
    """A path below ``/api/v1`` of which each part is one name, whatever is in it.

    >>> below("models", "a/b", "versions", 3)
    '/api/v1/models/a%2Fb/versions/3'

    Raises
    ------
    InvalidInput : an empty name, ``.`` or ``..``, which would lead elsewhere.
    """
    for part in parts:
        if str(part) in ("", ".", ".."):
            raise InvalidInput(f"{part!r} is no name of a model, a version or an alias")
    return "/api/v1/" + "/".join(quote(str(part), safe="") for part in parts)
