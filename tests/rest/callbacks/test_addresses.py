"""Which addresses are public, by examples and against Python's own tables; and what operators allow beside them."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mjproxy_rest.callbacks.addresses import AddressRules, is_public, meant_by

INSIDE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.168.0.1",
    "198.19.255.255",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
]


@pytest.mark.parametrize("address", INSIDE)
def test_no_form_of_an_inner_address_is_public(address: str) -> None:
    inner = int(IPv4Address(address))
    assert not is_public(IPv4Address(inner))
    for prefix in ("::ffff:0:0", "64:ff9b::", "64:ff9b:1::", "::"):
        assert not is_public(IPv6Address(int(IPv6Address(prefix)) + inner)), prefix
    assert not is_public(IPv6Address(int(IPv6Address("2002::")) + (inner << 80)))
    assert not is_public(IPv6Address(int(IPv6Address("2001::")) + (inner ^ 0xFFFFFFFF)))


@pytest.mark.parametrize(
    "address",
    [
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "ff0e::1",
        "100::1",
        "2001:db8::1",
        "3fff::1",
        "4000::1",
    ],
)
def test_no_inner_address_of_ipv6_is_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "93.184.215.14", "172.32.0.1", "192.0.1.1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2606:4700::1111"],
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@given(st.ip_addresses())
def test_what_python_does_not_call_global_is_not_public(address: IPv4Address | IPv6Address) -> None:
    meant = meant_by(address)
    assert not is_public(address) or (meant.is_global and not meant.is_multicast and not meant.is_reserved)


@given(st.ip_addresses(v=4))
def test_an_embedded_address_is_judged_like_itself(address: IPv4Address) -> None:
    for prefix in ("::ffff:0:0", "64:ff9b::"):
        assert is_public(IPv6Address(int(IPv6Address(prefix)) + int(address))) == is_public(address)


@pytest.mark.parametrize(
    ("entry", "host", "port", "address"),
    [
        ("hooks.internal", "hooks.internal", 80, "10.0.0.1"),
        ("Hooks.Internal", "hooks.internal.", 8080, "10.0.0.1"),
        ("hooks.internal:8080", "hooks.internal", 8080, "10.0.0.1"),
        ("10.0.0.5", "10.0.0.5", 80, "10.0.0.5"),
        ("[fd00::5]", "fd00:0:0::5", 80, "fd00::5"),
        ("[fd00::5]:8080", "fd00::5", 8080, "fd00::5"),
        ("10.0.0.0/8", "any.example", 80, "10.1.2.3"),
        ("10.0.0.0/8", "any.example", 80, "::ffff:10.1.2.3"),
        ("fd00::/8", "any.example", 80, "fd00::5"),
        ("0.0.0.0/0", "any.example", 80, "169.254.169.254"),
    ],
)
def test_an_entry_opens_what_it_names(entry: str, host: str, port: int, address: str) -> None:
    assert AddressRules.parse([entry], with_loopback=False).allow(host, port, ip_address(address))
    assert not AddressRules().allow(host, port, ip_address(address))


@pytest.mark.parametrize(
    ("entry", "host", "port", "address"),
    [
        ("hooks.internal", "other.internal", 80, "10.0.0.1"),
        ("internal", "hooks.internal", 80, "10.0.0.1"),
        ("hooks.internal:8080", "hooks.internal", 80, "10.0.0.1"),
        ("10.0.0.5", "any.example", 80, "10.0.0.5"),
        ("10.0.0.0/8", "10.example", 80, "192.168.0.1"),
    ],
)
def test_an_entry_opens_nothing_else(entry: str, host: str, port: int, address: str) -> None:
    assert not AddressRules.parse([entry], with_loopback=False).allow(host, port, ip_address(address))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_open_only_when_that_is_said(address: str) -> None:
    assert AddressRules.parse([], with_loopback=True).allow("localhost", 80, ip_address(address))
    assert not AddressRules.parse([], with_loopback=False).allow("localhost", 80, ip_address(address))
    assert not AddressRules.parse([], with_loopback=True).allow("localhost", 80, ip_address("10.0.0.1"))


@pytest.mark.parametrize(
    "entry", ["", "http://hooks.internal", "10.0.0.1/8", "300.0.0.0/8", "a b", "h:", "h:x", "::1", "bücher.example"]
)
def test_what_is_no_entry_is_refused_with_a_remedy(entry: str) -> None:
    with pytest.raises(ValueError, match=r"write it like .+"):
        AddressRules.parse([entry], with_loopback=False)
