"""What several workers of the shim bring, and what they cost: with one and with two, measured in turn.

- Reads: how many a second all workers answer, to clients that always have several under way.
- Polls: how long one takes, the 99th of a hundred, while somebody else submits pictures of many megabytes. Each has a
  connection of its own, as those of most clients.
- Changes: the CPU time that one costs server and workers, none of whose callers reads it.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import orjson
import psutil

from bench.http_load import get, post, read_answer, read_message
from bench.processes import Running, running
from bench.rest_stack import shim
from bench.stack import server

WORKERS = (1, 2)
ROUNDS = 5
SECONDS = 2.0
CONNECTIONS = 32
UNDER_WAY = 8
BODY_MB = 16
CHANGES = 2_000

Measurement = Callable[[Running, Running, str], Awaitable[float]]


async def main() -> None:
    async with AsyncExitStack() as stack:
        data = stack.enter_context(tempfile.TemporaryDirectory())
        upstream = await stack.enter_async_context(running(server, data))
        task_id, *_ = await upstream.order("fill", 100, "begun")
        for name, unit, measured in (
            ("reads", "1/s", reads),
            ("a poll beside large bodies", "ms", polls),
            ("a change", "µs CPU", changes),
        ):
            taken: dict[int, list[float]] = {count: [] for count in WORKERS}
            for _ in range(ROUNDS + 1):
                for count, samples in taken.items():
                    async with running(shim, upstream.target, count) as rest:
                        await until_all_watch(upstream, rest, count)
                        samples.append(await measured(upstream, rest, task_id))
            print(row(name, unit, {count: samples[1:] for count, samples in taken.items()}))


def row(name: str, unit: str, taken: dict[int, list[float]]) -> str:
    """Returns one line: the medians, and their ratios to that of a single worker."""
    alone = taken[1]
    columns = [
        f"{count}: {statistics.median(samples):9,.1f} ({statistics.median(map(float.__truediv__, samples, alone)):.2f})"
        for count, samples in taken.items()
    ]
    return f"{name:28} {'   '.join(columns)}   {unit}"


async def until_all_watch(upstream: Running, rest: Running, count: int) -> None:
    """Returns when so many processes of the shim are connected with the server."""
    while True:
        processes = [rest.process, *rest.process.children()]
        if sum(is_connected(process, upstream.port) for process in processes) == count:
            return
        await asyncio.sleep(0.1)


def is_connected(process: psutil.Process, port: int) -> bool:
    return any(each.raddr[1:2] == (port,) for each in process.net_connections("tcp"))


async def reads(_: Running, rest: Running, task_id: str) -> float:
    """Counts answers by their length, which is always the same, so that clients cost next to nothing."""
    poll = get(f"/mj/task/{task_id}/fetch")
    end = time.perf_counter() + SECONDS

    async def ask() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", rest.port, limit=1 << 24)
        writer.write(poll)
        length = sum(map(len, await read_message(reader)))
        answers = 0
        while time.perf_counter() < end:
            writer.write(poll * UNDER_WAY)
            await reader.readexactly(length * UNDER_WAY)
            answers += UNDER_WAY
        writer.close()
        return answers

    return sum(await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))) / SECONDS


async def polls(_: Running, rest: Running, task_id: str) -> float:
    body = orjson.dumps({"base64Array": ["A" * (BODY_MB << 20)]})
    large, poll = post("/mj/submit/blend", body), get(f"/mj/task/{task_id}/fetch")
    ended = asyncio.Event()

    async def submit() -> None:
        while not ended.is_set():
            await _ask(rest, large)

    submitting = asyncio.create_task(submit())
    taken = []
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        begun = time.perf_counter()
        await _ask(rest, poll)
        taken.append(time.perf_counter() - begun)
    ended.set()
    await submitting
    return statistics.quantiles(taken, n=100)[98] * 1e3


async def changes(upstream: Running, rest: Running, _: str) -> float:
    before = upstream.cpu + rest.cpu
    for _each in range(CHANGES // 10):
        await upstream.order("change", 10)
    return (upstream.cpu + rest.cpu - before) / CHANGES * 1e6


async def _ask(rest: Running, request: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", rest.port)
    writer.write(request)
    await read_answer(reader)
    writer.close()


if __name__ == "__main__":
    asyncio.run(main())
