"""The history is read for many channels without a storm, and of each to its end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from pydantic import SecretStr

from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.discord.gateway.identify_gate import IdentifyGate
from mjproxy_server.discord.rest.budget import InvalidRequestBudget
from mjproxy_server.discord.snowflake import NonceSource
from mjproxy_server.engine.bell import Bell
from mjproxy_server.engine.clock import SystemClock
from mjproxy_server.engine.connection import Connection
from mjproxy_server.engine.history import MOST_AT_ONCE, History
from mjproxy_server.engine.link import Link
from mjproxy_server.engine.pace import Pace
from mjproxy_server.model.command import Imagine
from mjproxy_server.model.task import Step, Task, Trace
from mjproxy_server.model.vocabulary import Action

SENT = Task(
    id="1",
    account_id="11",
    action=Action.IMAGINE,
    command=Imagine("a cat"),
    description="",
    submitted_at=0,
    trace=Trace(steps=(Step(nonce="1573797804738871296", sent_at=0),)),
)


class EmptyChannels:
    """Answers every request for a history by none, not before as many are there as may be at once.

    Attributes:
        most: How many were there at once.
    """

    def __init__(self) -> None:
        self.most = 0
        self._there = 0
        self._enough = asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self._there += 1
        self.most = max(self.most, self._there)
        if self._there == MOST_AT_ONCE:
            self._enough.set()
        await self._enough.wait()
        self._there -= 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n")
        writer.write(b"Connection: close\r\n\r\n[]")
        await writer.drain()
        writer.close()


@pytest.fixture
def channels() -> EmptyChannels:
    return EmptyChannels()


@pytest.fixture
async def url(channels: EmptyChannels) -> AsyncIterator[str]:
    async with await asyncio.start_server(channels.answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def connection(url: str) -> Connection:
    clock = SystemClock()
    return Connection(
        token=SecretStr("secret"),
        user_agent="Mozilla/5.0",
        endpoints=Endpoints(server=url, gateway="ws://127.0.0.1:9"),
        budget=InvalidRequestBudget(),
        nonces=NonceSource(clock, random.Random(1)),
        identify_gate=IdentifyGate(clock),
        clock=clock,
        rng=random.Random(1),
        begun=Bell(),
        left=None,
    )


async def test_only_so_many_channels_are_read_at_once(url: str, channels: EmptyChannels) -> None:
    turns = asyncio.Semaphore(MOST_AT_ONCE)
    connections = [connection(url) for _ in range(3 * MOST_AT_ONCE)]
    links = [Link(each, Pace(0, SystemClock())) for each in connections]
    histories = [History(str(number), link, turns) for number, link in enumerate(links)]
    assert await asyncio.gather(*(history.read([SENT]) for history in histories)) == [[]] * len(histories)
    assert channels.most == MOST_AT_ONCE
    for each in connections:
        await each.rest.close()


async def test_nothing_is_read_for_what_was_never_sent(url: str, channels: EmptyChannels) -> None:
    unsent = Task(id="1", account_id="11", action=Action.IMAGINE, command=Imagine(""), description="", submitted_at=0)
    link = Link(connection(url), Pace(0, SystemClock()))
    assert await History("1", link, asyncio.Semaphore(1)).read_for([unsent])
    assert channels.most == 0


class BusyChannel:
    """Answers with a history of so many messages, whose ids are 1, 2, and so on after what is asked for first."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._first = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        query = parse_qs(urlsplit(request.split()[1]).query)
        after, limit = int(query["after"][0]), int(query["limit"][0])
        self._first = self._first or after
        newest = min(self._first + self._count, after + limit)
        body = orjson.dumps([{"id": str(number)} for number in range(newest, after, -1)])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % len(body))
        writer.write(b"Connection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()


@pytest.mark.parametrize("count", [0, 99, 100, 101, 5000])
async def test_a_history_is_read_to_its_end_in_order_however_long_it_is(count: int) -> None:
    """What is at its end is what the reader is after: the results that came last."""
    async with await asyncio.start_server(BusyChannel(count).answer, "127.0.0.1", 0) as server:
        read_from = connection(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        history = History("1", Link(read_from, Pace(0, SystemClock())), asyncio.Semaphore(1))
        messages = await history.read([SENT])
        await read_from.rest.close()
    seen = [int(str(message["id"])) for message in messages]
    assert len(seen) == count
    assert seen == sorted(seen)
