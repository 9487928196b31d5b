"""The server as a part that the launcher can run."""

import random
from asyncio import Event
from collections.abc import Callable

from mjproxy_server.api.server import running_server
from mjproxy_server.engine.clock import SystemClock
from mjproxy_server.engine.engine import EngineConfig, running_engine
from mjproxy_server.engine.upkeep import Retention
from mjproxy_server.settings import Settings

NAME = "server"

__all__ = ["NAME", "Settings", "serve"]


async def serve(settings: Settings, ready: Callable[[str], None]) -> None:
    """Runs the server until it is cancelled; says `grpc=HOST:PORT` when it answers.

    Raises:
        StoreError: The data folder cannot be used.
        AddressInUse: The address cannot be listened on.
    """
    config = EngineConfig(
        data=settings.data / "server",
        accounts=settings.pool(),
        endpoints=settings.discord.endpoints(),
        retention=Retention(
            task_days=settings.store.keep_tasks_days,
            revisions=settings.store.keep_revisions,
            revision_hours=settings.store.keep_revisions_hours,
        ),
    )
    async with (
        running_engine(config, clock=SystemClock(), rng=random.Random()) as engine,  # noqa: S311 - for jitter
        running_server(engine, settings.address(), settings.keyring()) as address,
    ):
        ready(f"grpc={address}")
        await Event().wait()
