"""Whose address a request comes from, when proxies may stand between."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from ..errors import InvalidInput

LOCAL = "unix"  # a peer on a Unix socket has no address
MOST_HOPS = 32
_LONGEST = 64  # no address is longer as text; what a stranger wrote is not kept
_KEPT = 8192  # answers kept: reading an address takes 5 µs, finding one kept 0.1 µs


@dataclass(frozen=True, eq=False)
class Networks:
    """The proxies whose word is believed. Compared by identity, so that answers can be kept."""

    members: tuple[IPv4Network | IPv6Network, ...] = ()


def networks(text: str) -> Networks:
    """Addresses and networks, by commas.

    Raises
    ------
    InvalidInput : a part is neither.

    >>> networks("10.0.0.0/8, 192.0.2.1").members
    (IPv4Network('10.0.0.0/8'), IPv4Network('192.0.2.1/32'))
    """
    parts = [part.strip() for part in text.split(",")]
    try:
        return Networks(tuple(ip_network(part) for part in parts if part))
    except ValueError as error:
        raise InvalidInput(
            f"setting SONDE_SERVER__TRUSTED_PROXIES: {error}; give addresses or networks by "
            "commas: 10.0.0.0/8,192.0.2.1",
            setting="SONDE_SERVER__TRUSTED_PROXIES",
        ) from None


def address_of(peer: str | None, forwarded_for: str | None, trusted_proxies: Networks) -> str:
    """The address of the caller: the nearest one that no trusted proxy vouches for.

    Parameters
    ----------
    peer : the other end of the connection; None or empty on a Unix socket.
    forwarded_for : the header X-Forwarded-For, several joined by commas; anyone can write it, so
        it is believed from the right, and only as far as trusted proxies wrote it.
    trusted_proxies : from ``networks``.

    Returns
    -------
    An address in its usual form (IPv4 in IPv6 as IPv4), or what ``peer`` is where it is none.

    >>> proxies = networks("10.0.0.0/8")
    >>> address_of("10.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.2", proxies)
    '203.0.113.9'
    >>> address_of("198.51.100.4", "6.6.6.6", proxies)
    '198.51.100.4'
    """
    nearest = _usual(peer or LOCAL) or peer or LOCAL
    if not forwarded_for or not _is_trusted(nearest, trusted_proxies):
        return nearest
    for hop in reversed(forwarded_for.rsplit(",", MOST_HOPS)[-MOST_HOPS:]):
        written = _without_port(hop.strip())
        address = _usual(written) if len(written) <= _LONGEST else None
        if address is None:
            return nearest
        nearest = address
        if not _is_trusted(address, trusted_proxies):
            return nearest
    return nearest


@lru_cache(_KEPT)
def counted(address: str) -> str:
    """What stands for ``address`` in counts: its /64 for IPv6, whose holder has 2**64 of them.

    >>> counted("2001:db8:1:2:3::4"), counted("203.0.113.9")
    ('2001:db8:1:2::/64', '203.0.113.9')
    """
    known = _read(address)
    if isinstance(known, IPv6Address):
        return str(IPv6Network((int(known) >> 64 << 64, 64)))
    return address if known is None else str(known)


@lru_cache(_KEPT)
def _usual(text: str) -> str | None:
    """The usual form of an address; None where it is none."""
    address = _read(text)
    return None if address is None else str(address)


@lru_cache(_KEPT)
def _is_trusted(text: str, proxies: Networks) -> bool:
    address = _read(text)
    return address is not None and any(address in network for network in proxies.members)


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _without_port(hop: str) -> str:
    """``[::1]:80`` and ``192.0.2.1:80`` without brackets and port."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
