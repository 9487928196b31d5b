"""Rows 3 to 6: what it costs to tell many watchers of a change, of many changes, and of what they missed."""

import asyncio
import struct
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import lru_cache

import grpc

from bench.measure import Row, Sample, Scale, in_turn, median
from bench.processes import Control, Running, running
from bench.stack import Context, bare_server, server, stream
from bench.watchers import Watchers, watching
from mjproxy.v1 import task_service_pb2 as pb

CROWDS = (100, 1_000, 5_000)
CROWD = 1_000
TASKS = 100
BURST = 500
EVENTS = 50
MISSED = 50
_HEAD = struct.Struct(">q")


class Broadcast:
    """A stream of shared bytes: each event is a message of so many bytes, the same for all who listen."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._events: list[bytes] = []
        self._more = asyncio.Event()
        self.publish(1)

    def publish(self, count: int) -> int:
        """Adds events, and returns the number of the last."""
        first = len(self._events)
        self._events += [_HEAD.pack(number).ljust(self._size, b".") for number in range(first, first + count)]
        self._more.set()
        self._more = asyncio.Event()
        return len(self._events) - 1

    async def watch(self, request: bytes, context: Context) -> AsyncIterator[bytes]:  # noqa: ARG002
        """Streams the newest event and all that follow."""
        position = len(self._events) - 1
        while True:
            yield self._events[position]
            position += 1
            while position == len(self._events):
                await self._more.wait()


async def bare(control: Control, size: str) -> None:
    """Broadcasts; `change COUNT` is answered as by the server."""
    broadcast = Broadcast(int(size))
    handler = grpc.unary_stream_rpc_method_handler(broadcast.watch)
    async with bare_server({"WatchTasks": handler}) as port:
        control.say_port(port)
        async for _, count in control.orders():
            begin = time.monotonic()
            control.say(begin, broadcast.publish(int(count)))


def read_bare(message: bytes) -> tuple[int, int]:
    return 1, _HEAD.unpack_from(message)[0]


@lru_cache(maxsize=64)
def read_ours(message: bytes) -> tuple[int, int]:
    response = pb.WatchTasksResponse.FromString(message)
    return len(response.changes), response.revision


@asynccontextmanager
async def sources(scale: Scale) -> AsyncIterator[tuple[Running, Running]]:
    """Runs a server with tasks at work, and a bare stream whose messages are as long as those of the server."""
    async with AsyncExitStack() as stack:
        data = stack.enter_context(tempfile.TemporaryDirectory())
        ours = await stack.enter_async_context(running(server, data))
        await ours.order("fill", scale.of(TASKS), "begun")
        _, head = await ours.order("change", 1)
        size = await _size_of_a_change(ours, int(head))
        yield ours, await stack.enter_async_context(running(bare, size))


async def _size_of_a_change(source: Running, head: int) -> int:
    """Returns the bytes of the message that tells of the newest change."""
    async with grpc.aio.insecure_channel(source.target) as channel:
        watch = stream(channel, "WatchTasks")(_after(head - 1))
        await watch.read()  # It begins with a bookmark.
        message = await watch.read()
        watch.cancel()
    assert isinstance(message, bytes), "the watch has ended"
    return len(message)


def _after(revision: int) -> bytes:
    return pb.WatchTasksRequest(after_revision=revision).SerializeToString()


class Crowd:
    """Watchers of ours and of the bare stream, at the same time; only one of them has something to hear."""

    def __init__(self, scale: Scale, watchers: int) -> None:
        self.watchers = scale.of(watchers)
        self._scale = scale
        self._ours_grew = self._bare_grew = 0.0

    async def open(self, stack: AsyncExitStack) -> None:
        """Starts both sources, and lets the watchers come."""
        self._server, self._bare = await stack.enter_async_context(sources(self._scale))
        before = self._server.memory, self._bare.memory
        request = pb.WatchTasksRequest().SerializeToString()
        self._ours_heard = await stack.enter_async_context(
            watching(self._server.target, self.watchers, request, read_ours)
        )
        self._bare_heard = await stack.enter_async_context(watching(self._bare.target, self.watchers, b"", read_bare))
        await self._ours_heard.reached(1)
        await self._bare_heard.reached(0)
        self._ours_grew, self._bare_grew = self._server.memory - before[0], self._bare.memory - before[1]

    @property
    def memory(self) -> tuple[Sample, Sample]:
        """The kilobytes of a server's memory that a watcher holds: ours, and bare."""
        return Sample(self._ours_grew / self.watchers / 1e3), Sample(self._bare_grew / self.watchers / 1e3)

    async def single_changes(self, ours_alone: Running, bare_alone: Running) -> dict[str, list[Sample]]:
        """Makes one change after the other; CPU is per message, the rate that of messages.

        In the same rounds, it takes the CPU of a change that nobody watches, at two more sources.
        """
        return await in_turn(
            2 * self._scale.rounds,  # The aim is a quarter above the limit, and a round may be as far off.
            {
                "ours": lambda: self._one_by_one(self._server, self._ours_heard),
                "ours alone": lambda: self._unwatched(ours_alone),
                "bare": lambda: self._one_by_one(self._bare, self._bare_heard),
                "bare alone": lambda: self._unwatched(bare_alone),
            },
        )

    async def bursts(self) -> dict[str, list[Sample]]:
        """Makes many changes at once; the value is how many a second came to everybody."""
        return await in_turn(
            self._scale.rounds,
            {
                "ours": lambda: self._burst(self._server, self._ours_heard, self._scale.of(BURST)),
                "bare": lambda: self._burst(self._bare, self._bare_heard, self._scale.of(EVENTS)),
            },
        )

    async def _one_by_one(self, source: Running, heard: Watchers) -> Sample:
        cpu, begin, messages = source.cpu, time.monotonic(), heard.messages
        while time.monotonic() < begin + self._scale.seconds:
            _, revision = await source.order("change", 1)
            await heard.reached(int(revision))
        count = heard.messages - messages
        return Sample((source.cpu - cpu) / count * 1e6, count / (time.monotonic() - begin))

    async def _unwatched(self, source: Running) -> Sample:
        cpu, begin, changes = source.cpu, time.monotonic(), 0
        while time.monotonic() < begin + self._scale.seconds / 2:
            await source.order("change", 1)
            changes += 1
        return Sample((source.cpu - cpu) / changes * 1e6, changes / (time.monotonic() - begin))

    async def _burst(self, source: Running, heard: Watchers, count: int) -> Sample:
        before = heard.changes
        begin, revision = await source.order("change", count)
        await heard.reached(int(revision))
        seconds = time.monotonic() - float(begin)
        assert heard.changes - before == count * self.watchers, "some changes were skipped, or came twice"
        return Sample(count / seconds, count * self.watchers / seconds)


async def fan_out(scale: Scale) -> list[Row]:
    """Rows 3 and 5."""
    rows: list[Row] = []
    async with sources(scale) as alone:
        for full in CROWDS:
            crowd = Crowd(scale, full)
            async with AsyncExitStack() as stack:
                await crowd.open(stack)
                taken = await crowd.single_changes(*alone)
            rows.append(_cost_row(crowd.watchers, taken))
            if full == CROWD:
                rows.append(_latency_row(crowd.watchers, taken))
            if full == CROWDS[-1]:
                rows.append(_memory_row(crowd))
    return rows


async def bursts(scale: Scale) -> list[Row]:
    """Row 4."""
    crowd = Crowd(scale, CROWD)
    async with AsyncExitStack() as stack:
        await crowd.open(stack)
        taken = await crowd.bursts()
    return [
        Row(
            number=4,
            name=f"a burst of {scale.of(BURST)} changes to {crowd.watchers:,} watchers",
            limit="one message per event",
            unit="changes/s",
            ours=taken["ours"],
            bound=taken["bare"],
            aim=5,
            at_least=True,
        )
    ]


async def resumes(scale: Scale) -> list[Row]:
    """Row 6: the watchers come back at once, and each gets what it missed."""
    watchers, missed = scale.of(CROWDS[-1]), scale.of(MISSED)
    async with sources(scale) as (ours, other):
        _, head = await ours.order("change", missed)
        request = _after(int(head) - missed)
        taken = await in_turn(
            scale.rounds,
            {
                "ours": lambda: _resumed(ours, watchers, request, int(head), missed),
                "bare": lambda: _attached(other, watchers),
            },
        )
    return [
        Row(
            number=6,
            name=f"{watchers:,} watchers resume, {missed} changes behind",
            limit="bare attach",
            unit="s",
            ours=taken["ours"],
            bound=taken["bare"],
            aim=2,
        )
    ]


async def _resumed(source: Running, watchers: int, request: bytes, head: int, missed: int) -> Sample:
    begin = time.monotonic()
    async with watching(source.target, watchers, request, read_ours) as heard:
        await heard.reached(head)
        seconds = time.monotonic() - begin
    assert heard.changes == missed * watchers, "some changes were lost, or came twice"
    return Sample(seconds, watchers / seconds)


async def _attached(source: Running, watchers: int) -> Sample:
    begin = time.monotonic()
    async with watching(source.target, watchers, b"", read_bare) as heard:
        await heard.reached(0)
        seconds = time.monotonic() - begin
    return Sample(seconds, watchers / seconds)


def _cost_row(watchers: int, taken: dict[str, list[Sample]]) -> Row:
    """Compares what it costs to tell of a change; what it costs to make one is left out, and told beside it."""
    whole = Row(
        number=3,
        name=f"a change to {watchers:,} watchers, per message",
        limit="a stream of shared bytes",
        unit="µs CPU",
        ours=taken["ours"],
        bound=taken["bare"],
        aim=1.25,
    )
    ours, bare = median(taken["ours alone"]).value, median(taken["bare alone"]).value
    return replace(
        whole,
        ours=_without(taken["ours"], taken["ours alone"], watchers),
        bound=_without(taken["bare"], taken["bare alone"], watchers),
        notes=[f"without the change itself, which takes {ours:.0f} µs beside {bare:.0f}; {whole.ratio:.2f} with it"],
    )


def _without(taken: list[Sample], alone: list[Sample], watchers: int) -> list[Sample]:
    """Takes each message's share of the change itself off."""
    return [
        Sample(sample.value - change.value / watchers, sample.rate) for sample, change in zip(taken, alone, strict=True)
    ]


def _latency_row(watchers: int, taken: dict[str, list[Sample]]) -> Row:
    def milliseconds(samples: list[Sample]) -> list[Sample]:
        return [Sample(watchers / sample.rate * 1e3) for sample in samples]

    return Row(
        number=5,
        name=f"from a change to the last of {watchers:,} watchers, commit included",
        limit="a stream of shared bytes",
        unit="ms",
        ours=milliseconds(taken["ours"]),
        bound=milliseconds(taken["bare"]),
        aim=1.5,
    )


def _memory_row(crowd: Crowd) -> Row:
    ours, bound = crowd.memory
    return Row(
        number=3,
        name=f"memory of the server for each of {crowd.watchers:,} watchers",
        limit="a stream of shared bytes",
        unit="kB",
        ours=[ours],
        bound=[bound],
        aim=1.5,
    )
