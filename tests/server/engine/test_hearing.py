"""What Discord sends together is heard together; only what tells how far jobs are is reported together, too."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import msgspec
import pytest
from msgspec import Raw
from pydantic import SecretStr

from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.discord.gateway.identify_gate import IdentifyGate
from mjproxy_server.discord.gateway.types import Dispatch
from mjproxy_server.discord.rest.budget import InvalidRequestBudget
from mjproxy_server.discord.snowflake import NonceSource
from mjproxy_server.engine.asking import Inquiries
from mjproxy_server.engine.bell import Bell
from mjproxy_server.engine.clock import SystemClock
from mjproxy_server.engine.connection import Connection
from mjproxy_server.engine.hearing import Hearing
from mjproxy_server.engine.history import History
from mjproxy_server.engine.link import Link
from mjproxy_server.engine.pace import Pace
from mjproxy_server.engine.unknown_messages import UnknownCollector
from mjproxy_server.engine.workload import Workload
from mjproxy_server.midjourney.bots import APPLICATION_IDS
from mjproxy_server.midjourney.correlate import Correlator, Sighting
from mjproxy_server.midjourney.messages import BotMessage, Event
from mjproxy_server.model.account import Account
from mjproxy_server.model.command import Imagine
from mjproxy_server.model.facts import Finished, Reported, Sending, Started
from mjproxy_server.model.task import Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Action, Bot
from mjproxy_server.store.interface import Store

USER = "10"
ACCOUNT = Account(guild_id="1", channel_id="11", user_token="secret", user_agent="Mozilla/5.0")
CAT, DOG = "1700000000000001", "1700000000000002"
CAT_SHOWN, DOG_SHOWN, CAT_DONE = "1500000000000000001", "1500000000000000002", "1500000000000000003"


class Notes:
    """What was reported: which tasks it is about, what told the newest of it, and how far the jobs are."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, list[int | None]]] = []

    async def report(self, event: Event, sightings: Sequence[Sighting]) -> None:
        assert isinstance(event, BotMessage)
        for sighting in sightings:
            assert isinstance(sighting.fact, Reported | Finished)
            reports = sighting.fact.reports if isinstance(sighting.fact, Reported) else ()
            told_by = f"{event.id} {event.content.percent if event.content else None}"
            self.lines.append((sighting.task_id, told_by, [report.percent for report in reports]))


def connection(server: str) -> Connection:
    clock = SystemClock()
    return Connection(
        token=SecretStr("secret"),
        user_agent=ACCOUNT.user_agent,
        endpoints=Endpoints(server=server, gateway="ws://127.0.0.1:9"),
        budget=InvalidRequestBudget(),
        nonces=NonceSource(clock, random.Random(1)),
        identify_gate=IdentifyGate(clock),
        clock=clock,
        rng=random.Random(1),
        begun=Bell(),
        left=None,
    )


def hearing_of(link: Link, store: Store, notes: Notes) -> Hearing:
    """Returns the hearing of an account that has two jobs at work."""
    clock, correlator = SystemClock(), Correlator(USER)
    correlator.watch(at_work(CAT, CAT_SHOWN))
    correlator.watch(at_work(DOG, DOG_SHOWN))
    return Hearing(
        ACCOUNT,
        Workload(),
        link=link,
        correlator=correlator,
        history=History(ACCOUNT.channel_id, link, asyncio.Semaphore(1)),
        inquiries=Inquiries(clock),
        unknown=UnknownCollector(store.unknown_messages, clock),
        clock=clock,
        report=notes.report,
    )


def at_work(task_id: str, message_id: str) -> Task:
    task = Task(
        id=task_id,
        account_id=ACCOUNT.id,
        action=Action.IMAGINE,
        command=Imagine("a cat"),
        description="/imagine a cat",
        submitted_at=1,
    )
    return transition(transition(task, Sending(2, f"9{message_id}")), Started(3, message_id))


def told(name: str, message_id: str, text: str, **parts: object) -> Dispatch:
    author = {"id": APPLICATION_IDS[Bot.MIDJOURNEY]}
    data = {"id": message_id, "channel_id": ACCOUNT.channel_id, "author": author, "content": text, **parts}
    return Dispatch(name, Raw(msgspec.json.encode(data)), sequence=1, session_id="s1", resume_url="")


def progress(message_id: str, percent: int) -> Dispatch:
    return told("MESSAGE_UPDATE", message_id, f"**a cat** - <@{USER}> ({percent}%) (fast)")


def result() -> Dispatch:
    reply = {"message_reference": {"message_id": CAT_SHOWN}, "attachments": [{"filename": "a.png", "url": "https://a"}]}
    return told("MESSAGE_CREATE", CAT_DONE, f"**a cat** - <@{USER}> (fast)", **reply)


def fragment() -> Dispatch:
    """A change of the dog's message that does not tell whose it is."""
    data = {"id": DOG_SHOWN, "channel_id": ACCOUNT.channel_id, "content": "another text"}
    return Dispatch("MESSAGE_UPDATE", Raw(msgspec.json.encode(data)), sequence=1, session_id="s1", resume_url="")


@pytest.fixture
def notes() -> Notes:
    return Notes()


async def test_reports_that_come_together_are_reported_together_but_not_across_anything_else(
    store: Store, notes: Notes
) -> None:
    unconnected = connection("http://127.0.0.1:9")
    hearing = hearing_of(Link(unconnected, Pace(0, SystemClock())), store, notes)
    await hearing.hear(
        [
            progress(CAT_SHOWN, 15),
            progress(DOG_SHOWN, 31),
            told("MESSAGE_CREATE", "1500000000000000009", "of no concern"),
            progress(CAT_SHOWN, 46),
            result(),
            progress(DOG_SHOWN, 62),
            progress(DOG_SHOWN, 78),
        ]
    )
    assert notes.lines == [
        (CAT, f"{CAT_SHOWN} 46", [15, 46]),
        (DOG, f"{DOG_SHOWN} 31", [31]),
        (CAT, f"{CAT_DONE} None", []),
        (DOG, f"{DOG_SHOWN} 78", [62, 78]),
    ]
    await unconnected.rest.close()


async def test_what_was_heard_is_reported_before_a_message_is_looked_up(store: Store, notes: Notes) -> None:
    asked, left = asyncio.Event(), asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()
        left.set()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as silent, asyncio.timeout(10):
        port = silent.sockets[0].getsockname()[1]
        slow = connection(f"http://127.0.0.1:{port}")
        hearing = hearing_of(Link(slow, Pace(0, SystemClock())), store, notes)
        listening = asyncio.create_task(hearing.hear([progress(CAT_SHOWN, 15), fragment(), progress(CAT_SHOWN, 31)]))
        await asked.wait()
        assert notes.lines == [(CAT, f"{CAT_SHOWN} 15", [15])]
        assert not listening.done()
        listening.cancel()
        await asyncio.wait([listening])
        await slow.rest.close()
        await left.wait()
