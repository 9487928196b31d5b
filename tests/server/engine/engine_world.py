"""A real engine against a real simulator on a real socket, in one process, with a clock that may run faster."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.engine.clock import now_ms
from mjproxy_server.engine.engine import Engine, EngineConfig, running_engine
from mjproxy_server.engine.images import InlineImage
from mjproxy_server.engine.requests import FollowUp, ModalRequest, NewCommand, Options, SubmitRequest
from mjproxy_server.engine.upkeep import Retention
from mjproxy_server.model.account import Account
from mjproxy_server.model.facts import CancelRequested
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Status
from mjproxy_server.store.sqlite import open_store
from mjproxy_simulator.limits import Limits
from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.part import Settings, SimulatorSection, running


class FastClock:
    """The machine's clock, put ahead by some seconds, running `factor` times as fast from the moment it was made."""

    def __init__(self, factor: float, ahead: float = 0) -> None:
        self._factor = factor
        self._started_at, self._began = time.time() + ahead, time.monotonic()

    def set(self, ahead: float) -> None:
        """Sets the wall clock ahead, or back; the other one, by which durations are measured, goes on."""
        self._started_at += ahead

    def monotonic(self) -> float:
        return (time.monotonic() - self._began) * self._factor

    def time(self) -> float:
        return self._started_at + self.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds / self._factor))


@dataclass(frozen=True, slots=True)
class EngineWorld:
    """An engine, the control API of the Discord that it talks to, and accounts that the engine does not know yet."""

    engine: Engine
    control: httpx.AsyncClient
    spare: tuple[Account, ...] = ()

    async def fault(self, name: str, **settings: object) -> None:
        (await self.control.post("/control/faults", json={"name": name, **settings})).raise_for_status()

    async def ledger(self) -> list[dict[str, object]]:
        return list((await self.control.get("/control/ledger")).json())

    async def submit(self, command: NewCommand | FollowUp, **options: object) -> Task:
        return (await self.submit_all(command, **options))[0]

    async def submit_all(self, command: NewCommand | FollowUp, **options: object) -> tuple[Task, ...]:
        digest = hashlib.sha256(repr(command).encode()).digest()
        request = SubmitRequest(
            caller="",
            sees=None,
            options=Options(**options),  # type: ignore[arg-type]
            command=command,
            digest=digest,
        )
        return (await self.engine.submitter.submit(request)).tasks

    async def cancel(self, task_id: str) -> None:
        await self.engine.store.record(task_id, CancelRequested(now_ms(self.engine.clock)))

    async def confirm(self, task_id: str, prompt: str = "", mask: InlineImage | None = None) -> Task:
        answer = ModalRequest(sees=None, task_id=task_id, prompt=prompt, mask=mask)
        return (await self.engine.submitter.confirm(answer)).task

    async def done(self, command: NewCommand | FollowUp, **options: object) -> Task:
        """Submits, confirms with what the bot proposes if it asks, and returns the ended task."""
        task = await self.submit(command, **options)
        if task.status is Status.MODAL:
            await self.confirm(task.id)
        return await self.ended(task.id)

    async def owns(self, task: Task) -> bool:
        """True if what the task sent has started the job whose result it has, as the ledger knows."""
        jobs = {str(entry["nonce"]): entry["job"] for entry in await self.ledger()}
        return task.result is not None and jobs.get(task.trace.nonce) == task.result.job_id

    async def ended(self, task_id: str) -> Task:
        """Follows the task log until the task has ended."""
        return await self.until(task_id, lambda task: task.status.ended)

    async def until(self, task_id: str, holds: Callable[[Task], object]) -> Task:
        """Follows the task log until something holds of the task, and returns the task as it is then."""
        watch = await self.engine.hub.watch(None, "", lambda revision: revision.task_id == task_id)
        known = await self.engine.store.get(task_id)
        assert known is not None
        if holds(known[0]):
            return known[0]
        async with asyncio.timeout(90):
            while True:
                for revision in await watch.next():
                    if holds(revision.subject):
                        return revision.subject

    async def seen(self, fact: Callable[[], object]) -> None:
        """Returns when a fact about the accounts holds."""
        rings = -1
        async with asyncio.timeout(60):
            while not fact():
                rings = await self.engine.fleet.changes.wait(rings)


@asynccontextmanager
async def running_engine_world(
    folder: Path,
    *,
    speed: float = 100,
    clock_factor: float = 1,
    clock_ahead: float = 0,
    profile: int = 2026,
    accounts: int = 1,
    spare: int = 0,
    limits: Mapping[str, float] | None = None,
    bots: Sequence[str] = ("midjourney", "niji", "insightface"),
    account_sync: bool = False,
    **account: object,
) -> AsyncIterator[EngineWorld]:
    """Runs both for the time of the block; what is said of an account holds for all, the spare ones included."""
    simulated = simulated_discord(
        folder,
        speed=speed,
        profile=profile,
        accounts=accounts + spare,
        limits=limits,
        bots=bots,
        account_sync=account_sync,
        **account,
    )
    clock = FastClock(clock_factor, clock_ahead)
    async with simulated as (control, config):
        known = replace(config, accounts=config.accounts[:accounts])
        async with running_engine(known, clock=clock, rng=random.Random(1)) as engine:
            yield EngineWorld(engine, control, config.accounts[accounts:])


@asynccontextmanager
async def simulated_discord(
    folder: Path,
    *,
    speed: float = 100,
    profile: int = 2026,
    accounts: int = 1,
    limits: Mapping[str, float] | None = None,
    bots: Sequence[str] = ("midjourney", "niji", "insightface"),
    account_sync: bool = False,
    **account: object,
) -> AsyncIterator[tuple[httpx.AsyncClient, EngineConfig]]:
    """Runs a Discord for the time of the block; yields its control API, and what an engine needs to know of it."""
    section = SimulatorSection(
        accounts=accounts,
        profile=Profile(profile),
        limits=Limits.model_validate(limits or {}),
        bots=bots,  # type: ignore[arg-type]
    )
    settings = Settings(data=folder / "discord", simulator_listen="127.0.0.1:0", speed=speed, simulator=section)
    async with running(settings) as url, httpx.AsyncClient(base_url=url, timeout=30) as control:
        known = [_account(each, account) for each in (await control.get("/control/accounts")).json()]
        yield (
            control,
            EngineConfig(
                data=folder / "server",
                accounts=tuple(known),
                endpoints=_endpoints(url),
                retention=Retention(),
                account_sync=account_sync,
            ),
        )


async def not_understood(folder: Path) -> list[tuple[str, str]]:
    """What the bot has said in the world of a folder, which has ended, that the engine did not understand, and why."""
    store = await open_store(folder / "server", now=int)
    listing = await store.unknown_messages.list("", 0, 200)
    await store.close()
    return [(message.reason, message.json) for message in listing.messages]


def _account(simulated: Mapping[str, str], settings: Mapping[str, object]) -> Account:
    named = {name: simulated[name] for name in ("guild_id", "channel_id", "user_token")}
    known: dict[str, Any] = {"user_agent": "Mozilla/5.0", "interval_seconds": 0, **named, **settings}
    return Account(**known)


def _endpoints(url: str) -> Endpoints:
    gateway = url.replace("http://", "ws://")
    return Endpoints(
        server=url,
        cdn=url,
        gateway=gateway,
        resume_gateway=gateway,
        upload_server=url,
        interaction_frame_server=url,
    )
