"""A lane with all its parts, in virtual time: what is around it, gateway and disk, is memory."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import cast

from mjproxy_server.discord.gateway.types import Dispatch, GatewayPhase, GatewayStatus
from mjproxy_server.discord.snowflake import NonceSource
from mjproxy_server.discord.tasks import first_of
from mjproxy_server.engine.asking import Inquiries
from mjproxy_server.engine.composing import Composer
from mjproxy_server.engine.connection import Hear
from mjproxy_server.engine.history import History
from mjproxy_server.engine.lane import Lane
from mjproxy_server.engine.link import Link
from mjproxy_server.engine.pace import Pace
from mjproxy_server.engine.patience import PatientStore
from mjproxy_server.engine.unknown_messages import UnknownCollector
from mjproxy_server.engine.worker import Worker
from mjproxy_server.midjourney.commands import CommandRef
from mjproxy_server.model.account import Account, AccountRecord
from mjproxy_server.model.facts import Fact
from mjproxy_server.model.task import Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Bot
from mjproxy_server.prompts.prompts import Prompts
from mjproxy_server.store.interface import Revision
from tests.server.engine.virtual_discord import BOT, CHANNEL, GUILD, USER, Session, VirtualDiscord
from tests.server.engine.virtual_time import LoopClock

ACCOUNT = Account(
    guild_id=GUILD,
    channel_id=CHANNEL,
    user_token="secret",
    user_agent="Mozilla/5.0",
    core_size=3,
    interval_seconds=0,
    timeout_minutes=5,
)


HEARTBEAT = 41.25


class VirtualDisk:
    """What survives a crash: the tasks as they were written, in their order, and the point of the session."""

    def __init__(self, rng: random.Random) -> None:
        self.tasks: dict[str, Task] = {}
        self.session = ""
        self.handed_over = 0
        self.follow: Callable[[Revision], None] = lambda _: None
        self._rng = rng
        self._revisions = 0
        self._unfinished: set[str] = set()
        self._turn = asyncio.Lock()
        self._all_ended = asyncio.Event()

    async def record(self, task_id: str, *facts: Fact) -> Task | None:
        """Writes after a while, unless the process dies meanwhile."""
        async with self._turn:
            await asyncio.sleep(self._rng.uniform(0, 0.02))
            before = after = self.tasks[task_id]
            for fact in facts:
                after = transition(after, fact)
            if after is not before:
                self.put(after)
        return after

    async def get(self, task_id: str) -> tuple[Task, int] | None:
        await asyncio.sleep(self._rng.uniform(0, 0.01))
        return self.tasks[task_id], self._revisions

    def put(self, task: Task) -> None:
        self.tasks[task.id] = task
        self._revisions += 1
        (self._unfinished.discard if task.status.ended else self._unfinished.add)(task.id)
        (self._all_ended.clear if self._unfinished else self._all_ended.set)()
        self.follow(Revision(self._revisions, task))

    async def wait_until_all_have_ended(self) -> None:
        await self._all_ended.wait()


class VirtualLink:
    """The link of an account whose gateway is events in memory: `GatewayClient` and `Connection` in a few lines."""

    def __init__(self, discord: VirtualDiscord, disk: VirtualDisk, clock: LoopClock, rng: random.Random) -> None:
        self.pace = Pace(0, clock)
        self.rest = discord
        self.rejection = ""
        self.user_id = USER
        self.lag = 0.0
        self.heard_until = -math.inf
        self.session_id = disk.session
        self._discord = discord
        self._disk = disk
        self._clock = clock
        self._rng = rng
        self._lane: Lane | None = None
        self._hear: Hear | None = None
        self._session: Session | None = None
        self._ready = asyncio.Event()
        self._heard = asyncio.Event()

    @property
    def ready(self) -> bool:
        return self._ready.is_set()

    @property
    def status(self) -> GatewayStatus:
        return GatewayStatus(GatewayPhase.READY if self.ready else GatewayPhase.CONNECTING, since=0)

    def listen(self, hear: Hear) -> None:
        self._hear = hear

    def join(self, lane: Lane) -> None:
        self._lane = lane

    async def wait_until_ready(self) -> None:
        await self._ready.wait()

    async def command(self, _guild_id: str, _bot: Bot, _name: str) -> CommandRef:
        return CommandRef("938956540159881230", "1237876415471554623", BOT)

    async def hear_out(self) -> None:
        asked_at = self._clock.monotonic()
        while self.heard_until < asked_at:
            if self._session:
                self._session.news.set()
            self._heard.clear()
            await self._heard.wait()

    async def run(self) -> None:
        """Connects again and again: resumes where the disk has the session, or begins a new one."""
        taken_up = False
        while True:
            await self._clock.sleep(self._rng.uniform(0.1, 8))
            session = self._discord.find(self._disk.session)
            if session is None:
                session, taken_up = self._discord.begin(), True
                self._disk.session, self._disk.handed_over = session.name, 0
            self._session, self.session_id = session, session.name
            self._ready.set()
            if not taken_up:
                taken_up = True
                self._begin_session()
            await self._live_on(session)
            self._ready.clear()

    async def _live_on(self, session: Session) -> None:
        """Hands over what the session is told, until the connection breaks; an answered heartbeat comes behind it."""
        breaks_at = self._clock.monotonic() + self._rng.expovariate(1 / 200)
        while self._clock.monotonic() < breaks_at:
            with suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT):
                    await session.news.wait()
            session.news.clear()
            beaten_at = self._clock.monotonic()
            await self._discord.pass_through()
            told = session.told[self._disk.handed_over :]
            alive = session.alive
            await self._discord.pass_through()
            while told:
                together = self._rng.randint(1, len(told))
                await self._hand_over(told[:together])
                told = told[together:]
            if not alive:
                return
            self.heard_until = beaten_at
            self._heard.set()

    async def _hand_over(self, dispatches: Sequence[Dispatch]) -> None:
        assert self._hear is not None
        if dispatches[0].type == "READY":
            self._begin_session()
        await self._hear(dispatches)
        self._disk.handed_over = dispatches[-1].sequence

    def _begin_session(self) -> None:
        assert self._lane is not None
        self._lane.begin_session(USER)


class VirtualEngine:
    """One process: it takes up what is on the disk, and lives until it is abandoned."""

    def __init__(self, discord: VirtualDiscord, disk: VirtualDisk, prompts: Prompts, rng: random.Random) -> None:
        clock = LoopClock()
        self._disk = disk
        self._link = VirtualLink(discord, disk, clock, rng)
        link, store = cast(Link, self._link), cast(PatientStore, disk)
        history = History(CHANNEL, link, asyncio.Semaphore(1))
        inquiries, nonces = Inquiries(clock), NonceSource(clock, rng)
        composer = Composer(link=link, shelf=None, inquiries=inquiries, nonces=nonces)  # type: ignore[arg-type]
        self.lane = Lane(
            AccountRecord(account=ACCOUNT),
            link=link,
            worker=Worker(
                ACCOUNT, link=link, composer=composer, history=history, store=store, nonces=nonces, clock=clock
            ),
            history=history,
            inquiries=inquiries,
            prompts=prompts,
            unknown=UnknownCollector(None, clock),  # type: ignore[arg-type]
            store=store,
            clock=clock,
            on_change=lambda: None,
            on_load=lambda: None,
        )

    async def run(self, until: Coroutine[object, object, None]) -> None:
        """Lives until then, and is gone in the midst of whatever it does."""
        tasks = sorted(self._disk.tasks.values(), key=lambda task: task.id)
        unfinished = [task for task in tasks if not task.status.ended]
        self.lane.open(unfinished, [task for task in tasks if task.status.ended])
        self._disk.follow = self.lane.follow
        try:
            await first_of(self.lane.run(), self._link.run(), until)
        finally:
            self._disk.follow = lambda _: None
