"""Row 1: reads through the REST shim, compared with what they could cost at least, and what without its cache."""

import tempfile
from contextlib import AsyncExitStack
from functools import partial

import orjson
from starlette.requests import Request
from starlette.responses import Response

from bench.http_load import cpu_per_request, get, post
from bench.measure import Row, Sample, Scale, in_turn
from bench.processes import Control, Running, running
from bench.rest_stack import serve_route, shim
from bench.stack import server
from mjproxy.channel import open_channel
from mjproxy.v1 import task_service_pb2 as api
from mjproxy.v1.task_service_pb2_grpc import TaskServiceStub
from mjproxy_rest.tasks import encode

TASKS = 100
FETCH = "/mj/task/{id}/fetch"
LIST = "/mj/task/list-by-condition"


async def bare(control: Control, target: str, task_id: str) -> None:
    """A route that answers with the same bytes each time."""
    async with open_channel(target) as channel:
        body = encode((await TaskServiceStub(channel).GetTask(api.GetTaskRequest(id=task_id))).task)

    async def fetch(_: Request) -> Response:
        return Response(body, media_type="application/json")

    await serve_route(control, FETCH, fetch)


async def asking(control: Control, target: str) -> None:
    """A route that asks the server over gRPC, and encodes the answer, each time."""
    async with open_channel(target) as channel:
        stub = TaskServiceStub(channel)

        async def fetch(request: Request) -> Response:
            answer = await stub.GetTask(api.GetTaskRequest(id=request.path_params["id"]))
            return Response(encode(answer.task), media_type="application/json")

        await serve_route(control, FETCH, fetch)


async def rows(scale: Scale) -> list[Row]:
    """Fetches finished tasks, one by one and in lists."""
    async with AsyncExitStack() as stack:
        data = stack.enter_context(tempfile.TemporaryDirectory())
        upstream = await stack.enter_async_context(running(server, data))
        ids = await upstream.order("fill", scale.of(TASKS), "ended")
        ours = await stack.enter_async_context(running(shim, upstream.target))
        route = await stack.enter_async_context(running(bare, upstream.target, ids[0]))
        rpc = await stack.enter_async_context(running(asking, upstream.target))
        taken = await in_turn(
            scale.rounds,
            {
                "fetch": partial(_fetched, ours, ids, scale.seconds),
                "bare": partial(_fetched, route, ids, scale.seconds),
                "rpc": partial(_fetched, rpc, ids, scale.seconds),
                "list": partial(_listed, ours, ids, scale.seconds),
            },
        )
    fetch = partial(Row, number=1, unit="µs CPU", ours=taken["fetch"])
    return [
        fetch(name="GET fetch through the shim", limit="a bare Starlette route", bound=taken["bare"], aim=1.1),
        fetch(name="GET fetch through the shim", limit="a gRPC call for each GET", bound=taken["rpc"], aim=0.2),
        Row(
            number=1,
            name=f"a list of {len(ids)} tasks through the shim, per task",
            limit="GET fetch through the shim",
            unit="µs CPU",
            ours=taken["list"],
            bound=taken["fetch"],
            aim=0.1,
        ),
    ]


async def _fetched(source: Running, ids: list[str], seconds: float) -> Sample:
    requests = [get(FETCH.format(id=task_id)) for task_id in ids]
    return await cpu_per_request([source], lambda number: requests[number % len(requests)], seconds)


async def _listed(source: Running, ids: list[str], seconds: float) -> Sample:
    request = post(LIST, orjson.dumps({"ids": ids}))
    whole = await cpu_per_request([source], lambda _: request, seconds)
    return Sample(whole.value / len(ids), whole.rate * len(ids))
