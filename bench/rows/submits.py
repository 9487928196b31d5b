"""Rows 7 and 8: durable submissions, at the store and over the whole way."""

import os
import socket
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from itertools import count
from pathlib import Path

import grpc
import orjson
from starlette.requests import Request
from starlette.responses import Response

from bench.http_load import cpu_per_request, post
from bench.measure import Row, Sample, Scale, in_turn
from bench.processes import Control, Running, running
from bench.rest_stack import serve_route, shim
from bench.samples import PROMPT, flooded, now_ms, submission
from bench.stack import Context, account, call, served_engine
from mjproxy.channel import open_channel
from mjproxy.v1 import task_service_pb2 as pb
from mjproxy.v1 import task_service_pb2_grpc
from mjproxy_server.api.callers import Keyring
from mjproxy_server.api.server import bound_server
from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.listening import Address
from mjproxy_server.model.account import Account
from mjproxy_server.model.facts import Cancelled
from mjproxy_server.model.vocabulary import Status
from mjproxy_server.store import Capacity, Store, TaskQuery, open_store

IN_FLIGHT = 64
# Each account takes few tasks, as in a real pool: the count of its queue is part of the cost.
PER_ACCOUNT = 15
CAPACITY = Capacity(core_size=5, queue_size=10)
ACCOUNTS = 50
QUEUE = 200
LONGEST_SECONDS = 0.5
"""Short, and more often: a machine is fast or slow for about a second. The queues have room for what comes in it."""
PAGE = os.urandom(4096)
IMAGINE = pb.SubmitTaskRequest(imagine=pb.ImagineCommand(prompt=PROMPT)).SerializeToString()
IN_A_CALL = 16
IMAGINES = pb.SubmitTasksRequest(requests=[pb.SubmitTaskRequest.FromString(IMAGINE)] * IN_A_CALL)
IMAGINE_JSON = orjson.dumps({"prompt": PROMPT})
PATH = "/mj/submit/imagine"


async def at_the_store(scale: Scale) -> list[Row]:
    """Row 7."""
    taken = await in_turn(
        scale.rounds,
        {"ours": partial(_stored, scale.seconds), "bare": partial(_flushed, scale.seconds)},
    )
    return [
        Row(
            number=7,
            name=f"durable submissions at the store, {IN_FLIGHT} in flight",
            limit="one fdatasync after the other",
            unit="1/s",
            ours=taken["ours"],
            bound=taken["bare"],
            aim=3,
            at_least=True,
        )
    ]


async def _stored(seconds: float) -> Sample:
    with tempfile.TemporaryDirectory() as folder:
        store = await open_store(Path(folder), now=now_ms)
        submissions, elapsed = await flooded(partial(_submit, store), IN_FLIGHT, seconds)
        await store.close()
    return Sample(submissions / elapsed, submissions / elapsed)


async def _submit(store: Store, number: int) -> None:
    await store.submit(submission(str(number // PER_ACCOUNT), CAPACITY))


async def _flushed(seconds: float) -> Sample:
    begin = time.perf_counter()
    flushes = 0
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "raw").open("wb", buffering=0) as file:
        while time.perf_counter() - begin < seconds:
            file.write(PAGE)
            os.fdatasync(file.fileno())
            flushes += 1
    rate = flushes / (time.perf_counter() - begin)
    return Sample(rate, rate)


async def accepting(control: Control, data: str) -> None:
    """The server with accounts that are never connected, so that all waits; `empty` cancels what does.

    Who listens for them never answers: where nobody listens, fifty accounts that knock again and again would be
    measured along with the submissions.
    """
    accounts = [account(str(number), queue_size=QUEUE) for number in range(1, ACCOUNTS + 1)]
    with socket.create_server(("127.0.0.1", 0), backlog=4 * ACCOUNTS) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        endpoints = Endpoints(server=f"http://{host}", gateway=f"ws://{host}")
        await _accept(control, data, accounts, endpoints)


async def _accept(control: Control, data: str, accounts: Sequence[Account], endpoints: Endpoints) -> None:
    async with served_engine(Path(data), accounts, endpoints) as (port, engine):
        control.say_port(port)
        async for _ in control.orders():
            await _empty(engine.store)
            control.say("emptied")


async def _empty(store: Store) -> None:
    query = TaskQuery(statuses=frozenset({Status.NOT_START}), limit=500)
    while waiting := (await store.list(query)).tasks:
        for task in waiting:
            await store.record(task.id, Cancelled(now_ms()))


async def committing(control: Control, data: str, answer: str) -> None:
    """The same server with a SubmitTask that does one group commit and nothing else: what is around calls is there.

    The commit is ours: as many accounts share the tasks, whose queues are as long.
    """
    store = await open_store(Path(data), now=now_ms)
    numbers, response = count(), pb.SubmitTaskResponse.FromString(bytes.fromhex(answer))

    async def submit(request: pb.SubmitTaskRequest, context: Context) -> pb.SubmitTaskResponse:  # noqa: ARG001
        await store.submit(submission(str(next(numbers) % ACCOUNTS)))
        return response

    async with bound_server(Address("127.0.0.1", 0), Keyring({})) as bound:
        bound.grpc.add_generic_rpc_handlers((_only("SubmitTask", submit),))
        await bound.grpc.start()
        control.say_port(bound.address.port)
        async for _ in control.orders():
            control.say("emptied")
    await store.close()


def _only(
    method: str, handler: Callable[[pb.SubmitTaskRequest, Context], Awaitable[pb.SubmitTaskResponse]]
) -> "grpc.GenericRpcHandler[pb.SubmitTaskRequest, pb.SubmitTaskResponse]":
    """Returns a service of one method, with the messages of a submission."""
    read, written = pb.SubmitTaskRequest.FromString, pb.SubmitTaskResponse.SerializeToString
    found = grpc.unary_unary_rpc_method_handler(handler, request_deserializer=read, response_serializer=written)
    return grpc.method_handlers_generic_handler("mjproxy.v1.TaskService", {method: found})


async def forwarding(control: Control, target: str) -> None:
    """A route that makes that call, and answers with nothing of its own."""
    async with open_channel(target) as channel:
        submitted = call(channel, "SubmitTask")

        async def submit(request: Request) -> Response:
            await request.body()
            await submitted(IMAGINE)
            return Response(b'{"code":1,"description":"Submitted","result":"1"}', media_type="application/json")

        await serve_route(control, PATH, submit, "POST")


async def whole(scale: Scale) -> list[Row]:
    """Row 8. Over gRPC, nobody watches; the shim watches its own server, and that is a part of what REST costs."""
    seconds = min(scale.seconds, LONGEST_SECONDS)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ours = await stack.enter_async_context(running(accepting, folder / "ours"))
        behind = await stack.enter_async_context(running(accepting, folder / "behind"))
        answer = (await _submitted_once(ours)).hex()
        empty = await stack.enter_async_context(running(committing, folder / "bare", answer))
        rest = await stack.enter_async_context(running(shim, behind.target))
        route = await stack.enter_async_context(running(forwarding, empty.target))
        taken = await in_turn(
            2 * scale.rounds,
            {
                "grpc": partial(_over_grpc, ours, seconds),
                "bare grpc": partial(_over_grpc, empty, seconds),
                "together": partial(_together_over_grpc, ours, seconds),
                "rest": partial(_over_rest, [rest, behind], seconds),
                "bare rest": partial(_over_rest, [route, empty], seconds),
            },
        )
    return [
        _row("submissions over gRPC", "an empty handler with one group commit", taken["grpc"], taken["bare grpc"]),
        _row(
            f"submissions over gRPC, {IN_A_CALL} to a call",
            "an empty handler, one to a call",
            taken["together"],
            taken["bare grpc"],
        ),
        _row("submissions over REST", "a bare POST that makes that call", taken["rest"], taken["bare rest"]),
    ]


def _row(name: str, limit: str, ours: Sequence[Sample], bound: Sequence[Sample]) -> Row:
    return Row(number=8, name=name, limit=limit, unit="1/CPU s", ours=ours, bound=bound, aim=0.7, at_least=True)


async def _submitted_once(source: Running) -> bytes:
    async with grpc.aio.insecure_channel(source.target) as channel:
        return await call(channel, "SubmitTask")(IMAGINE)


async def _over_grpc(source: Running, seconds: float) -> Sample:
    await source.order("empty")
    async with grpc.aio.insecure_channel(source.target) as channel:
        submitted = call(channel, "SubmitTask")
        before = source.cpu
        calls, elapsed = await flooded(lambda _: submitted(IMAGINE), IN_FLIGHT, seconds)
        return Sample(calls / (source.cpu - before), calls / elapsed)


async def _together_over_grpc(source: Running, seconds: float) -> Sample:
    """Returns submissions per second of CPU, as many in flight as one by one."""
    await source.order("empty")
    async with grpc.aio.insecure_channel(source.target) as channel:
        tasks: task_service_pb2_grpc.TaskServiceAsyncStub = task_service_pb2_grpc.TaskServiceStub(channel)

        async def submit(_: int) -> None:
            answers = [answer async for response in tasks.SubmitTasks(IMAGINES) for answer in response.answers]
            assert all(answer.HasField("accepted") for answer in answers)

        before = source.cpu
        calls, elapsed = await flooded(submit, IN_FLIGHT // IN_A_CALL, seconds)
        submissions = calls * IN_A_CALL
        return Sample(submissions / (source.cpu - before), submissions / elapsed)


async def _over_rest(sources: list[Running], seconds: float) -> Sample:
    """Returns submissions per second of CPU of the first process, which takes the requests, and of the one behind."""
    await sources[-1].order("empty")
    request = post(PATH, IMAGINE_JSON)
    cost = await cpu_per_request(sources, lambda _: request, seconds, IN_FLIGHT)
    return Sample(1e6 / cost.value, cost.rate)
