"""The shim as a part of mjproxy: its settings, and how it is run.

Light to import, since the launcher does so only to read settings; what serving needs comes with `serve`.
"""

import base64
import ipaddress
import re
from collections.abc import Callable
from importlib.util import find_spec
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from mjproxy.launcher.address import Address
from mjproxy_rest.callbacks.addresses import AddressRules

NAME: Final = "rest"


def _host_and_port(text: str) -> str:
    Address.parse(text)
    return text


def _webhook_secret(secret: SecretStr) -> SecretStr:
    """Lets a secret pass that any library for Standard Webhooks takes."""
    prefix, _, digits = secret.get_secret_value().partition("_")
    try:
        length = len(base64.b64decode(digits, validate=True))
    except ValueError:
        length = 0
    if prefix != "whsec" or not 24 <= length <= 64:
        raise ValueError('expected "whsec_" and 24 to 64 bytes in base64; `openssl rand -base64 32` makes these')
    return secret


def _folder_or_bucket(place: str) -> str:
    if "://" not in place:
        return place
    if not re.match(r"(s3|gs|az)://[^\s/]", place):
        raise ValueError("expected a folder, or an object store as s3://BUCKET, gs://BUCKET or az://CONTAINER")
    if find_spec("obstore") is None:
        raise ValueError("an object store needs one more library: pip install 'mjproxy[object-store]'")
    return place


HttpUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+")]


class RestSettings(BaseModel):
    """The table `[rest]`.

    Attributes:
        workers: How many processes serve.
        max_body_mb: How many megabytes the body of a request may have. More than the server's 64 would be of no use.
        images: What `imageUrl` leads to: Discord's CDN, or the shim.
        image_base: A mirror of Discord's CDN, whose scheme, host and path are shown in the place of Discord's.
        public_url: Where callers find the shim, without /mj.
        image_store: Where pictures are kept that were fetched through the shim: a folder, or an object store's URL;
            None for nowhere.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    workers: Annotated[int, Field(ge=1, le=64)] = 2
    max_body_mb: Annotated[int, Field(ge=1, le=64)] = 50
    images: Literal["discord", "proxy"] = "discord"
    image_base: HttpUrl | None = None
    public_url: HttpUrl | None = None
    image_store: Annotated[str, AfterValidator(_folder_or_bucket)] | None = None

    @model_validator(mode="after")
    def _links_are_decided(self) -> Self:
        if self.images == "proxy" and self.public_url is None:
            raise ValueError('images = "proxy" needs public_url; set it to the address at which callers find the shim')
        if self.images == "proxy" and self.image_base is not None:
            raise ValueError('image_base replaces Discord in links to Discord; remove it, or set images = "discord"')
        return self


class DiscordSettings(BaseModel):
    """What the shim needs of the table `[discord]`: how pictures are fetched. The rest of it is the server's.

    Attributes:
        cdn: A mirror of Discord's CDN to fetch from.
        proxy: A proxy to fetch by; it may hold a password.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    cdn: HttpUrl | None = None
    proxy: SecretStr | None = None


class CallbackSettings(BaseModel):
    """What the shim needs of the table `[callbacks]`: how they are delivered. The rest of it is the server's.

    Attributes:
        secret: Signs what is posted; None leaves it unsigned.
        allow_hosts: Hosts and networks that callbacks may go to although they are not public.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    secret: Annotated[SecretStr, AfterValidator(_webhook_secret)] | None = None
    allow_hosts: tuple[str, ...] = ()

    @field_validator("allow_hosts")
    @classmethod
    def _can_be_read(cls, entries: tuple[str, ...]) -> tuple[str, ...]:
        AddressRules.parse(entries, with_loopback=False)
        return entries


class TranslateSettings(BaseModel):
    """What the shim needs of the table `[translate]`: for how long a submission may wait. The rest is the server's.

    Attributes:
        timeout_seconds: The longest that one translation may take.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    timeout_seconds: Annotated[float, Field(gt=0, le=30)] = 5


class Settings(BaseSettings):
    """What the shim reads of the configuration.

    The environment (`MJPROXY_REST_LISTEN` and so on) wins over what is passed in.

    Attributes:
        rest_listen: Where to listen, HOST:PORT; port 0 takes a free one.
        drain_seconds: How long requests and callbacks under way may take when the shim stops.
        grpc_target: Where the server is, HOST:PORT.
        rest: What else there is to set.
        discord: How Discord is reached.
        callbacks: How callbacks are delivered.
        translate: How prompts are translated.
        service_key: The key of the shim's own watch and of its deliveries; its role must be `service` or `admin`, for
            the watch has to see the tasks of all callers. None if the service has no keys.
        api_secret: The key of a service that has a single one. The shim only asks whether there is one.
        keys: The keys of the service; the same holds.
    """

    model_config = SettingsConfigDict(
        env_prefix="MJPROXY_", env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    rest_listen: Annotated[str, AfterValidator(_host_and_port)] = "127.0.0.1:8080"
    drain_seconds: Annotated[int, Field(ge=0, le=300)] = 10
    grpc_target: str = "127.0.0.1:50051"
    rest: RestSettings = RestSettings()
    discord: DiscordSettings = DiscordSettings()
    callbacks: CallbackSettings = CallbackSettings()
    translate: TranslateSettings = TranslateSettings()
    service_key: SecretStr | None = None
    api_secret: SecretStr | None = None
    keys: tuple[dict[str, SecretStr], ...] = ()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is the base class's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Puts the environment above what is passed in, which is the configuration file."""
        return env_settings, init_settings

    @model_validator(mode="after")
    def _others_need_a_key(self) -> Self:
        if _is_loopback(self.listen.host) or self.has_keys:
            return self
        raise ValueError(
            f"rest_listen: {self.rest_listen} can be reached from other machines, but no key protects the service; "
            "set api_secret or [[keys]], or listen on 127.0.0.1"
        )

    @property
    def has_keys(self) -> bool:
        """Whether callers need a key. Without, they are on this machine, since nobody else is served."""
        return bool(self.api_secret or self.keys)

    def hook_addresses(self) -> AddressRules:
        """Returns which addresses callers may have their callbacks posted to."""
        return AddressRules.parse(self.callbacks.allow_hosts, with_loopback=not self.has_keys)

    @property
    def listen(self) -> Address:
        """`rest_listen`, parsed."""
        return Address.parse(self.rest_listen)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def serve(settings: Settings, ready: Callable[[str], None]) -> None:
    """Serves until cancelled, then closes.

    It needs no server to begin with: until there is one, reads and `/readyz` are answered 503.

    Args:
        settings: How to serve.
        ready: Called once, with `rest=http://HOST:PORT`, as soon as the shim answers.

    Raises:
        OSError: It cannot listen there, or cannot use the folder for pictures.
        PartFailed: A worker could not be started; it has said why.
    """
    from mjproxy_rest import listening  # noqa: PLC0415 - see the module

    with listening.listen(settings.listen) as listener:
        if settings.rest.workers > 1:
            from mjproxy_rest import workers  # noqa: PLC0415

            await workers.serve(settings, listener, ready)
        else:
            from mjproxy_rest import server  # noqa: PLC0415

            await server.serve(settings, listener, ready)
