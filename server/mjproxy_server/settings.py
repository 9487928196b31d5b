"""The server's sections of the configuration, and what they make of it.

The names are those that users of other Midjourney proxies know. Values come from the environment (`MJPROXY_…`, nested
with `__`) before those handed in, which are the configuration file's.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from mjproxy_server.api.callers import Caller, Keyring, Role
from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.engine.upkeep import Retention
from mjproxy_server.listening import Address
from mjproxy_server.model.account import Account
from mjproxy_server.model.vocabulary import Mode

_BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/136.0.0.0 Safari/537.36"
)

Snowflake = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}$")]
HttpUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+")]
WebSocketUrl = Annotated[str, StringConstraints(pattern=r"^wss?://[^\s/]+")]
ProxyUrl = Annotated[str, StringConstraints(pattern=r"^(http|https|socks5h?)://[^\s/]+")]


class Section(BaseModel):
    """A table of the configuration file: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class AccountDefaults(Section):
    """What holds for every account that does not say otherwise; the attributes are those of `model.account.Account`."""

    user_agent: str = _BROWSER
    enable: bool = True
    core_size: int = Field(default=3, ge=1, le=100)
    queue_size: int = Field(default=10, ge=0, le=100_000)
    timeout_minutes: int = Field(default=5, ge=1, le=1440)
    interval_seconds: float = Field(default=1.2, ge=0, le=3600)
    remark: str = ""
    weight: int = Field(default=1, ge=1, le=1000)
    mode: Literal["fast", "relax", "turbo"] | None = None
    remix_auto_submit: bool = False
    mj_bot_channel_id: Snowflake | None = None
    niji_bot_channel_id: Snowflake | None = None


class AccountSection(AccountDefaults):
    """An account: `[[accounts]]`. What it leaves out is taken from `[account_defaults]`."""

    guild_id: Snowflake
    channel_id: Snowflake
    user_token: SecretStr = Field(min_length=1)

    def over(self, defaults: AccountDefaults) -> Account:
        """Returns the account as it is with the defaults below it."""
        known = defaults.model_dump() | self.model_dump(exclude_unset=True)
        mode = known.pop("mode", None)
        return Account(
            **known
            | {
                "user_token": self.user_token.get_secret_value(),
                "mode": Mode[mode.upper()] if mode else None,
                "mj_bot_channel_id": known.get("mj_bot_channel_id") or "",
                "niji_bot_channel_id": known.get("niji_bot_channel_id") or "",
            }
        )


class DiscordSection(Section):
    """Where Discord is found; every host can be pointed elsewhere."""

    server: HttpUrl | None = None
    cdn: HttpUrl | None = None
    gateway: WebSocketUrl | None = None
    resume_gateway: WebSocketUrl | None = None
    upload_server: HttpUrl | None = None
    interaction_frame_server: HttpUrl | None = None
    proxy: ProxyUrl | None = None

    def endpoints(self) -> Endpoints:
        """Returns Discord's own hosts with those replaced that are set."""
        return Endpoints(**self.model_dump(exclude_none=True))


class KeySection(Section):
    """A key of a caller: `[[keys]]`."""

    name: str = Field(min_length=1, max_length=64)
    key: SecretStr = Field(min_length=1)
    role: Role = Role.USER


class CallbacksSection(Section):
    """Where changes of tasks are posted."""

    notify_hook: HttpUrl | None = None
    secret: SecretStr | None = None
    allow_hosts: tuple[str, ...] = ()


class StoreSection(Section):
    """How long tasks and their revisions are kept."""

    keep_tasks_days: float = Field(default=30, gt=0)
    keep_revisions: int = Field(default=1_000_000, ge=1)
    keep_revisions_hours: float = Field(default=24, gt=0)

    def retention(self) -> Retention:
        """Returns how long the engine keeps things."""
        return Retention(
            task_days=self.keep_tasks_days, revisions=self.keep_revisions, revision_hours=self.keep_revisions_hours
        )


class Settings(BaseSettings):
    """All that the server reads of the configuration."""

    model_config = SettingsConfigDict(env_prefix="MJPROXY_", env_nested_delimiter="__", extra="forbid", frozen=True)

    data: Path = Path("data")
    grpc_listen: str = "127.0.0.1:50051"
    api_secret: SecretStr | None = None
    keys: tuple[KeySection, ...] = ()
    service_key: SecretStr | None = None
    accounts: tuple[AccountSection, ...] = ()
    account_defaults: AccountDefaults = AccountDefaults()
    discord: DiscordSection = DiscordSection()
    callbacks: CallbacksSection = CallbacksSection()
    store: StoreSection = StoreSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - given by name
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - given by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - given by name
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Puts the environment before what is handed in."""
        return env_settings, init_settings

    @field_validator("api_secret", "service_key")
    @classmethod
    def _empty_is_none(cls, value: SecretStr | None) -> SecretStr | None:
        return value if value and value.get_secret_value() else None

    @field_validator("grpc_listen")
    @classmethod
    def _is_address(cls, value: str) -> str:
        return str(Address.parse(value))

    @field_validator("accounts")
    @classmethod
    def _channels_differ(cls, value: tuple[AccountSection, ...]) -> tuple[AccountSection, ...]:
        _refuse_repeated("channel_id", [account.channel_id for account in value])
        return value

    @field_validator("keys")
    @classmethod
    def _names_differ(cls, value: tuple[KeySection, ...]) -> tuple[KeySection, ...]:
        _refuse_repeated("name", [key.name for key in value])
        if len({key.key.get_secret_value() for key in value}) < len(value):
            raise ValueError("two keys are the same; give each caller its own")
        return value

    @model_validator(mode="after")
    def _open_only_on_loopback(self) -> Self:
        if not self.keyring().callers and not self.address().is_loopback:
            raise ValueError(
                f"grpc_listen is {self.grpc_listen}, which others can reach, and there is no key: set api_secret or"
                " [[keys]], or listen on 127.0.0.1"
            )
        return self

    def address(self) -> Address:
        """Returns where to listen."""
        return Address.parse(self.grpc_listen)

    def keyring(self) -> Keyring:
        """Returns the callers by their keys."""
        callers = {key.key.get_secret_value(): Caller(key.name, key.role) for key in self.keys}
        if self.api_secret:
            callers[self.api_secret.get_secret_value()] = Caller("admin", Role.ADMIN)
        service = self.service_key.get_secret_value() if self.service_key else None
        return Keyring(callers, service_key=service)

    def pool(self) -> tuple[Account, ...]:
        """Returns the accounts, each with the defaults below it."""
        return tuple(account.over(self.account_defaults) for account in self.accounts)


def _refuse_repeated(field: str, values: list[str]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"{field} {value} is given more than once")
