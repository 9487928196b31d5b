"""The server as it is, in a process of the benchmark, and bare gRPC servers beside it."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

import grpc

from bench.processes import Control
from bench.samples import ACCOUNT, filled, progressed
from mjproxy_server.api.callers import Keyring
from mjproxy_server.api.server import bound_server, serving
from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.engine.clock import SystemClock
from mjproxy_server.engine.engine import Engine, EngineConfig, running_engine
from mjproxy_server.engine.upkeep import Retention
from mjproxy_server.listening import Address
from mjproxy_server.model.account import Account
from mjproxy_server.store import Store

SERVICE = "/mjproxy.v1.TaskService/"
NOWHERE = Endpoints(server="http://127.0.0.1:9", gateway="ws://127.0.0.1:9")
MANY_STREAMS = (("grpc.server.max_pending_requests", 20_000), ("grpc.server.max_pending_requests_hard_limit", 40_000))
Context = grpc.aio.ServicerContext[Any, Any]
Handler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"


def account(channel_id: str, core_size: int = 3, queue_size: int = 10) -> Account:
    return Account(
        guild_id="1",
        channel_id=channel_id,
        user_token=channel_id,
        user_agent="Mozilla/5.0",
        core_size=core_size,
        queue_size=queue_size,
    )


@asynccontextmanager
async def served_engine(
    data: Path, accounts: Sequence[Account] = (), endpoints: Endpoints = NOWHERE
) -> AsyncIterator[tuple[int, Engine]]:
    """Serves an engine on a free port for the time of the block; yields the port and the engine."""
    config = EngineConfig(
        data=data, accounts=tuple(accounts), endpoints=endpoints, retention=Retention(), account_sync=False
    )
    async with (
        bound_server(Address("127.0.0.1", 0), Keyring({})) as bound,
        running_engine(config, clock=SystemClock(), rng=random.Random(1)) as engine,
        serving(bound, engine, 0.0),
    ):
        yield bound.address.port, engine


async def server(control: Control, data: str) -> None:
    """The server with one account, which never gets through to Discord: its tasks change on order only.

    - `fill COUNT ended|begun` stores tasks, and answers with their ids
    - `change COUNT` changes the tasks that were stored last, in turn; answers with the monotonic time when that began
      and the newest revision
    """
    async with served_engine(Path(data), [account(ACCOUNT)]) as (port, engine):
        control.say_port(port)
        ids: list[str] = []
        numbers = count()
        async for order, *words in control.orders():
            if order == "fill":
                ids = await filled(engine.store, int(words[0]), ended=words[1] == "ended")
                control.say(*ids)
            else:
                begin = time.monotonic()
                await changed(engine.store, ids, [next(numbers) for _ in range(int(words[0]))])
                control.say(begin, engine.store.head)


async def changed(store: Store, ids: Sequence[str], numbers: Sequence[int]) -> None:
    """Makes changes at once, each of one task."""
    tasks = ((number % len(ids), number) for number in numbers)
    await asyncio.gather(*(store.record(ids[task], progressed(task, number)) for task, number in tasks))


@asynccontextmanager
async def bare_server(methods: Mapping[str, Handler]) -> AsyncIterator[int]:
    """Serves handlers of bytes under the names of TaskService, with nothing around them; yields the port."""
    grpc_server = grpc.aio.server(options=MANY_STREAMS)
    handler = grpc.method_handlers_generic_handler("mjproxy.v1.TaskService", dict(methods))
    grpc_server.add_generic_rpc_handlers((handler,))
    port = grpc_server.add_insecure_port("127.0.0.1:0")
    await grpc_server.start()
    try:
        yield port
    finally:
        await grpc_server.stop(None)


def call(channel: grpc.aio.Channel, method: str) -> Callable[[bytes], Awaitable[bytes]]:
    """Returns a method of TaskService that takes bytes and answers with bytes."""
    return channel.unary_unary(SERVICE + method, _as_is, _as_is)


def stream(channel: grpc.aio.Channel, method: str) -> Callable[[bytes], "grpc.aio.UnaryStreamCall[bytes, bytes]"]:
    """Returns a method of TaskService that takes bytes and answers with a stream of bytes."""
    return channel.unary_stream(SERVICE + method, _as_is, _as_is)


def _as_is(message: bytes) -> bytes:
    return message


Unary = Callable[[bytes, Context], Awaitable[bytes]]


def unary(answer: Unary) -> Handler:
    """Returns the handler of a method that takes bytes and answers with bytes."""
    return grpc.unary_unary_rpc_method_handler(answer)
