"""Many watchers in the benchmark's own process: as cheap as gRPC lets them be, since only the server is measured."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import grpc

from bench.stack import stream

STREAMS_OF_A_CHANNEL = 100
OWN_CONNECTION = (("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", 1 << 26))

Reader = Callable[[bytes], tuple[int, int]]
"""Makes of a message how many changes it holds, and the revision that it reaches."""


class Watchers:
    """Streams that are read, and how far each has come.

    Attributes:
        messages: How many messages came, over all streams.
        changes: How many changes these held.
    """

    def __init__(self, streams: int, read: Reader) -> None:
        self.messages = 0
        self.changes = 0
        self._read = read
        self._reached = [-1] * streams
        self._awaited = -1
        self._missing = streams
        self._all_there = asyncio.Event()

    async def follow(self, number: int, call: grpc.aio.UnaryStreamCall[bytes, bytes]) -> None:
        """Reads one stream until it ends, which is an error."""
        async for message in call:
            changes, revision = self._read(message)
            self.messages += 1
            self.changes += changes
            before, self._reached[number] = self._reached[number], revision
            if before < self._awaited <= revision:
                self._missing -= 1
                if not self._missing:
                    self._all_there.set()
        raise RuntimeError(f"the stream of watcher {number} has ended")

    async def reached(self, revision: int) -> None:
        """Returns when every watcher has come to the revision."""
        self._awaited = revision
        self._missing = sum(reached < revision for reached in self._reached)
        self._all_there.clear()
        if self._missing:
            await self._all_there.wait()


@asynccontextmanager
async def watching(target: str, streams: int, request: bytes, read: Reader) -> AsyncIterator[Watchers]:
    """Opens so many streams at once for the time of the block; the end of one of them ends the block."""
    watchers = Watchers(streams, read)
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        channels = await _channels(stack, target, streams)
        tasks = [
            group.create_task(watchers.follow(number, stream(channel, "WatchTasks")(request)))
            for number, channel in enumerate(channels)
        ]
        try:
            yield watchers
        finally:
            for task in tasks:
                task.cancel()


async def _channels(stack: AsyncExitStack, target: str, streams: int) -> Sequence[grpc.aio.Channel]:
    """Opens as many connections as these streams need; returns the one of each stream."""
    opened = [
        await stack.enter_async_context(grpc.aio.insecure_channel(target, options=OWN_CONNECTION))
        for _ in range(-(-streams // STREAMS_OF_A_CHANNEL))
    ]
    return [opened[number // STREAMS_OF_A_CHANNEL] for number in range(streams)]
