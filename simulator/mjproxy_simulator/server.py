"""The one address at which everything answers.

HTTP and WebSocket share a port, so they share a server: uvicorn, with h11 (the faster parser loses the body of a
request that offers an upgrade to HTTP/2, which some clients make) and with websockets' sans-I/O protocol. Pings and
permessage-deflate are off, for Discord has neither. A connection can be cut by `scope["state"]["abort"]`, which is how
faults look to a client: no close frame, no response.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

_FAREWELL_SECONDS: Final = 1
_FRAME_LIMIT: Final = 1024 * 1024  # Above Discord's own limit, which is checked with Discord's own close code.
_WILDCARDS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- where a wildcard is reached, not bound


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        OSError: The address cannot be had; the error names it, and the setting that changes it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        advice = "stop what listens there, or give the simulator another address (simulator_listen)"
        raise OSError(error.errno, f"the simulator cannot listen on {host}:{port}: {reason}; {advice}") from error


def url_of(listener: socket.socket) -> str:
    """Return the URL at which a socket is reached from this machine."""
    host, port = listener.getsockname()[:2]
    host = _WILDCARDS.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@asynccontextmanager
async def serving(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    """Serve an application until the context is left, and then end its connections."""
    server = _Server(
        uvicorn.Config(
            app,
            http=_AbortableProtocol,
            ws="websockets-sansio",
            ws_max_size=_FRAME_LIMIT,
            ws_ping_interval=None,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=_FAREWELL_SECONDS,
        )
    )
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(server.serve([listener]), name="http server")
        await server.listening.wait()
        try:
            yield
        finally:
            server.should_exit = True
            await asyncio.wait([task])  # The group would cut it short, and with it the connections, if it is cancelled.


class _Server(uvicorn.Server):
    """A server that tells when it listens, and leaves signals to the process that it is a part of."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _AbortableProtocol(H11Protocol):
    """A protocol whose connections the application can cut; a WebSocket inherits it with the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = self.app_state | {"abort": transport.abort}
