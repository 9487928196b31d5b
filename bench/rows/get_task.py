"""Row 2: GetTask over gRPC, compared with an echo of as many bytes."""

import tempfile

import grpc

from bench.measure import Row, Sample, Scale, in_turn
from bench.processes import Control, Running, running, until_closed
from bench.samples import cpu_per_call
from bench.stack import Context, bare_server, call, server, unary
from mjproxy.v1 import task_service_pb2 as pb

TASKS = 1_000
IN_FLIGHT = 32


async def echo(control: Control) -> None:
    """Answers with the bytes that it was asked with."""

    async def answer(request: bytes, context: Context) -> bytes:  # noqa: ARG001
        return request

    async with bare_server({"GetTask": unary(answer)}) as port:
        control.say_port(port)
        await until_closed(control)


async def rows(scale: Scale) -> list[Row]:
    """Reads finished tasks, one after the other."""
    with tempfile.TemporaryDirectory() as data:
        async with running(server, data) as ours, running(echo) as bare:
            ids = await ours.order("fill", scale.of(TASKS), "ended")
            requests = [pb.GetTaskRequest(id=task_id).SerializeToString() for task_id in ids]
            answer = await _asked_once(ours, requests[0])
            taken = await in_turn(
                2 * scale.rounds,  # The aim is a fifth above the limit, and a round may be as far off.
                {
                    "ours": lambda: _asked(ours, requests, scale.seconds),
                    "bare": lambda: _asked(bare, [answer], scale.seconds),
                },
            )
    return [
        Row(
            number=2,
            name="GetTask over gRPC",
            limit=f"an echo of {len(answer)} bytes",
            unit="µs CPU",
            ours=taken["ours"],
            bound=taken["bare"],
            aim=1.2,
        )
    ]


async def _asked(server: Running, requests: list[bytes], seconds: float) -> Sample:
    async with grpc.aio.insecure_channel(server.target) as channel:
        asked = call(channel, "GetTask")
        return await cpu_per_call(server, lambda number: asked(requests[number % len(requests)]), IN_FLIGHT, seconds)


async def _asked_once(server: Running, request: bytes) -> bytes:
    async with grpc.aio.insecure_channel(server.target) as channel:
        return await call(channel, "GetTask")(request)
