"""Plays the REST shim: will not start unless the server answers it."""

import asyncio
import os
from collections.abc import Callable
from typing import Self

from pydantic import SecretStr, model_validator

from tests.launcher.parts.fake_listener import listen
from tests.launcher.parts.fake_settings import PartSettings


class Settings(PartSettings):
    rest_listen: str = "127.0.0.1:8080"
    grpc_target: str = "127.0.0.1:50051"
    service_key: SecretStr | None = None

    @model_validator(mode="after")
    def _calls_another(self) -> Self:
        if self.rest_listen == self.grpc_target:
            raise ValueError(f"rest_listen and grpc_target are both {self.grpc_target}")
        return self


async def serve(settings: Settings, ready: Callable[[str], None]) -> None:
    host, _, port = settings.grpc_target.rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.close()
    await listen("rest", settings.rest_listen, lambda: {"pid": os.getpid(), "target": settings.grpc_target}, ready)
