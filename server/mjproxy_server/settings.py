"""The server's sections of the configuration, and what they make of it.

The names are those that users of other Midjourney proxies know. Values come from the environment (`MJPROXY_…`, nested
with `__`) before those handed in, which are the configuration file's.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from mjproxy_server.api.callers import Caller, Keyring, Role
from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.engine.choice import ChoiceRule
from mjproxy_server.engine.hooks import HookRules
from mjproxy_server.engine.upkeep import Retention
from mjproxy_server.listening import Address
from mjproxy_server.model.account import BOUNDS, DEFAULT_USER_AGENT, Account
from mjproxy_server.model.vocabulary import Mode, WhenHeld
from mjproxy_server.prompts.config import (
    BaiduConfig,
    BannedWordsConfig,
    ListMode,
    OpenAiConfig,
    PromptsConfig,
    TranslationConfig,
)


def _printable(secret: SecretStr) -> SecretStr:
    if not re.fullmatch("[!-~]*", secret.get_secret_value()):
        raise ValueError("expected printable ASCII characters without spaces; copy it anew")
    return secret


Snowflake = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}$")]
HttpUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+")]
WebSocketUrl = Annotated[str, StringConstraints(pattern=r"^wss?://[^\s/]+")]
HeaderSecret = Annotated[SecretStr, AfterValidator(_printable)]
ModeName = Literal["fast", "relax", "turbo"]
ProxyUrl = Annotated[str, StringConstraints(pattern=r"^(http|https|socks5h?)://[^\s/]+")]


def _within(name: str) -> FieldInfo:
    """Returns the bounds of an account's number."""
    least, most = BOUNDS[name]
    bounds: FieldInfo = Field(ge=least, le=most)
    return bounds


class Section(BaseModel):
    """A table of the configuration file: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class AccountDefaults(Section):
    """What holds for every account that does not say otherwise; the attributes are those of `model.account.Account`."""

    user_agent: str = DEFAULT_USER_AGENT
    enable: bool = True
    core_size: Annotated[int, _within("core_size")] = 3
    queue_size: Annotated[int, _within("queue_size")] = 10
    timeout_minutes: Annotated[int, _within("timeout_minutes")] = 5
    interval_seconds: Annotated[float, _within("interval_seconds")] = 1.2
    remark: str = ""
    weight: Annotated[int, _within("weight")] = 1
    mode: ModeName | None = None
    remix_auto_submit: bool = False
    mj_bot_channel_id: Snowflake | None = None
    niji_bot_channel_id: Snowflake | None = None
    when_held: Literal["wait", "move"] = "wait"
    failure_retries: Annotated[int, _within("failure_retries")] = 0
    press_appeal: bool = False
    fallback_modes: tuple[ModeName, ...] = ()

    @field_validator("fallback_modes")
    @classmethod
    def _modes_differ(cls, value: tuple[ModeName, ...]) -> tuple[ModeName, ...]:
        _refuse_repeated("mode", list(value))
        return value

    def account(self) -> Account:
        """Returns an account that says nothing for itself: no guild, no channel and no token."""
        return _account(self.model_dump() | {"guild_id": "", "channel_id": "", "user_token": ""})


class AccountSection(AccountDefaults):
    """An account: `[[accounts]]`. What it leaves out is taken from `[account_defaults]`."""

    guild_id: Snowflake
    channel_id: Snowflake
    user_token: SecretStr = Field(min_length=1)

    def over(self, defaults: AccountDefaults) -> Account:
        """Returns the account as it is with the defaults below it."""
        known = defaults.model_dump() | self.model_dump(exclude_unset=True)
        return _account(known | {"user_token": self.user_token.get_secret_value()})


def _account(known: dict[str, Any]) -> Account:
    """Returns the account of a section's values, whose words are the domain's in lower case."""
    mode = known["mode"]
    return Account(
        **known
        | {
            "mode": Mode[mode.upper()] if mode else None,
            "mj_bot_channel_id": known["mj_bot_channel_id"] or "",
            "niji_bot_channel_id": known["niji_bot_channel_id"] or "",
            "when_held": WhenHeld[known["when_held"].upper()],
            "fallback_modes": tuple(Mode[each.upper()] for each in known["fallback_modes"]),
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

    @field_validator("allow_hosts")
    @classmethod
    def _can_be_read(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        HookRules.parse("", value, allow_loopback=False)
        return value


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


class TranslateSection(Section):
    """Who translates prompts that are not English: `[translate]`."""

    backend: Literal["none", "baidu", "openai"] = "none"
    baidu_appid: str = ""
    baidu_secret: HeaderSecret | None = None
    openai_base_url: HttpUrl = "https://api.openai.com/v1"
    openai_key: HeaderSecret | None = None
    openai_model: str = ""
    proxy: ProxyUrl | None = None
    timeout_seconds: float = Field(default=5, gt=0, le=30)

    @field_validator("openai_base_url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        return str(AnyHttpUrl(value))

    @model_validator(mode="after")
    def _has_what_its_backend_needs(self) -> Self:
        if self.backend == "baidu" and not (self.baidu_appid and self.baidu_secret):
            raise ValueError('backend = "baidu" needs baidu_appid and baidu_secret; set both')
        if self.backend == "openai" and not self.openai_model:
            raise ValueError('backend = "openai" needs openai_model; name one that the endpoint has')
        return self

    def config(self) -> TranslationConfig:
        """Returns what the translation has to know."""
        return TranslationConfig(backend=self._backend(), timeout_seconds=self.timeout_seconds, proxy=self.proxy)

    def _backend(self) -> BaiduConfig | OpenAiConfig | None:
        if self.backend == "baidu" and self.baidu_secret:
            return BaiduConfig(appid=self.baidu_appid, secret=self.baidu_secret)
        if self.backend == "openai":
            return OpenAiConfig(base_url=self.openai_base_url, key=self.openai_key, model=self.openai_model)
        return None


class BannedWordsSection(Section):
    """What prompts are refused for: `[banned_words]`."""

    mode: ListMode = ListMode.EXTEND
    file: Path | None = None

    @model_validator(mode="after")
    def _replaces_by_something(self) -> Self:
        if self.mode is ListMode.REPLACE and self.file is None:
            raise ValueError('mode = "replace" needs a file; set it, or mode = "off" to ban nothing')
        return self

    def config(self) -> BannedWordsConfig:
        """Returns which words are banned."""
        return BannedWordsConfig(mode=self.mode, file=self.file)


class Settings(BaseSettings):
    """All that the server reads of the configuration."""

    model_config = SettingsConfigDict(env_prefix="MJPROXY_", env_nested_delimiter="__", extra="forbid", frozen=True)

    data: Path = Path("data")
    grpc_listen: str = "127.0.0.1:50051"
    drain_seconds: Annotated[int, Field(ge=0, le=300)] = 10
    api_secret: SecretStr | None = None
    keys: tuple[KeySection, ...] = ()
    service_key: SecretStr | None = None
    accounts: tuple[AccountSection, ...] = ()
    account_defaults: AccountDefaults = AccountDefaults()
    account_choice: ChoiceRule = ChoiceRule.BEST_WAIT_IDLE
    account_sync: bool = True
    discord: DiscordSection = DiscordSection()
    callbacks: CallbacksSection = CallbacksSection()
    store: StoreSection = StoreSection()
    translate: TranslateSection = TranslateSection()
    banned_words: BannedWordsSection = BannedWordsSection()

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

    def store_folder(self) -> Path:
        """Returns where the server's data lies."""
        return self.data / "server"

    def keyring(self) -> Keyring:
        """Returns the callers by their keys."""
        callers = {key.key.get_secret_value(): Caller(key.name, key.role) for key in self.keys}
        if self.api_secret:
            callers[self.api_secret.get_secret_value()] = Caller("admin", Role.ADMIN)
        service = self.service_key.get_secret_value() if self.service_key else None
        return Keyring(callers, service_key=service)

    def prompts(self) -> PromptsConfig:
        """Returns what happens to prompts before the bot sees them."""
        return PromptsConfig(translation=self.translate.config(), banned_words=self.banned_words.config())

    def hooks(self) -> HookRules:
        """Returns where callbacks may go."""
        return HookRules.parse(
            self.callbacks.notify_hook or "", self.callbacks.allow_hosts, allow_loopback=not self.keyring().callers
        )

    def pool(self) -> tuple[Account, ...]:
        """Returns the accounts, each with the defaults below it."""
        return tuple(account.over(self.account_defaults) for account in self.accounts)


def _refuse_repeated(field: str, values: list[str]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"{field} {value} is given more than once")
