"""The server as a part that the launcher can run."""

import random
from asyncio import Event
from collections.abc import Callable

from mjproxy_server.settings import Settings

NAME = "server"

__all__ = ["NAME", "Settings", "serve"]


async def serve(settings: Settings, ready: Callable[[str], None]) -> None:
    """Runs the server until it is cancelled; says `grpc=HOST:PORT` when it answers.

    Raises:
        OSError: The address cannot be listened on, or the data folder cannot be used; the message says what to do.
    """
    # The launcher reads the settings of all parts, but runs each in a process of its own: the rest is loaded only here.
    from mjproxy_server.api.server import bound_server, serving  # noqa: PLC0415
    from mjproxy_server.engine.clock import SystemClock  # noqa: PLC0415
    from mjproxy_server.engine.engine import EngineConfig, running_engine  # noqa: PLC0415

    config = EngineConfig(
        data=settings.data / "server",
        accounts=settings.pool(),
        endpoints=settings.discord.endpoints(),
        retention=settings.store.retention(),
        account_defaults=settings.account_defaults.account(),
        account_choice=settings.account_choice,
        account_sync=settings.account_sync,
        prompts=settings.prompts(),
        hooks=settings.hooks(),
    )
    rng = random.Random()  # noqa: S311 - for jitter
    async with (
        bound_server(settings.address(), settings.keyring()) as bound,
        running_engine(config, clock=SystemClock(), rng=rng) as engine,
        serving(bound, engine, settings.drain_seconds),
    ):
        ready(f"grpc={bound.address}")
        await Event().wait()
