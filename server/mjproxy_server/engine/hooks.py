"""Which addresses callers may have their callbacks posted to.

Callers are not trusted: a callback must not reach what only the machine that makes it can reach. What can be told of an
address by looking at it is told when it is submitted; what its name leads to, only whoever makes the callback sees, and
has the last word.
"""

import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, Self
from urllib.parse import SplitResult, urlsplit

from mjproxy_server.model.errors import InvalidField
from mjproxy_server.model.vocabulary import Fault

LONGEST_HOOK: Final = 2048
_SCHEMES: Final = ("http", "https")
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052
_6TO4: Final = IPv6Network("2002::/16")  # It stands for IPv4 addresses, and is out of use (RFC 7526).


@dataclass(frozen=True, slots=True)
class HookRules:
    """What the operator says of callbacks.

    Attributes:
        own: The operator's own hook, for tasks without one; "" if there is none. It is trusted.
        hosts: Hosts that callers may name although they are not public, each with its only port, or None for any.
        networks: Networks of which callers may name addresses although they are not public.
        allow_loopback: Whether callers may name this machine, since nobody else can call.
    """

    own: str = ""
    hosts: frozenset[tuple[str, int | None]] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    allow_loopback: bool = False

    @classmethod
    def parse(cls, own: str, allowed: Iterable[str], *, allow_loopback: bool) -> Self:
        """Reads what callers may name beside public addresses: hosts, HOST:PORT, and networks like 10.0.0.0/8.

        Raises:
            ValueError: An entry is none of these; the message says which.
        """
        written = tuple(allowed)
        return cls(
            own=own,
            hosts=frozenset(_allowed_host(entry) for entry in written if "/" not in entry),
            networks=tuple(ip_network(entry) for entry in written if "/" in entry),
            allow_loopback=allow_loopback,
        )

    def check(self, field: str, url: str) -> None:
        """Lets a hook pass that can be one, or none.

        Raises:
            InvalidField: It cannot; the error says why.
        """
        if url in {"", self.own}:
            return
        if len(url) > LONGEST_HOOK:
            message = f"at most {LONGEST_HOOK} characters, got {len(url)}"
            raise InvalidField(field, message, Fault.TOO_LONG, most=LONGEST_HOOK)
        host, port = _host_and_port(field, url)
        if self.hosts.isdisjoint({(host, None), (host, port)}) and not self._may_reach(host):
            message = f"{host} is not a public address; use one, or have the operator allow it in allow_hosts"
            raise InvalidField(field, message, Fault.LINK_TO_PRIVATE_HOST, host=host)

    def _may_reach(self, host: str) -> bool:
        if host == "localhost" or host.endswith(".localhost"):
            return self.allow_loopback
        address = _address(host)
        if address is None or _is_public(address):
            return True
        return (address.is_loopback and self.allow_loopback) or any(address in network for network in self.networks)


NO_HOOKS: Final = HookRules()


def _allowed_host(entry: str) -> tuple[str, int | None]:
    parts = _split(f"http://{entry}")
    if parts is None or not parts.hostname:
        raise ValueError(f"{entry!r} is no host; write it like hooks.example, hooks.example:8080 or [fd00::1]:8080")
    return _canonical(parts.hostname), parts.port


def _host_and_port(field: str, url: str) -> tuple[str, int]:
    """Returns where a URL leads that can be posted to."""
    parts = _split(url)
    if parts is None or parts.scheme not in _SCHEMES or not parts.hostname:
        message = "expected a http or https URL with a host, for instance https://host/hook"
        raise InvalidField(field, message, Fault.NO_LINK)
    if parts.username is not None:
        message = "must not have a user name or password in it; put what identifies you in its query"
        raise InvalidField(field, message, Fault.LINK_WITH_PASSWORD)
    return _canonical(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)


def _split(url: str) -> SplitResult | None:
    """Returns the parts of a URL; None if it has characters or a port that no URL has."""
    if not (url.isascii() and url.isprintable()) or " " in url:
        return None
    with suppress(ValueError):
        parts = urlsplit(url)
        return parts if parts.port != 0 else None
    return None


def _canonical(host: str) -> str:
    """Returns a host as it is compared: what is equal but for its spelling becomes the same."""
    return str(_address(host) or host.removesuffix("."))


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast and address not in _6TO4


def _meant_by(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Returns the IPv4 address that an IPv6 address stands for (mapped, or by NAT64), or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address


def _address(host: str) -> IPv4Address | IPv6Address | None:
    """Returns the address that a host is, in whatever form it is written; None if the host is a name."""
    with suppress(ValueError):
        return _meant_by(ip_address(host))
    with suppress(OSError):
        return IPv4Address(socket.inet_aton(host))  # Forms like 127.1 and 0x7f000001, which resolvers take.
    return None
