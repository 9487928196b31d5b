"""A Discord with one channel, one user and one bot, as events in virtual time; and a network that delays and breaks.

What it promises is what Discord does: what a session is told comes in order, and again after a resume; a session that
is gone tells nothing more; an interaction is taken once, at whatever moment, or never. The rest is chance.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field, replace

import msgspec
from msgspec import Raw

from mjproxy_server.discord.gateway.types import Dispatch
from mjproxy_server.discord.rest.types import InDoubt, InteractionOutcome, Refused, Taken
from mjproxy_server.discord.snowflake import TIMESTAMP_SHIFT
from tests.server.engine.virtual_time import LoopClock

CHANNEL = "1502243953687265485"
GUILD = "1502243953687265480"
USER = "1502242966100639815"
BOT = "936929561302675456"
DISCORD_EPOCH_MS = 1_420_070_400_000
Json = dict[str, object]


@dataclass(frozen=True)
class Weather:
    """How probable it is that something goes wrong.

    Attributes:
        lost_answers: Of an interaction; half of them were taken.
        late_arrivals: Of an interaction whose answer is lost: it is taken after a while.
        refusals: Of an interaction.
        slow_starts: Of a job of which nothing is to be seen for a while.
        stalls: Of the network, each time that it is struck; else the session is invalidated.
        previews: Progress may show pictures whose names tell the job.
        answers_progress: Results answer their progress messages.
    """

    lost_answers: float = 0.0
    late_arrivals: float = 0.0
    refusals: float = 0.0
    slow_starts: float = 0.0
    stalls: float = 0.0
    previews: bool = True
    answers_progress: bool = True


@dataclass
class Session:
    """A gateway session: all that it was ever told, and whether it can still be resumed."""

    name: str
    told: list[Dispatch] = field(default_factory=list)
    alive: bool = True
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, kind: str, data: Json) -> None:
        if self.alive:
            self.told.append(Dispatch(kind, Raw(msgspec.json.encode(data)), len(self.told) + 1, self.name, ""))
            self.news.set()


class VirtualDiscord:
    """Discord's side, which no crash of the engine touches.

    Attributes:
        jobs: The job that each nonce has started; the ledger of what is paid for.
        messages: The channel, by the messages' ids.
    """

    def __init__(self, weather: Weather, rng: random.Random) -> None:
        self.weather = weather
        self.jobs: dict[str, list[str]] = {}
        self.messages: dict[int, Json] = {}
        self.clock = LoopClock()
        self._rng = rng
        self._sessions: dict[str, Session] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._numbers = 0
        self._stalled_until = 0.0

    # The gateway.

    def begin(self) -> Session:
        """Identifies: the sessions before are forgotten."""
        self.invalidate()
        session = self._sessions[f"s{self._number()}"] = Session(f"s{self._numbers}")
        session.tell("READY", {"user": {"id": USER}, "session_id": session.name})
        return session

    def find(self, name: str) -> Session | None:
        """Returns the session if it can be resumed."""
        session = self._sessions.get(name)
        return session if session and session.alive else None

    def invalidate(self) -> None:
        for session in self._sessions.values():
            session.alive = False
            session.news.set()

    def stall(self, seconds: float) -> None:
        """Lets nothing pass the network for so long; nobody notices."""
        self._stalled_until = max(self._stalled_until, self.clock.monotonic() + seconds)

    async def pass_through(self) -> None:
        """Crosses the network, in one direction."""
        await self.clock.sleep(self._rng.uniform(0.01, 0.3))
        while (stall := self._stalled_until - self.clock.monotonic()) > 0:
            await self.clock.sleep(stall)

    # The API.

    async def interact(self, payload: Mapping[str, object]) -> InteractionOutcome:
        """Takes an interaction, or not, and tells or does not tell which."""
        arrived = asyncio.Event()
        fate = self._rng.random()
        if fate < self.weather.refusals:
            await self.pass_through()
            return Refused(429, 0, "You are being rate limited.", retry_after=self._rng.uniform(0.1, 5))
        is_lost = fate > 1 - self.weather.lost_answers or self._stalled_until > self.clock.monotonic()
        if not is_lost or self._chance(0.5):
            self._spawn(self._arrive(payload, arrived, late=is_lost and self._chance(self.weather.late_arrivals)))
        if is_lost:
            await self.clock.sleep(self._rng.uniform(0, 30))
            return InDoubt("the connection was cut")
        await arrived.wait()
        await self.pass_through()
        return Taken()

    async def history(self, channel_id: str, *, after: str | None, limit: int) -> list[Json]:
        assert channel_id == CHANNEL
        await self.pass_through()
        ids = sorted(each for each in self.messages if each > int(after or 0))
        ids = ids[:limit] if after else ids[-limit:]
        return [self.messages[each] for each in reversed(ids)]

    async def _arrive(self, payload: Mapping[str, object], arrived: asyncio.Event, *, late: bool) -> None:
        """What the network swallows for a while arrives before long; whoever gave it up has dropped the connection."""
        if late:
            await self.clock.sleep(self._rng.uniform(0, 10))
        await self.clock.sleep(self._rng.uniform(0.01, 0.3))
        nonce, session_id = str(payload["nonce"]), str(payload["session_id"])
        interaction_id = self._snowflake()
        self._tell("INTERACTION_CREATE", {"id": interaction_id, "nonce": nonce}, only=session_id)
        arrived.set()
        job = Job(f"{self._number():08x}-0000-4000-8000-{self._rng.randrange(1 << 48):012x}", nonce, interaction_id)
        self.jobs.setdefault(nonce, []).append(job.id)
        await self._draw(replace(job, prompt=_prompt(payload)))

    # The bot.

    async def _draw(self, job: Job) -> None:
        await self.clock.sleep(self._rng.uniform(5, 90) if self._chance(self.weather.slow_starts) else 1)
        started = self._post(job, "(Waiting to start)", nonce=job.nonce, interaction=job.interaction_id)
        self._tell("INTERACTION_SUCCESS", {"id": job.interaction_id, "nonce": job.nonce})
        for percent in (15, 46, 78):
            await self.clock.sleep(self._rng.uniform(1, 40))
            files = [f"{job.id}_grid_0.webp"] if self.weather.previews else []
            self._post(job, f"({percent}%) (fast)", message_id=started, files=files)
        await self.clock.sleep(self._rng.uniform(1, 20))
        reply_to = started if self.weather.answers_progress else 0
        self._post(job, "(fast)", files=[f"u_{job.id}.png"], reply_to=reply_to, final=True)
        if not self.weather.answers_progress:
            self._delete(started)

    def _post(
        self,
        job: Job,
        status: str,
        *,
        message_id: int = 0,
        nonce: str = "",
        interaction: str = "",
        files: list[str] | None = None,
        reply_to: int = 0,
        final: bool = False,
    ) -> int:
        """Writes a message, or writes it anew."""
        new_id = message_id or int(self._snowflake())
        data: Json = {
            "id": str(new_id),
            "type": 19 if reply_to else 20,
            "channel_id": CHANNEL,
            "guild_id": GUILD,
            "content": f"**{job.prompt}** - <@{USER}> {status}",
            "flags": 0,
            "timestamp": "2026-06-02T10:34:26.131000+00:00",
            "author": {"id": BOT, "username": "Midjourney Bot", "bot": True},
            "application_id": BOT,
            "attachments": [_attachment(name) for name in files or []],
            "components": [{"type": 1, "components": _buttons(job.id)}] if final else [],
            "embeds": [],
        }
        data |= {"nonce": nonce} if nonce else {}
        data |= {"interaction_metadata": {"id": interaction, "type": 2, "user": {"id": USER}}} if interaction else {}
        data |= {"message_reference": {"message_id": str(reply_to), "channel_id": CHANNEL}} if reply_to else {}
        self.messages[new_id] = {name: value for name, value in data.items() if name != "nonce"}
        self._tell("MESSAGE_UPDATE" if message_id else "MESSAGE_CREATE", data)
        return new_id

    def _delete(self, message_id: int) -> None:
        del self.messages[message_id]
        self._tell("MESSAGE_DELETE", {"id": str(message_id), "channel_id": CHANNEL, "guild_id": GUILD})

    def _tell(self, kind: str, data: Json, *, only: str = "") -> None:
        for session in self._sessions.values():
            if not only or session.name == only:
                session.tell(kind, data)

    def _spawn(self, deed: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(deed)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def _chance(self, probability: float) -> bool:
        return self._rng.random() < probability

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _snowflake(self) -> str:
        return str((int(self.clock.time() * 1000) - DISCORD_EPOCH_MS << TIMESTAMP_SHIFT) + self._number())


@dataclass(frozen=True)
class Job:
    """What the bot works at."""

    id: str
    nonce: str
    interaction_id: str
    prompt: str = ""


def _prompt(payload: Mapping[str, object]) -> str:
    options = payload["data"]["options"]  # type: ignore[index]
    return str(options[0]["value"])


def _attachment(name: str) -> Json:
    url = (
        f"https://cdn.discordapp.com/attachments/{CHANNEL}/1511317112428167238/{name}?ex=6a20033e&is=6a1eb1be&hm=02bb&"
    )
    return {"id": "1511317112428167238", "filename": name, "size": 4, "width": 2048, "height": 2048, "url": url}


def _buttons(job_id: str) -> list[Json]:
    ids = (f"MJ::JOB::upsample::{number}::{job_id}" for number in range(1, 5))
    return [{"type": 2, "style": 2, "label": "U", "custom_id": custom_id} for custom_id in ids]
