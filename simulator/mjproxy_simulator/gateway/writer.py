"""What carries a connection's output to the socket: in order, encoded, and as late as a fault wants it."""

import asyncio
import logging
import zlib
from collections.abc import Callable, Iterator
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from mjproxy_simulator.gateway.session import Close, CompressFrames, Cut, Frame, Late, Output, Place

_logger = logging.getLogger(__name__)

_LOST: Final = (WebSocketDisconnect, RuntimeError)
"""What sending raises when the client has gone: the second by the server's own state machine."""

Split = Callable[[], int | None]


class Writer:
    """Sends a connection's output in order, without ever letting those wait who emit it.

    Args:
        websocket: Where to.
        capacity: How many frames may wait for a client that reads slowly.
        split: Gives the size of the pieces in which the next zlib-stream message is sent; None for one piece.
        streaming: Whether the connection is one zlib-stream.
    """

    def __init__(self, websocket: WebSocket, capacity: int, split: Split, *, streaming: bool) -> None:
        self._websocket = websocket
        self._split = split
        self._queue: asyncio.Queue[tuple[float, Output]] = asyncio.Queue(capacity)
        self._held: dict[Late, asyncio.TimerHandle] = {}
        # One context for the whole connection; each message ends with a flush, so that it can be inflated by itself.
        self._deflater = zlib.compressobj() if streaming else None
        self._compresses_frames = False

    def put(self, output: Output) -> None:
        """Send something after all that was put before; a client that does not read is cut off."""
        now = asyncio.get_running_loop().time()
        match output:
            case Late(place=Place.IN_LINE, frame=frame, seconds=seconds):
                self._enqueue(now + seconds, frame)
            case Late():
                self._hold(output)
            case _:
                self._enqueue(now, output)
                self._release_overtaken()

    async def run(self) -> None:
        """Send until the connection ends."""
        try:
            while await self._send(*await self._queue.get()):
                pass
        except _LOST:
            pass  # The reader hears of it too, and ends the connection.
        finally:
            for timer in self._held.values():
                timer.cancel()

    def _enqueue(self, due: float, output: Output) -> None:
        try:
            self._queue.put_nowait((due, output))
        except asyncio.QueueFull:
            _logger.warning("A gateway client reads too slowly and is cut off")
            self._cut()

    def _hold(self, late: Late) -> None:
        self._held[late] = asyncio.get_running_loop().call_later(late.seconds, self._release, late)

    def _release(self, late: Late) -> None:
        self._held.pop(late).cancel()
        self._enqueue(0.0, late.frame)

    def _release_overtaken(self) -> None:
        for late in [late for late in self._held if late.place is Place.BEHIND_NEXT]:
            self._release(late)

    async def _send(self, due: float, output: Output) -> bool:
        """Send one output when it is due; return whether more may follow."""
        if (early := due - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(early)
        match output:
            case Frame(payload=payload):
                await self._send_payload(payload)
            case CompressFrames():
                self._compresses_frames = True
            case Close(code=code, reason=reason):
                await self._websocket.close(code, reason)
                return False
            case Cut():
                self._cut()
                return False
        return True

    async def _send_payload(self, payload: bytes) -> None:
        if self._deflater is not None:
            for piece in self._pieces(self._deflater.compress(payload) + self._deflater.flush(zlib.Z_SYNC_FLUSH)):
                await self._websocket.send_bytes(piece)
        elif self._compresses_frames:
            await self._websocket.send_bytes(zlib.compress(payload))
        else:
            await self._websocket.send_text(payload.decode())

    def _pieces(self, message: bytes) -> Iterator[bytes]:
        size = self._split() or len(message)
        for start in range(0, len(message), size):
            yield message[start : start + size]

    def _cut(self) -> None:
        self._websocket.state.abort()
