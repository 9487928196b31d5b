"""Streams as their owner has them, without HTTP: what can be told only with other times than those in use."""

from collections.abc import AsyncIterator
from contextlib import aclosing

import grpc
import pytest

from mjproxy.channel import open_channel
from mjproxy.watch import Position
from mjproxy_rest.cache import TaskCache
from mjproxy_rest.event_stream import KEEP_ALIVE
from mjproxy_rest.live import LiveTasks
from mjproxy_rest.upstream import Upstream
from tests.rest.rest_server import HISTORY, ScriptedServer, running


@pytest.fixture
async def channel(server: ScriptedServer) -> AsyncIterator[grpc.aio.Channel]:
    async with open_channel(f"127.0.0.1:{server.port}") as opened:
        yield opened


async def next_event(stream: AsyncIterator[bytes]) -> bytes:
    """Returns the next of what a reader sees."""
    async for chunk in stream:
        if b"data" in chunk:
            return chunk
    raise AssertionError("the stream has ended")


async def test_a_quiet_stream_shows_that_it_is_alive_and_loses_nothing_by_it(
    server: ScriptedServer, channel: grpc.aio.Channel
) -> None:
    """The watch is cut for each sign of life, and taken up where it was."""
    live = LiveTasks(Upstream(channel), TaskCache(), keep_alive=0.05)
    async with aclosing(live.of_all("", None, Position(0, HISTORY))) as stream:
        for percent in range(1, 6):
            while (await anext(stream)) != KEEP_ALIVE:
                pass
            await server.put(running("1", percent))
            assert f'"progress":"{percent}%"'.encode() in await next_event(stream)


async def test_a_stream_that_is_opened_after_the_end_ends_at_once(channel: grpc.aio.Channel) -> None:
    live = LiveTasks(Upstream(channel), TaskCache())
    live.close()
    assert [chunk async for chunk in live.of_all("", None, None)] == []


async def test_a_change_between_the_reset_and_the_present_state_is_told_once(
    server: ScriptedServer, channel: grpc.aio.Channel
) -> None:
    await server.put(running("1", 1))
    live = LiveTasks(Upstream(channel), TaskCache())
    async with aclosing(live.of_task("", "1", None)) as stream:
        assert b"reset" in await anext(stream)
        await server.watched()
        await server.put(running("1", 2))
        await server.put(running("1", 3))
        assert b'"progress":"3%"' in await anext(stream)
        await server.put(running("1", 4))
        assert b'"progress":"4%"' in await next_event(stream)


async def test_what_a_reader_was_told_is_not_undone_by_the_cache(
    server: ScriptedServer, channel: grpc.aio.Channel
) -> None:
    """The cache's own watch tells nothing here, as one does that is a little behind."""
    await server.put(running("1", 1))
    cache = TaskCache()
    cache.reset(Position(0, HISTORY))
    with cache.asking(["1"]) as ask:
        cache.settle(ask, [running("1", 1)], 1)
    async with aclosing(LiveTasks(Upstream(channel), cache).of_all("", None, Position(1, HISTORY))) as stream:
        await server.put(running("1", 2))
        assert b'"progress":"2%"' in await next_event(stream)
    assert b'"progress":"2%"' in (cache.get("1") or b"")
