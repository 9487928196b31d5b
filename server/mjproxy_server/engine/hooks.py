"""Which addresses callers may have their callbacks posted to.

Callers are not trusted: a callback must not reach what only the machine that makes it can reach. What can be told of an
address by looking at it is told when it is submitted; what its name leads to, only whoever makes the callback sees.
"""

import ipaddress
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from mjproxy_server.model.errors import InvalidField

LONGEST_HOOK: Final = 2048
_SCHEMES: Final = ("http", "https")

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class HookRules:
    """What the operator says of callbacks.

    Attributes:
        own: The operator's own hook, for tasks without one; "" if there is none. It is trusted.
        allowed_hosts: Hosts, in lower case, that callers may name although they are not public.
        allow_loopback: Whether callers may name this machine, since nobody else can call.
    """

    own: str = ""
    allowed_hosts: frozenset[str] = frozenset()
    allow_loopback: bool = False

    def check(self, field: str, url: str) -> None:
        """Lets a hook pass that can be one, or none.

        Raises:
            InvalidField: It cannot; the error says why.
        """
        if url in {"", self.own}:
            return
        if len(url) > LONGEST_HOOK:
            raise InvalidField(field, f"at most {LONGEST_HOOK} characters, got {len(url)}")
        host = _host(field, url)
        if host not in self.allowed_hosts and not self._may_reach(host):
            raise InvalidField(
                field, f"{host} is not a public address; use one, or have the operator allow it in allow_hosts"
            )

    def _may_reach(self, host: str) -> bool:
        if host == "localhost" or host.endswith(".localhost"):
            return self.allow_loopback
        address = _address(host)
        if address is None or (address.is_global and not address.is_multicast):
            return True
        return address.is_loopback and self.allow_loopback


NO_HOOKS: Final = HookRules()


def _host(field: str, url: str) -> str:
    """Returns the host of a URL that can be posted to, in lower case."""
    parts = _split(url)
    if parts is None or parts.scheme not in _SCHEMES or not parts.hostname:
        raise InvalidField(field, "expected a http or https URL with a host, for instance https://host/hook")
    if parts.username is not None:
        raise InvalidField(field, "must not have a user name or password in it; put what identifies you in its query")
    return parts.hostname.rstrip(".")


def _split(url: str) -> SplitResult | None:
    """Returns the parts of a URL; None if it has characters or a port that no URL has."""
    if not (url.isascii() and url.isprintable()) or " " in url:
        return None
    with suppress(ValueError):
        parts = urlsplit(url)
        return parts if parts.port != 0 else None
    return None


def _address(host: str) -> _Address | None:
    """Returns the address that a host is, in whatever form it is written; None if the host is a name."""
    with suppress(ValueError):
        address = ipaddress.ip_address(host)
        return getattr(address, "ipv4_mapped", None) or address
    with suppress(OSError):
        return ipaddress.IPv4Address(socket.inet_aton(host))  # Forms like 127.1 and 0x7f000001, which resolvers take.
    return None
