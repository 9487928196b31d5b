"""Reads through the REST shim, against what they could cost at least and what they would cost without its cache.

    python bench/rest_reads.py [--seconds 2] [--rounds 5]

Compared is the CPU time that the serving process takes for a request, all in one run and in turns, since rates vary
with what else the machine does:

- bare    a Starlette route that answers with the same bytes, served with the same settings
- fetch   GET /mj/task/{id}/fetch through the shim
- rpc     a Starlette route that asks the server over gRPC and encodes the answer, each time
- list    POST /mj/task/list-by-condition with 100 ids through the shim; compared with 100 times fetch

At the end many more tasks are read than the cache holds, to show that memory does not grow with them.
"""

import argparse
import asyncio
import socket
import statistics
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import orjson
import psutil
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mjproxy.channel import open_channel
from mjproxy.v1 import task_pb2 as pb
from mjproxy.v1 import task_service_pb2 as api
from mjproxy.v1.task_service_pb2_grpc import TaskServiceServicer, TaskServiceStub, add_TaskServiceServicer_to_server
from mjproxy_rest.part import Settings, serve
from mjproxy_rest.server import uvicorn_config
from mjproxy_rest.tasks import encode

CONNECTIONS = 16
IDS = 100
FIRST_ID = 1_763_751_600_000_000
Context = grpc.aio.ServicerContext[Any, Any]


def task(task_id: str) -> pb.Task:
    """A finished grid, as they all look."""
    buttons = [
        pb.Button(
            custom_id=f"MJ::JOB::{kind}::{index}::5f2a1826-7bb0-42c2-b441-98a48a39e760",
            label=f"{kind[0]}{index}",
            type=2,
            style=2,
        )
        for kind in ("upsample", "variation")
        for index in range(1, 5)
    ]
    prompt = "a lighthouse in fog, long exposure, muted colours, 35 mm, grain --ar 3:2 --v 7"
    return pb.Task(
        id=task_id,
        action=pb.ACTION_IMAGINE,
        status=pb.TASK_STATUS_SUCCESS,
        bot_type=pb.BOT_TYPE_MIDJOURNEY,
        prompt=prompt,
        prompt_en=prompt,
        description=f"/imagine {prompt}",
        progress=100,
        image_url=f"https://cdn.discordapp.com/attachments/1502243953687265485/{task_id}/a.png?ex=6a20034b&is=6a1eb1cb&hm=02bb&",
        buttons=buttons,
    )


class Upstream(TaskServiceServicer):
    """Has every task that is asked for."""

    async def GetTask(self, request: api.GetTaskRequest, context: Context) -> api.GetTaskResponse:  # noqa: ARG002, N802
        """Reads one."""
        return api.GetTaskResponse(task=task(request.id), revision=1)

    async def ListTasks(self, request: api.ListTasksRequest, context: Context) -> api.ListTasksResponse:  # noqa: ARG002, N802
        """Reads those that are named."""
        return api.ListTasksResponse(tasks=map(task, request.filter.ids), revision=1, history_id="bench")

    async def WatchTasks(  # noqa: N802
        self,
        request: api.WatchTasksRequest,  # noqa: ARG002
        context: Context,  # noqa: ARG002
    ) -> AsyncIterator[api.WatchTasksResponse]:
        """Tells that nothing changes."""
        while True:
            yield api.WatchTasksResponse(revision=1, history_id="bench")
            await asyncio.sleep(10)


async def serve_upstream(_: str) -> None:
    server = grpc.aio.server()
    add_TaskServiceServicer_to_server(Upstream(), server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    announce(port)
    await server.wait_for_termination()


async def serve_shim(upstream: str) -> None:
    settings = Settings(rest_listen="127.0.0.1:0", grpc_target=upstream)
    await serve(settings, lambda endpoint: announce(int(endpoint.rpartition(":")[2])))


async def serve_bare(_: str) -> None:
    body = encode(task(str(FIRST_ID)))

    async def fetch(_: Request) -> Response:
        return Response(body, media_type="application/json")

    await serve_route(fetch)


async def serve_rpc(upstream: str) -> None:
    async with open_channel(upstream) as channel:
        stub = TaskServiceStub(channel)

        async def fetch(request: Request) -> Response:
            answer = await stub.GetTask(api.GetTaskRequest(id=request.path_params["id"]))
            return Response(encode(answer.task), media_type="application/json")

        await serve_route(fetch)


async def serve_route(fetch: Callable[[Request], Any]) -> None:
    config = uvicorn_config(Starlette(routes=[Route("/mj/task/{id}/fetch", fetch)]), drain_seconds=1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        announce(listener.getsockname()[1])
        await uvicorn.Server(config).serve(sockets=[listener])


def announce(port: int) -> None:
    print(port, flush=True)


SERVERS = {"upstream": serve_upstream, "shim": serve_shim, "bare": serve_bare, "rpc": serve_rpc}


@dataclass
class Server:
    """A process that serves."""

    port: int
    process: psutil.Process

    @property
    def cpu(self) -> float:
        """The CPU time that it has taken so far, in seconds."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def running(kind: str, upstream: int = 0) -> Iterator[Server]:
    command = [sys.executable, __file__, "--serve", kind, "--upstream", f"127.0.0.1:{upstream}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Server(int(process.stdout.readline()), psutil.Process(process.pid))
        finally:
            process.kill()


def get(task_id: str) -> bytes:
    return f"GET /mj/task/{task_id}/fetch HTTP/1.1\r\nHost: bench\r\nAccept: */*\r\n\r\n".encode()


def post(ids: list[str]) -> bytes:
    body = orjson.dumps({"ids": ids})
    head = f"POST /mj/task/list-by-condition HTTP/1.1\r\nHost: bench\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def ask(port: int, requests: Iterator[bytes]) -> int:
    """Sends one request after the other over one connection; returns how many."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    count = 0
    for request in requests:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        count += 1
    writer.close()
    return count


def until(end: float, requests: list[bytes]) -> Iterator[bytes]:
    """Yields the requests again and again until a time of the loop."""
    loop = asyncio.get_running_loop()
    while True:
        for request in requests:
            if loop.time() >= end:
                return
            yield request


async def cpu_per_request(server: Server, requests: list[bytes], seconds: float) -> float:
    """Returns the microseconds of CPU that a request takes, with several connections at once."""
    end = asyncio.get_running_loop().time() + seconds
    before = server.cpu
    counts = await asyncio.gather(*(ask(server.port, until(end, requests)) for _ in range(CONNECTIONS)))
    return (server.cpu - before) / sum(counts) * 1e6


async def read_many(server: Server) -> None:
    """Reads tasks that nobody has read before, and prints what memory that takes."""
    print(f"{'':27}{server.process.memory_info().rss / 2**20:6.0f} MiB")
    for batch in range(5):
        first = FIRST_ID + 1_000_000 + batch * 40_000
        requests = [post([str(first + page * 500 + number) for number in range(500)]) for page in range(80)]
        await ask(server.port, iter(requests))
        print(f"{(batch + 1) * 40_000:8} tasks read  {server.process.memory_info().rss / 2**20:6.0f} MiB")


async def compare(seconds: float, rounds: int) -> None:
    ids = [str(FIRST_ID + number) for number in range(IDS)]
    fetches = [get(task_id) for task_id in ids]
    with ExitStack() as servers:
        upstream = servers.enter_context(running("upstream"))
        bare, shim, rpc = (servers.enter_context(running(kind, upstream.port)) for kind in ("bare", "shim", "rpc"))
        rows = {"bare": (bare, fetches), "fetch": (shim, fetches), "rpc": (rpc, fetches), "list": (shim, [post(ids)])}
        costs: dict[str, list[float]] = {name: [] for name in rows}
        for _ in range(rounds + 1):
            for name, (server, requests) in rows.items():
                costs[name].append(await cpu_per_request(server, requests, seconds))
            print("  ".join(f"{name} {values[-1]:6.1f} µs" for name, values in costs.items()))
        print_ratios({name: statistics.median(values[1:]) for name, values in costs.items()})
        await read_many(shim)


def print_ratios(cost: dict[str, float]) -> None:
    print(f"fetch / bare        {cost['fetch'] / cost['bare']:.2f}  (aim 1.10)")
    print(f"fetch / rpc         {cost['fetch'] / cost['rpc']:.2f}  (aim 0.20)")
    print(f"list / 100 fetches  {cost['list'] / cost['fetch'] / IDS:.3f}  (aim 0.100)")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=float, default=2.0, help="how long each measurement takes")
    arguments.add_argument("--rounds", type=int, default=5, help="how often all are measured, after one that warms up")
    arguments.add_argument("--serve", choices=SERVERS, help=argparse.SUPPRESS)
    arguments.add_argument("--upstream", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.serve:
        uvloop.run(SERVERS[options.serve](options.upstream))
    else:
        uvloop.run(compare(options.seconds, options.rounds))


if __name__ == "__main__":
    main()
