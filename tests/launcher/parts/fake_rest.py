"""Plays the REST shim: will not start unless the server answers it."""

import asyncio
import os
from collections.abc import Callable

from fake_listener import listen
from fake_settings import PartSettings
from pydantic import SecretStr


class Settings(PartSettings):
    rest_listen: str = "127.0.0.1:8080"
    grpc_target: str = "127.0.0.1:50051"
    service_key: SecretStr | None = None


async def serve(settings: Settings, ready: Callable[[str], None]) -> None:
    host, _, port = settings.grpc_target.rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.close()
    await listen("rest", settings.rest_listen, lambda: {"pid": os.getpid(), "target": settings.grpc_target}, ready)
