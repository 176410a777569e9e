"""Who asks, behind proxies that may be ours and headers that anybody can write."""

from __future__ import annotations

import ipaddress
import random

import pytest

from sonde.errors import InvalidInput
from sonde.security.addresses import address_of, counted, networks
from sonde.security.public_addresses import is_public, may_be_allowed

PROXIES = networks("10.0.0.0/8, 2001:db8:ffff::/48")

CASES = {
    "no header": ("203.0.113.9", None, "203.0.113.9"),
    "a stranger's header is not believed": ("203.0.113.9", "6.6.6.6", "203.0.113.9"),
    "a proxy's word is": ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
    "the right-most that no proxy vouches for": (
        "10.0.0.1",
        "6.6.6.6, 203.0.113.9, 10.9.9.9",
        "203.0.113.9",
    ),
    "proxies only": ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
    "with a port": ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
    "IPv6 with a port": ("10.0.0.1", "[2001:DB8::1]:4711", "2001:db8::1"),
    "an IPv6 proxy": ("2001:db8:ffff::1", "2001:db8::7", "2001:db8::7"),
    "IPv4 in IPv6": ("::ffff:10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
    "no address in it": ("10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"),
    "an endless one": ("10.0.0.1", "1" * 100_000, "10.0.0.1"),
    "empty parts": ("10.0.0.1", ",,,", "10.0.0.1"),
    "a Unix socket": (None, "203.0.113.9", "unix"),
    "a test client's name": ("testclient", "203.0.113.9", "testclient"),
}


@pytest.mark.parametrize(("peer", "forwarded", "address"), CASES.values(), ids=CASES)
def test_the_address_is_the_nearest_that_no_proxy_vouches_for(
    peer: str | None, forwarded: str | None, address: str
) -> None:
    assert address_of(peer, forwarded, PROXIES) == address


def test_without_proxies_the_header_means_nothing() -> None:
    assert address_of("10.0.0.1", "203.0.113.9", networks("")) == "10.0.0.1"


def test_more_hops_than_any_way_has_are_not_walked() -> None:
    hops = ", ".join(["203.0.113.9"] + ["10.0.0.2"] * 1000)
    assert address_of("10.0.0.1", hops, PROXIES) == "10.0.0.2"


@pytest.mark.parametrize("text", ["10.0.0.1/8", "localhost", "10.0.0.0/8;10.1.0.0/16"])
def test_networks_that_are_none_are_named_with_their_setting(text: str) -> None:
    with pytest.raises(InvalidInput, match="SONDE_SERVER__TRUSTED_PROXIES"):
        networks(text)


def test_one_holder_of_an_ipv6_network_is_counted_once() -> None:
    assert counted("2001:db8:0:1::1") == counted("2001:db8:0:1:ffff::9") == "2001:db8:0:1::/64"
    assert counted("2001:db8:0:2::1") != counted("2001:db8:0:1::1")
    assert counted("::ffff:203.0.113.9") == "203.0.113.9"
    assert counted("unix") == "unix"


# What each stands for; a service that fetches one of them for a stranger has a hole.
NOT_PUBLIC = {
    "loopback": "127.0.0.1",
    "all of loopback": "127.8.9.10",
    "this host": "0.0.0.0",
    "private 10": "10.1.2.3",
    "private 172": "172.31.255.255",
    "private 192": "192.168.0.1",
    "shared by a carrier": "100.100.100.200",
    "cloud metadata": "169.254.169.254",
    "a cloud's host": "168.63.129.16",
    "protocol assignments": "192.0.0.192",
    "documentation": "203.0.113.1",
    "benchmarks": "198.19.0.1",
    "multicast": "224.0.0.1",
    "reserved": "250.1.1.1",
    "broadcast": "255.255.255.255",
    "IPv6 loopback": "::1",
    "IPv6 unspecified": "::",
    "IPv4 in IPv6": "::ffff:10.0.0.1",
    "IPv4 in IPv6, hexadecimal": "::ffff:7f00:1",
    "IPv4-compatible": "::127.0.0.1",
    "NAT64 to private": "64:ff9b::10.0.0.1",
    "local NAT64": "64:ff9b:1::1",
    "6to4 to private": "2002:a00:1::1",
    "Teredo": "2001:0:4136:e378::1",
    "unique local": "fd00:ec2::254",
    "link-local": "fe80::1",
    "link-local with a zone": "fe80::1%eth0",
    "public with a zone": "2606:4700::1%eth0",
    "site-local": "fec0::1",
    "IPv6 multicast": "ff02::1",
    "IPv6 documentation": "2001:db8::1",
    "IPv6 documentation, new": "3fff::1",
    "unassigned": "4000::1",
    "decimal": "2130706433",
    "octal": "0177.0.0.1",
    "short": "127.1",
    "a name": "localhost",
    "nothing": "",
}


@pytest.mark.parametrize("address", NOT_PUBLIC.values(), ids=NOT_PUBLIC)
def test_what_is_not_the_internets_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::808:808"]
)
def test_what_is_the_internets_is_public(address: str) -> None:
    assert is_public(address)


def test_nothing_that_python_calls_private_is_public() -> None:
    dice = random.Random(8)
    for _ in range(5000):
        four = ipaddress.IPv4Address(dice.getrandbits(32))
        six = ipaddress.IPv6Address(dice.getrandbits(128) >> dice.choice((0, 2, 16)))
        for address in (four, six):
            if address.is_private or address.is_multicast or address.is_reserved:
                assert not is_public(str(address)), address


def test_an_allowed_host_may_be_private_and_never_link_local() -> None:
    assert all(map(may_be_allowed, ["127.0.0.1", "10.0.0.1", "::1", "fd00::1", "1.1.1.1"]))
    never = ["169.254.169.254", "::ffff:169.254.169.254", "0.0.0.0", "::", "fe80::1", "ff02::1"]
    assert not any(map(may_be_allowed, never))
