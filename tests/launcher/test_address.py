import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mjproxy.launcher.address import Address

hosts = st.one_of(
    st.ip_addresses().map(str), st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z]{2,5})?", fullmatch=True)
)


@given(hosts, st.integers(0, 0xFFFF))
def test_every_address_reads_back_as_written(host: str, port: int) -> None:
    address = Address(host, port)
    assert Address.parse(str(address)) == address


def test_ipv6_is_written_in_brackets() -> None:
    assert str(Address("::1", 0)) == "[::1]:0"
    assert Address.parse("[::1]:0") == Address("::1", 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8080",
        "localhost",
        ":8080",
        "localhost:",
        "::1:80",
        "[nonsense]:80",
        "[::1]",
        "a b:1",
        "http://a:1",
        "h:-1",
        "h:٣",
    ],
)
def test_parse_says_what_it_expects_when_there_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="expected HOST:PORT, such as"):
        Address.parse(text)


def test_parse_names_the_range_when_the_port_is_too_high() -> None:
    with pytest.raises(ValueError, match=r'expected a port from 0 \(any free one\) to 65535, got "h:65536"'):
        Address.parse("h:65536")


@pytest.mark.parametrize(
    ("bound", "dialled"), [("0.0.0.0:1", "127.0.0.1:1"), ("[::]:1", "[::1]:1"), ("10.0.0.1:1", "10.0.0.1:1")]
)
def test_a_wildcard_is_reached_over_loopback(bound: str, dialled: str) -> None:
    from_here = Address.parse(bound).from_here
    assert str(from_here) == dialled
    assert not ipaddress.ip_address(from_here.host).is_unspecified
