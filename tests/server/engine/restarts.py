"""Engines that come and go on one store, while Discord goes on."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx

from mjproxy_server.engine.engine import Engine, EngineConfig, running_engine
from tests.server.engine.engine_world import EngineWorld, FastClock, simulated_discord


class Restarts:
    """Starts an engine again and again.

    Each has chance and a clock of its own, which is right at first and then fast: the next one's is behind it, as
    clocks are that were set, and none is so far ahead of Discord's that its messages look old.
    """

    def __init__(self, control: httpx.AsyncClient, config: EngineConfig, clock_factor: float) -> None:
        self.control = control
        self.config = config
        self._clock_factor = clock_factor

    @asynccontextmanager
    async def stopped(self) -> AsyncIterator[EngineWorld]:
        """Runs an engine that is stopped in good order at the end of the block."""
        async with self._running() as engine:
            yield EngineWorld(engine, self.control)

    @asynccontextmanager
    async def abandoned(self) -> AsyncIterator[EngineWorld]:
        """Runs an engine that is abandoned at the end of the block, whatever it is about."""
        started: asyncio.Future[Engine] = asyncio.get_running_loop().create_future()
        running = asyncio.create_task(self._run(started))
        try:
            await asyncio.wait([running, started], return_when=asyncio.FIRST_COMPLETED)
            yield EngineWorld(started.result() if started.done() else running.result(), self.control)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _run(self, started: asyncio.Future[Engine]) -> Engine:
        async with self._running() as engine:
            started.set_result(engine)
            await asyncio.Event().wait()
            return engine

    def _running(self) -> AbstractAsyncContextManager[Engine]:
        return running_engine(self.config, clock=FastClock(self._clock_factor), rng=random.Random())


@asynccontextmanager
async def running_restarts(folder: Path, *, clock_factor: float = 1, **settings: object) -> AsyncIterator[Restarts]:
    """Runs a Discord for the time of the block; `simulated_discord` says what can be set."""
    async with simulated_discord(folder, **settings) as (control, config):  # type: ignore[arg-type]
        yield Restarts(control, config, clock_factor)
