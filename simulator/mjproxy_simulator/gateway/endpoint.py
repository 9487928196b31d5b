"""The WebSocket that carries a gateway connection.

Three things happen at the same time: frames of the client are read, what the connection emits is written, and the
heartbeats are watched. The first to end is the end of the connection.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from mjproxy_simulator.faults import SplitFrames
from mjproxy_simulator.gateway.codes import CloseCode
from mjproxy_simulator.gateway.connection import Connection
from mjproxy_simulator.gateway.lobby import Lobby
from mjproxy_simulator.gateway.ready import Greeter, member_chunk
from mjproxy_simulator.gateway.session import Close
from mjproxy_simulator.gateway.writer import Writer

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
        streaming = query.get("compress") == "zlib-stream"
        writer = Writer(
            websocket, self._lobby.limits.outbound_frames, lambda: self._piece_bytes(connection), streaming=streaming
        )
        connection = Connection(self._lobby, self._greeter.greeting, member_chunk, writer.put, self._now())
        if query.get("encoding", "json") != "json" or query.get("compress") not in {None, "", "zlib-stream"}:
            writer.put(Close(CloseCode.DECODE_ERROR, "Only JSON, plain or as a zlib-stream, is simulated."))
        else:
            connection.open(_version(query.get("v", "9")))
        await self._converse(websocket, connection, writer)

    def _piece_bytes(self, connection: Connection) -> int | None:
        fault = self._lobby.faults.take(SplitFrames, connection.user_id)
        return None if fault is None else fault.piece_bytes

    async def _converse(self, websocket: WebSocket, connection: Connection, writer: Writer) -> None:
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


def _version(text: str) -> int:
    return int(text) if text.isdecimal() else 0
