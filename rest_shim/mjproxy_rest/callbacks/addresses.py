"""Which addresses a hook may have.

Whoever may submit a task may name a hook, and so must not lead the shim to what only its own network reaches. The
public addresses are what is left when all are taken out that IANA's registries of special-purpose addresses do not call
globally reachable, and those that stand for another: the table is our own, because that of `ipaddress` depends on the
version of Python, and lets multicast and some of the services through that hand out a machine's credentials.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, Self

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network

_NOT_PUBLIC_4: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network; 0.0.0.0 is this machine
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by the customers of a provider; a cloud's metadata at 100.100.100.200
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # public by its number, but inside of Azure the platform itself
        "169.254.0.0/16",  # link-local; the metadata of most clouds at 169.254.169.254
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; a cloud's metadata at 192.0.0.192
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)

# All that is assigned to be reached globally lies in it; private, link-local and multicast addresses do not.
_UNICAST_6: Final = IPv6Network("2000::/3")
_NOT_PUBLIC_6: Final = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments; Teredo, which stands for an IPv4 address
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which stands for an IPv4 address and is out of use (RFC 7526)
        "3fff::/20",  # documentation
    )
)

_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052
_LOOPBACK: Final = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))

_HOST: Final = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>\d{1,5}))?")


def is_public(address: IpAddress) -> bool:
    """True if an address is one of the public Internet, and stands for no other that is not."""
    meant = meant_by(address)
    if isinstance(meant, IPv4Address):
        return not any(meant in network for network in _NOT_PUBLIC_4)
    return meant in _UNICAST_6 and not any(meant in network for network in _NOT_PUBLIC_6)


def meant_by(address: IpAddress) -> IpAddress:
    """Returns the IPv4 address that an IPv6 address stands for (mapped, or by NAT64), or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address


@dataclass(frozen=True, slots=True)
class AddressRules:
    """Says of a hook's addresses whether they may be connected to: all public ones, and what is named here.

    Attributes:
        hosts: Hosts that may have any address, each with the port to which that is restricted, or None.
        networks: Networks whose addresses any host may have.
    """

    hosts: frozenset[tuple[str, int | None]] = frozenset()
    networks: tuple[IpNetwork, ...] = ()

    @classmethod
    def parse(cls, entries: Iterable[str], *, with_loopback: bool) -> Self:
        """Reads rules as an operator writes them.

        Args:
            entries: Each a host, HOST:PORT, or a network like 10.0.0.0/8; IPv6 hosts in brackets.
            with_loopback: Whether this machine's own addresses may be connected to.

        Raises:
            ValueError: An entry is none of these; the message says which.
        """
        written = tuple(entries)
        networks = tuple(_network(entry) for entry in written if "/" in entry)
        hosts = frozenset(_host(entry) for entry in written if "/" not in entry)
        return cls(hosts, networks + _LOOPBACK if with_loopback else networks)

    def allow(self, host: str, port: int, address: IpAddress) -> bool:
        """Tells whether a hook on this host and port may be connected to at this address."""
        meant, name = meant_by(address), _canonical(host)
        return (
            is_public(meant)
            or not self.hosts.isdisjoint({(name, None), (name, port)})
            or any(meant in network for network in self.networks)
        )


ANYWHERE: Final = AddressRules(networks=(IPv4Network("0.0.0.0/0"), IPv6Network("::/0")))
"""For hooks that may have any address."""


def _network(entry: str) -> IpNetwork:
    try:
        return ip_network(entry)
    except ValueError as error:
        raise ValueError(f"{entry!r} is no network ({error}); write it like 10.0.0.0/8") from None


def _host(entry: str) -> tuple[str, int | None]:
    found = _HOST.fullmatch(entry)
    if not found:
        raise ValueError(f"{entry!r} is no host; write it like hooks.example, hooks.example:8080 or [fd00::1]:8080")
    return _canonical(found["host"]), int(found["port"]) if found["port"] else None


def _canonical(host: str) -> str:
    """Returns a host as it is compared: what is equal but for its spelling becomes the same."""
    bare = host.removeprefix("[").removesuffix("]").removesuffix(".").lower()
    try:
        return str(ip_address(bare))
    except ValueError:
        return bare
