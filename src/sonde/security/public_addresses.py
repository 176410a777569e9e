"""Which addresses are the internet's, and which belong to a machine, a network or nobody."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# IANA's registries of special-purpose addresses, written out: what Python calls private differs
# between its versions.
_NOT_PUBLIC_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "168.63.129.16/32",  # public by its number, and the host of every machine of one cloud
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # among them Teredo, which leads to any IPv4 address
            "2001:db8::/32",
            "2002::/16",  # 6to4, which leads to any IPv4 address
            "3fff::/20",
        ),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
# What no private host is asked at, whoever allows it: link-local addresses hold the secrets of
# cloud machines.
_NEVER_4 = tuple(map(IPv4Network, ("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4")))
_NEVER_6 = tuple(map(IPv6Network, ("::/128", "fe80::/10", "ff00::/8")))


def is_public(address: str) -> bool:
    """Whether ``address`` is one that anybody on the internet can reach.

    >>> [is_public(a) for a in ("93.184.216.34", "10.0.0.1", "::ffff:127.0.0.1", "2606:4700::1")]
    [True, False, False, True]
    """
    known = _plain(address)
    if isinstance(known, IPv4Address):
        return not any(known in network for network in _NOT_PUBLIC_4)
    if known is None or known not in _PUBLIC_6:
        return False
    return not any(known in network for network in _NOT_PUBLIC_6)


def may_be_allowed(address: str) -> bool:
    """Whether an allowed host may have ``address``: private and loopback yes, link-local no.

    >>> [may_be_allowed(a) for a in ("10.0.0.1", "::1", "169.254.169.254", "fe80::1", "0.0.0.0")]
    [True, True, False, False, False]
    """
    known = _plain(address)
    if isinstance(known, IPv4Address):
        return not any(known in network for network in _NEVER_4)
    return known is not None and not any(known in network for network in _NEVER_6)


def _plain(address: str) -> IPv4Address | IPv6Address | None:
    """The address; IPv4 that is written, or reached, as IPv6 is IPv4; None for no address."""
    try:
        known = ip_address(address)
    except ValueError:
        return None
    if isinstance(known, IPv6Address):
        if known.scope_id is not None:
            return None
        if known.ipv4_mapped is not None:
            return known.ipv4_mapped
        if known in _NAT64:
            return IPv4Address(int(known) & 0xFFFFFFFF)
    return known
