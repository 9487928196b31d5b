"""Row 10: callbacks delivered, compared with the same client posting the same bodies; and what a dead hook costs.

Either is posted from a process of its own, on as many connections at once, each used once, to the same receivers.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

import httpx
from msgspec.structs import replace

from bench.measure import Row, Sample, Scale, in_turn
from bench.processes import Control, Running, running
from bench.rest_stack import shim
from bench.samples import finished, finished_task, submission
from bench.stack import account, served_engine
from mjproxy_rest.tasks import encode
from mjproxy_server.api.tasks_out import task_message
from mjproxy_server.store import Store

CALLBACKS = 600
HOSTS = 32
AT_ONE_HOST = 4
ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class Receivers:
    """Hooks on addresses of their own; they count what is posted to them."""

    def __init__(self, hosts: int) -> None:
        self._hosts = hosts
        self._servers: list[asyncio.Server] = []
        self._received = 0
        self._more = asyncio.Event()
        self.hooks: list[str] = []
        self.dead_hook = ""

    async def open(self, stack: AsyncExitStack) -> None:
        """Listens; one more listens and never answers."""
        self.hooks = [await self._listen(stack, self._receive, number) for number in range(2, self._hosts + 2)]
        self.dead_hook = await self._listen(stack, self._ignore, self._hosts + 2)

    async def received(self, number: int) -> None:
        """Returns when so many more have come than when it was last called."""
        while self._received < number:
            await self._more.wait()
            self._more.clear()
        self._received -= number

    async def _listen(self, stack: AsyncExitStack, handler: object, number: int) -> str:
        opened = await asyncio.start_server(handler, f"127.0.0.{number}", 0)  # type: ignore[arg-type]
        stack.callback(opened.close)
        return f"http://127.0.0.{number}:{opened.sockets[0].getsockname()[1]}/hook"

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        writer.write(ANSWER)
        await writer.drain()
        writer.close()
        self._received += 1
        self._more.set()

    async def _ignore(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1 << 16):
            pass
        writer.close()


async def telling(control: Control, data: str, *hooks: str) -> None:
    """The server; `finish COUNT` ends so many tasks, which their hooks are told of; `hang COUNT`, of the dead hook."""
    async with served_engine(Path(data), [account("1")]) as (port, engine):
        control.say_port(port)
        numbers = count()
        async for order, word in control.orders():
            chosen = hooks[-1:] if order == "hang" else hooks[:-1]
            tasks = [
                await _prepared(engine.store, chosen[each % len(chosen)], next(numbers)) for each in range(int(word))
            ]
            control.say("ready")
            await asyncio.gather(*(engine.store.record(task_id, finished(number)) for task_id, number in tasks))


async def posting(control: Control, *hooks: str) -> None:
    """The same HTTP client, and nothing else; `post COUNT` posts as many tasks as are finished otherwise."""
    control.say_port(0)
    task = finished_task()
    bodies = [(hook, encode(task_message(replace(task, notify_hook=hook)))) for hook in hooks]
    transport = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=None, max_keepalive_connections=0))
    async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
        async for _, word in control.orders():
            control.say("ready")
            numbers = iter(range(int(word)))
            await asyncio.gather(*(_post(client, numbers, *each) for each in bodies for _ in range(AT_ONE_HOST)))


async def _post(client: httpx.AsyncClient, numbers: Iterator[int], hook: str, body: bytes) -> None:
    """Posts one after the other, each on a connection of its own, as long as there are numbers."""
    for _ in numbers:
        async with client.stream("POST", hook, content=body):
            pass


async def _prepared(store: Store, hook: str, number: int) -> tuple[str, int]:
    task = (await store.submit(submission(notify_hook=hook))).task
    return task.id, number


async def rows(scale: Scale) -> list[Row]:
    """Delivers callbacks to many hosts, with and without a dead one among them."""
    callbacks, hosts = scale.of(CALLBACKS), scale.of(HOSTS)
    async with AsyncExitStack() as stack:
        receivers = Receivers(hosts)
        await receivers.open(stack)
        ours = await _delivering(stack, receivers)
        hindered = await _delivering(stack, receivers)
        await hindered.order("hang", AT_ONE_HOST * hosts)
        bare = await stack.enter_async_context(running(posting, *receivers.hooks))
        taken = await in_turn(
            2 * scale.rounds,  # Rates vary, and the second line is told from the limit by a twentieth.
            {
                "bare": lambda: _received(receivers, bare, "post", callbacks),
                "ours": lambda: _received(receivers, ours, "finish", callbacks),
                "hindered": lambda: _received(receivers, hindered, "finish", callbacks),
            },
        )
    return [_row(hosts, taken["ours"], taken["bare"]), _dead_row(taken["hindered"], taken["ours"])]


async def _delivering(stack: AsyncExitStack, receivers: Receivers) -> Running:
    """Starts a server, and a shim that delivers for it."""
    data = stack.enter_context(tempfile.TemporaryDirectory())
    source = await stack.enter_async_context(running(telling, data, *receivers.hooks, receivers.dead_hook))
    await stack.enter_async_context(running(shim, source.target))
    return source


def _row(hosts: int, ours: Sequence[Sample], bound: Sequence[Sample]) -> Row:
    return Row(
        number=10,
        name=f"callbacks delivered to {hosts} hosts",
        limit="the same HTTP client posting the same bodies",
        unit="1/s",
        ours=ours,
        bound=bound,
        aim=0.7,
        at_least=True,
    )


def _dead_row(ours: Sequence[Sample], bound: Sequence[Sample]) -> Row:
    return Row(
        number=10,
        name="callbacks delivered while one more host is dead",
        limit="without it",
        unit="1/s",
        ours=ours,
        bound=bound,
        aim=0.95,
        at_least=True,
    )


async def _received(receivers: Receivers, source: Running, order: str, callbacks: int) -> Sample:
    """Orders callbacks, and returns how many come in a second."""
    await source.order(order, callbacks)
    begin = time.perf_counter()
    await receivers.received(callbacks)
    rate = callbacks / (time.perf_counter() - begin)
    return Sample(rate, rate)
