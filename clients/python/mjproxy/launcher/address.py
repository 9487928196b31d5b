"""Listening addresses, written HOST:PORT or [IPv6]:PORT."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final, Self

_WRITTEN: Final = re.compile(r"(?:\[(?P<bracketed>[^\[\]]+)\]|(?P<host>[^\s:/@\[\]]+)):(?P<port>[0-9]{1,5})")

_LOOPBACK_OF_WILDCARD: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - recognised, not bound


@dataclass(frozen=True)
class Address:
    """A host (a name, or an IP address without brackets) and a TCP port; port 0 asks the system for a free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads HOST:PORT.

        Raises:
            ValueError: What was expected, and what came instead.
        """
        written = _WRITTEN.fullmatch(text)
        if written is None or not _is_ipv6_or_none(written["bracketed"]):
            raise ValueError(f'expected HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080, got "{text}"')
        port = int(written["port"])
        if port > 0xFFFF:
            raise ValueError(f'expected a port from 0 (any free one) to 65535, got "{text}"')
        return cls(written["bracketed"] or written["host"], port)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def from_here(self) -> Self:
        """The address under which a process of this machine reaches a listener bound to this one."""
        return type(self)(_LOOPBACK_OF_WILDCARD.get(self.host, self.host), self.port)


def _is_ipv6_or_none(text: str | None) -> bool:
    try:
        return text is None or bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False
