"""A real engine against a real simulator on a real socket, in one process, with a clock that may run faster."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.engine.engine import Engine, EngineConfig, running_engine
from mjproxy_server.engine.requests import ImagineRequest, Options, SubmitRequest
from mjproxy_server.engine.upkeep import Retention
from mjproxy_server.model.account import Account
from mjproxy_server.model.command import Change, Press
from mjproxy_server.model.task import Task
from mjproxy_simulator.part import Settings, SimulatorSection, running


class FastClock:
    """The machine's clock, running `factor` times as fast from the moment it was made."""

    def __init__(self, factor: float) -> None:
        self._factor = factor
        self._started_at, self._began = time.time(), time.monotonic()

    def monotonic(self) -> float:
        return (time.monotonic() - self._began) * self._factor

    def time(self) -> float:
        return self._started_at + self.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds / self._factor))


@dataclass(frozen=True, slots=True)
class EngineWorld:
    """An engine, and the control API of the Discord that it talks to."""

    engine: Engine
    control: httpx.AsyncClient

    async def fault(self, name: str, **settings: object) -> None:
        (await self.control.post("/control/faults", json={"name": name, **settings})).raise_for_status()

    async def ledger(self) -> list[dict[str, object]]:
        return list((await self.control.get("/control/ledger")).json())

    async def submit(self, command: ImagineRequest | Change | Press) -> Task:
        digest = hashlib.sha256(repr(command).encode()).digest()
        request = SubmitRequest(caller="", sees=None, options=Options(), command=command, digest=digest)
        return (await self.engine.submitter.submit(request)).task

    async def ended(self, task_id: str) -> Task:
        """Follows the task log until the task has ended."""
        position = 0
        async with asyncio.timeout(60):
            while True:
                await self.engine.hub.wait(position)
                for revision in await self.engine.hub.read(position):
                    position = revision.number
                    if revision.task_id == task_id and revision.subject.status.ended:
                        return revision.subject


@asynccontextmanager
async def running_engine_world(
    folder: Path, *, speed: float = 100, clock_factor: float = 1, profile: int = 2026, **account: object
) -> AsyncIterator[EngineWorld]:
    """Runs both for the time of the block, with one account."""
    section = SimulatorSection(accounts=1, profile=profile)  # type: ignore[arg-type]
    settings = Settings(data=folder / "discord", simulator_listen="127.0.0.1:0", speed=speed, simulator=section)
    async with running(settings) as url, httpx.AsyncClient(base_url=url, timeout=30) as control:
        simulated = (await control.get("/control/accounts")).json()[0]
        gateway = url.replace("http://", "ws://")
        known: dict[str, object] = {name: simulated[name] for name in ("guild_id", "channel_id", "user_token")}
        config = EngineConfig(
            data=folder / "server",
            accounts=(Account(user_agent="Mozilla/5.0", **known | {"interval_seconds": 0} | account),),  # type: ignore[arg-type]
            endpoints=Endpoints(server=url, cdn=url, gateway=gateway, resume_gateway=gateway, upload_server=url),
            retention=Retention(),
        )
        async with running_engine(config, clock=FastClock(clock_factor), rng=random.Random(1)) as engine:
            yield EngineWorld(engine, control)
