"""Row 9: from a dispatch of the gateway to the revision that everybody sees."""

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, cast

import orjson
from websockets.asyncio.client import connect

from bench.gateway import IDENTIFY, deflating, gateway, message_of, reports
from bench.measure import Row, Sample, Scale, in_turn
from bench.processes import Running, running
from bench.samples import begun, now_ms, progressed, submission
from bench.stack import account
from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.discord.gateway.inflate import Inflater
from mjproxy_server.engine.clock import SystemClock
from mjproxy_server.engine.engine import Engine, EngineConfig, running_engine
from mjproxy_server.engine.upkeep import Retention
from mjproxy_server.store import Store, open_store

ACCOUNTS = 64
REPORTS = 100


async def rows(scale: Scale) -> list[Row]:
    """Sends reports of one job for each account, all at once."""
    accounts, each = scale.of(ACCOUNTS), scale.of(REPORTS)
    channels = [str(number) for number in range(1, accounts + 1)]
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(running(gateway))
        engine = await stack.enter_async_context(_connected(source, channels))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        streams = [_Stream(channel) for channel in channels]
        store = await stack.enter_async_context(_store_with_jobs(folder, streams))
        other_source = await stack.enter_async_context(running(gateway))
        await stack.enter_async_context(_listening(other_source, channels, store, streams))
        taken = await in_turn(
            scale.rounds,
            {
                "ours": lambda: _heard(engine.store, source, accounts, each),
                "heard": lambda: _heard(store, other_source, accounts, each),
                "bare": lambda: _parsed(store, streams, each),
            },
        )
    return [
        _row(accounts, "inflate, parse, and the store's group commit", taken["ours"], taken["bare"]),
        _row(accounts, "the same, with frames from WebSockets", taken["ours"], taken["heard"]),
    ]


def _row(accounts: int, limit: str, ours: list[Sample], bound: list[Sample]) -> Row:
    return Row(
        number=9,
        name=f"dispatches of {accounts} accounts until they are revisions",
        limit=limit,
        unit="1/CPU s",
        ours=ours,
        bound=bound,
        aim=0.5,
        at_least=True,
    )


class _Stream:
    """What one account's connection brings, and the task that it is about."""

    def __init__(self, channel_id: str) -> None:
        self.number = int(channel_id)
        self.task_id = ""
        self._frames: Iterator[bytes] = map(deflating(), reports(channel_id, message_of(channel_id), count()))
        self._inflater = Inflater()

    def take(self, each: int) -> list[bytes]:
        """Returns the next compressed frames."""
        return [next(self._frames) for _ in range(each)]

    async def store(self, frames: list[bytes], store: Store) -> None:
        """Does no more with the frames than cannot be left out."""
        for compressed in frames:
            await self._store(_inflated(compressed, self._inflater), store)

    async def listen(self, url: str, store: Store, ready: asyncio.Event) -> None:
        """Does the same with frames that come over a WebSocket."""
        inflater = Inflater()
        async with connect(url, compression=None, ping_interval=None, max_queue=None) as connection:
            await connection.send(orjson.dumps({"op": IDENTIFY, "d": {"token": str(self.number)}}).decode())
            async for compressed in connection:
                assert isinstance(compressed, bytes)
                frame = _inflated(compressed, inflater)
                if frame.get("t") == "MESSAGE_UPDATE":
                    await self._store(frame, store)
                elif frame.get("t") == "READY":
                    ready.set()

    async def _store(self, frame: dict[str, Any], store: Store) -> None:
        await store.record(self.task_id, progressed(self.number, frame["s"]))


def _inflated(compressed: bytes, inflater: Inflater) -> dict[str, Any]:
    text = inflater.feed(compressed)
    assert text is not None
    return cast("dict[str, Any]", orjson.loads(text))


@asynccontextmanager
async def _listening(source: Running, channels: list[str], store: Store, streams: list[_Stream]) -> AsyncIterator[None]:
    """Has the streams store what comes from a gateway, for the time of the block."""
    ready = [asyncio.Event() for _ in channels]
    async with asyncio.TaskGroup() as group:
        listening = [
            group.create_task(stream.listen(f"ws://{source.target}", store, event))
            for stream, event in zip(streams, ready, strict=True)
        ]
        await asyncio.gather(*(event.wait() for event in ready))
        yield
        for task in listening:
            task.cancel()


async def _heard(store: Store, source: Running, accounts: int, each: int) -> Sample:
    revision = store.head + accounts * each
    await source.order("prepare", each)
    with _measured(accounts * each) as taken:
        await source.order("send")
        await store.wait_for(revision)
    return taken[0]


async def _parsed(store: Store, streams: list[_Stream], each: int) -> Sample:
    frames = [stream.take(each) for stream in streams]
    with _measured(len(streams) * each) as taken:
        await asyncio.gather(*(stream.store(some, store) for stream, some in zip(streams, frames, strict=True)))
    return taken[0]


@contextmanager
def _measured(count: int) -> Iterator[list[Sample]]:
    """Measures so many dispatches by the CPU of this process, where both ours and the limit run; yields the sample."""
    taken: list[Sample] = []
    begin, cpu = time.perf_counter(), time.process_time()
    yield taken
    taken.append(Sample(count / (time.process_time() - cpu), count / (time.perf_counter() - begin)))


@asynccontextmanager
async def _connected(source: Running, channels: list[str]) -> AsyncIterator[Engine]:
    """Runs an engine each of whose accounts has a job at work and hears of it."""
    url = f"http://{source.target}"
    socket = f"ws://{source.target}"
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        async with _store_with_jobs(data, [_Stream(channel) for channel in channels]):
            pass
        config = EngineConfig(
            data=data,
            accounts=tuple(account(channel) for channel in channels),
            endpoints=Endpoints(server=url, cdn=url, gateway=socket, resume_gateway=socket, upload_server=url),
            retention=Retention(),
            account_sync=False,
        )
        async with running_engine(config, clock=SystemClock(), rng=random.Random(1)) as engine:
            await asyncio.gather(*(lane.link.wait_until_ready() for lane in engine.fleet.lanes))
            yield engine


@asynccontextmanager
async def _store_with_jobs(folder: Path, streams: list[_Stream]) -> AsyncIterator[Store]:
    store = await open_store(folder, now=now_ms)
    for stream in streams:
        stream.task_id = (await store.submit(submission(str(stream.number)))).task.id
        await store.record(stream.task_id, *begun(stream.number))
    try:
        yield store
    finally:
        await store.close()
