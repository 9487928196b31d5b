"""Runs the shim: puts its parts together, listens, and closes in order."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from mjproxy.channel import open_channel
from mjproxy.launcher.address import Address
from mjproxy_rest.app import create_app
from mjproxy_rest.cache import TaskCache
from mjproxy_rest.feed import Feed
from mjproxy_rest.part import Settings
from mjproxy_rest.permissions import Permissions
from mjproxy_rest.service import TaskService
from mjproxy_rest.upstream import Upstream

_BACKLOG = 2048

# Longer than the pause between two polls of a client, so that it need not connect anew for each.
_KEEP_ALIVE_SECONDS = 75

_DRAIN_SECONDS = 5


async def serve(settings: Settings, ready: Callable[[str], None]) -> None:
    """See `mjproxy_rest.part.serve`."""
    listener = _listen(settings.listen)
    service_key = settings.service_key.get_secret_value() if settings.service_key else ""
    async with open_channel(settings.grpc_target) as channel, asyncio.TaskGroup() as tasks:
        upstream, cache = Upstream(channel), TaskCache()
        feed = tasks.create_task(Feed(lambda: upstream.watch(service_key), cache).run())
        app = create_app(TaskService(upstream, cache, Permissions(time.monotonic)))
        try:
            await _serve_http(app, listener, ready)
        finally:
            feed.cancel()


def _listen(address: Address) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        return socket.create_server((address.host, address.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        remedy = "stop what listens there, or set rest_listen to another address (port 0 takes a free one)"
        raise OSError(error.errno, f"rest_listen: cannot listen on {address} ({error.strerror}); {remedy}") from error


async def _serve_http(app: ASGIApp, listener: socket.socket, ready: Callable[[str], None]) -> None:
    """Serves until cancelled; then lets the requests under way end."""
    server = _Server(_uvicorn_config(app), lambda: ready(f"rest=http://{Address(*listener.getsockname()[:2])}"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await serving


def _uvicorn_config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )


class _Server(uvicorn.Server):
    """Uvicorn, but it says when it answers, and leaves the process's signals alone."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
