"""The server as a part that the launcher can run."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from mjproxy_server.settings import Settings

NAME = "server"

__all__ = ["NAME", "Settings", "back_up_store", "check_store", "restore_store", "serve"]


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
        data=settings.store_folder(),
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
        await asyncio.Event().wait()


def back_up_store(settings: Settings, file: Path) -> None:
    """Copies the database into a new file; a server may work on it meanwhile.

    Raises:
        OSError: The message says what to do.
    """
    from mjproxy_server.store.backup import back_up  # noqa: PLC0415 - as in `serve`

    back_up(settings.store_folder(), file)


def check_store(settings: Settings) -> Sequence[tuple[str, bool]]:
    """Checks the store, also while a server works on it; returns what it has found, and whether that is a fault.

    Raises:
        OSError: The message says what to do.
    """
    from mjproxy_server.store.check import check  # noqa: PLC0415 - as in `serve`

    return [(finding.text, finding.is_fault) for finding in check(settings.store_folder())]


def restore_store(settings: Settings, file: Path, *, keep_unfinished: bool) -> int:
    """Puts a backup in the place of the database, while no server works on it; returns how many tasks that has ended.

    Raises:
        OSError: The message says what to do.
    """
    from mjproxy_server.engine.restoring import restore  # noqa: PLC0415 - as in `serve`

    restoring = restore(
        file,
        settings.store_folder(),
        hook=settings.hooks().own,
        now=lambda: time.time_ns() // 1_000_000,
        keep_unfinished=keep_unfinished,
    )
    return asyncio.run(restoring)
