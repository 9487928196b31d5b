"""Row 9: from a dispatch of the gateway to the revision that everybody sees."""

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path

from bench.gateway import deflating, gateway, message_of, reports
from bench.measure import Row, Sample, Scale, in_turn
from bench.processes import Running, running
from bench.samples import begun, now_ms, progressed, submission
from bench.stack import account
from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.discord.gateway.frames import decode_frame
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
        taken = await in_turn(
            scale.rounds,
            {"ours": lambda: _heard(engine, source, accounts, each), "bare": lambda: _parsed(store, streams, each)},
        )
    return [
        Row(
            number=9,
            name=f"dispatches of {accounts} accounts until they are revisions",
            limit="inflate, parse, and the store's group commit",
            unit="1/CPU s",
            ours=taken["ours"],
            bound=taken["bare"],
            aim=0.5,
            at_least=True,
        )
    ]


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
            text = self._inflater.feed(compressed)
            assert text is not None
            frame = decode_frame(text)
            await store.record(self.task_id, progressed(self.number, frame.s or 0))


async def _heard(engine: Engine, source: Running, accounts: int, each: int) -> Sample:
    revision = engine.store.head + accounts * each
    with _measured(accounts * each) as taken:
        await source.order("send", each)
        await engine.store.wait_for(revision)
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
