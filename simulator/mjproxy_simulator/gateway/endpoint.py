"""The WebSocket that carries a gateway connection.

Three things happen at the same time: frames of the client are read, what the connection emits is written, and the
heartbeats are watched. The first to end is the end of the connection.
"""

import asyncio
import logging
import zlib
from collections.abc import Callable
from typing import Final

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from mjproxy_simulator.gateway.codes import CloseCode
from mjproxy_simulator.gateway.connection import Connection
from mjproxy_simulator.gateway.lobby import Lobby
from mjproxy_simulator.gateway.ready import Greeter, member_chunk
from mjproxy_simulator.gateway.session import Close, Cut, Frame, Output

_logger = logging.getLogger(__name__)

_ABNORMAL_CLOSURE: Final = 1006


class Gateway:
    """Accepts WebSocket connections.

    Args:
        lobby: Has the sessions.
        greeter: Greets new ones.
        now: A clock that never goes back, in seconds.
    """

    def __init__(self, lobby: Lobby, greeter: Greeter, now: Callable[[], float]) -> None:
        self._lobby = lobby
        self._greeter = greeter
        self._now = now

    def routes(self) -> list[BaseRoute]:
        """Return the route of the gateway."""
        return [WebSocketRoute("/", self.serve)]

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one connection to its end."""
        await websocket.accept()
        query = websocket.query_params
        writer = _Writer(
            websocket, self._lobby.limits.outbound_frames, compressed=query.get("compress") == "zlib-stream"
        )
        connection = Connection(self._lobby, self._greeter.greeting, member_chunk, writer.put, self._now())
        if query.get("encoding", "json") != "json" or query.get("compress") not in {None, "", "zlib-stream"}:
            writer.put(Close(CloseCode.DECODE_ERROR, "Only JSON, plain or as a zlib-stream, is simulated."))
        else:
            connection.open(_version(query.get("v", "9")))
        await self._converse(websocket, connection, writer)

    async def _converse(self, websocket: WebSocket, connection: Connection, writer: "_Writer") -> None:
        code = _ABNORMAL_CLOSURE
        try:
            async with asyncio.TaskGroup() as tasks:
                helpers = (tasks.create_task(writer.run()), tasks.create_task(self._watch(connection)))
                code = await self._read(websocket, connection)
                for helper in helpers:
                    helper.cancel()
        finally:
            connection.lost(code, self._now())

    async def _read(self, websocket: WebSocket, connection: Connection) -> int:
        """Feed the connection until the socket is gone; return the close code."""
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return int(message.get("code") or _ABNORMAL_CLOSURE)
            text = message.get("text")
            connection.receive(message["bytes"] if text is None else text, self._now())

    async def _watch(self, connection: Connection) -> None:
        while (left := connection.deadline - self._now()) > 0:  # noqa: ASYNC110 -- every heartbeat moves it
            await asyncio.sleep(left)
        connection.time_out()


class _Writer:
    """Sends a connection's output in order, without ever letting those wait who emit it."""

    def __init__(self, websocket: WebSocket, capacity: int, *, compressed: bool) -> None:
        self._websocket = websocket
        self._queue: asyncio.Queue[Output] = asyncio.Queue(capacity)
        # One context for the whole connection; each message ends with a flush, so that it can be inflated by itself.
        self._deflater = zlib.compressobj() if compressed else None

    def put(self, output: Output) -> None:
        """Send something after all that was put before; a client that does not read is cut off."""
        try:
            self._queue.put_nowait(output)
        except asyncio.QueueFull:
            _logger.warning("A gateway client reads too slowly and is cut off")
            self._cut()

    async def run(self) -> None:
        """Send until the connection ends."""
        try:
            while await self._send(await self._queue.get()):
                pass
        except WebSocketDisconnect:
            pass  # The reader hears of it too, and ends the connection.

    async def _send(self, output: Output) -> bool:
        """Send one output; return whether more may follow."""
        match output:
            case Frame(payload=payload):
                await self._send_payload(payload)
                return True
            case Close(code=code, reason=reason):
                await self._websocket.close(code, reason)
            case Cut():
                self._cut()
        return False

    async def _send_payload(self, payload: bytes) -> None:
        if self._deflater is None:
            await self._websocket.send_text(payload.decode())
        else:
            flushed = self._deflater.compress(payload) + self._deflater.flush(zlib.Z_SYNC_FLUSH)
            await self._websocket.send_bytes(flushed)

    def _cut(self) -> None:
        self._websocket.state.abort()


def _version(text: str) -> int:
    return int(text) if text.isdecimal() else 0
