"""Plays the gRPC server: tells its settings to whoever connects."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from tests.launcher.parts.fake_listener import listen
from tests.launcher.parts.fake_settings import PartSettings, Section


class AccountDefaults(Section):
    core_size: int = Field(default=3, ge=1)
    interval_seconds: float = Field(default=1.2, ge=0)
    mode: Literal["fast", "relax"] | None = None


class Account(AccountDefaults):
    guild_id: str
    channel_id: str
    user_token: SecretStr


class Discord(Section):
    server: str | None = None
    cdn: str | None = None
    gateway: str | None = None
    resume_gateway: str | None = None
    upload_server: str | None = None
    interaction_frame_server: str | None = None
    proxy: str | None = None


class Key(Section):
    name: str
    key: SecretStr


class Settings(PartSettings):
    data: Path = Path("data")
    grpc_listen: str = "127.0.0.1:50051"
    drain_seconds: int = 5
    api_secret: SecretStr | None = None
    console_token: str = Field("", max_length=10)
    """A secret that its author forgot to declare as one."""
    passphrase: SecretStr | None = Field(None, min_length=20)
    keys: tuple[Key, ...] = ()
    service_key: SecretStr | None = None
    accounts: tuple[Account, ...] = ()
    account_defaults: AccountDefaults = AccountDefaults()
    discord: Discord = Discord()


async def serve(settings: Settings, ready: Callable[[str], None]) -> None:
    def answer() -> object:
        told = settings.model_dump(mode="json", exclude_unset=True)
        return {"pid": os.getpid(), "settings": told, "has_service_key": settings.service_key is not None}

    settings.data.mkdir(parents=True, exist_ok=True)
    await listen("server", settings.grpc_listen, answer, ready)
