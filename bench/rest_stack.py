"""The REST shim as it is, in a process of the benchmark, and bare Starlette routes served with the same settings."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.processes import Control, until_closed
from mjproxy_rest.part import RestSettings, Settings, serve
from mjproxy_rest.server import uvicorn_config


async def shim(control: Control, target: str, workers: str = "1") -> None:
    """The shim of a server: by default in this process alone, so that its cost is that of what it is compared with."""
    logging.getLogger("mjproxy_rest").setLevel(logging.ERROR)  # Its workers would warn when the benchmark ends them.
    rest = RestSettings(workers=int(workers))
    settings = Settings(rest_listen="127.0.0.1:0", grpc_target=target, drain_seconds=1, rest=rest)
    serving = asyncio.create_task(serve(settings, lambda endpoint: control.say_port(endpoint.rpartition(":")[2])))
    await until_closed(control)
    serving.cancel()
    await asyncio.wait([serving])


async def serve_route(
    control: Control, path: str, handler: Callable[[Request], Awaitable[Response]], method: str = "GET"
) -> None:
    """Serves one route, and says its port, until there are no more orders."""
    config = uvicorn_config(Starlette(routes=[Route(path, handler, methods=[method])]), drain_seconds=0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        control.say_port(listener.getsockname()[1])
        await until_closed(control)
        server.should_exit = True
        await serving
