"""How processes are started: their arguments and their environments, as data."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Protocol, Self

from mjproxy.launcher import flags
from mjproxy.launcher.address import Address
from mjproxy.launcher.origins import NESTED_DELIMITER

LISTEN_KEYS: Final = {"server": "grpc_listen", "rest": "rest_listen", "simulator": "simulator_listen"}
"""The parts, each with the key of the address at which it listens."""


class Startable(Protocol):
    """How a process is started that says where it answers, and that ends with its stdin."""

    @property
    def name(self) -> str:
        """What the log calls it, behind "mjproxy"."""

    @property
    def patience(self) -> float:
        """How many seconds it may take to close before it is killed."""

    @property
    def descriptors(self) -> tuple[int, ...]:
        """Open files that it inherits, under the same numbers."""

    def command(self) -> list[str]:
        """The command line."""

    def environment_over(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """The whole environment."""

    def listening_at(self, address: Address) -> Self:
        """The same at another address."""


@dataclass(frozen=True)
class Launch:
    """How one part is started.

    Attributes:
        part: The part's name, and the subcommand that runs it.
        listen: Where it is to listen.
        options: Further arguments.
        patience: How many seconds it may take to close before it is killed.
        environment: Variables for this part. Secrets go here, never into arguments, which every user of the machine
            sees.
    """

    part: str
    listen: Address
    options: tuple[str, ...] = ()
    patience: float = 10.0
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """See `Startable`."""
        return self.part

    @property
    def descriptors(self) -> tuple[int, ...]:
        """See `Startable`."""
        return ()

    def command(self) -> list[str]:
        """The command line. `-P` keeps the working directory out of the child's module path."""
        listen = flags.arguments({LISTEN_KEYS[self.part]: str(self.listen)})
        return [sys.executable, "-P", "-m", "mjproxy", self.part, "--supervised", *listen, *self.options]

    def listening_at(self, address: Address) -> Self:
        """The same at another address."""
        return replace(self, listen=address)

    def environment_over(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """The child's whole environment.

        Inherited variables for parts of a value that is set here are left out, for they would win over it:
        `MJPROXY_DISCORD__CDN` over `MJPROXY_DISCORD`.
        """
        kept = {name: value for name, value in inherited.items() if not self._is_covered(name.upper())}
        return kept | dict(self.environment)

    def _is_covered(self, name: str) -> bool:
        return any(name == own or name.startswith(own + NESTED_DELIMITER) for own in self.environment)
