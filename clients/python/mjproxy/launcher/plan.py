"""What `mjproxy up` starts, and with what: decided from the configuration, before and apart from any process."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from mjproxy.launcher import flags, patience
from mjproxy.launcher.address import Address
from mjproxy.launcher.configuration import Configuration
from mjproxy.launcher.errors import ConfigurationRefused
from mjproxy.launcher.launch import LISTEN_KEYS, Launch
from mjproxy.launcher.origins import variable


@dataclass(frozen=True)
class Plan:
    """What `mjproxy up` starts.

    Attributes:
        configuration: The checked configuration.
        options: Arguments that every part is given.
        service_key: The key with which the shim calls the server on its own account, unless one is configured.
    """

    configuration: Configuration
    options: tuple[str, ...]
    service_key: str = field(repr=False)

    @property
    def is_simulated(self) -> bool:
        """Whether Discord is simulated: it is when no account is configured."""
        return not self.configuration.value("accounts")

    @property
    def is_paced(self) -> bool:
        """Whether somebody configured a pace for the accounts, which then holds for simulated ones too."""
        return self.configuration.origins.of(("account_defaults", "interval_seconds")) is not None

    def simulator(self) -> Launch:
        """The simulator."""
        return self._launch("simulator", ("data", "speed"))

    def server(self, discord: Mapping[str, str]) -> Launch:
        """The server, with the variables that put something else in Discord's place."""
        return self._launch("server", ("data",), {**self._key(), **discord})

    def rest(self, grpc: Address) -> Launch:
        """The shim of the server that listens at the address."""
        launch = self._launch("rest", (), self._key())
        return replace(launch, options=(*launch.options, *flags.arguments({"grpc_target": str(grpc.from_here)})))

    def _launch(self, part: str, keys: Iterable[str], environment: Mapping[str, str] | None = None) -> Launch:
        values = flags.arguments({key: str(self.configuration.value(key)) for key in keys})
        return Launch(
            part,
            self._listen(LISTEN_KEYS[part]),
            options=(*self.options, *values),
            patience=patience.of(self.configuration.settings[part]),
            environment=environment or {},
        )

    def _listen(self, key: str) -> Address:
        try:
            return Address.parse(str(self.configuration.value(key)))
        except ValueError as error:
            raise ConfigurationRefused([f"{self.configuration.origins.of((key,))}: {key}: {error}"]) from error

    def _key(self) -> dict[str, str]:
        return {} if self.configuration.value("service_key") else {variable(("service_key",)): self.service_key}
