"""A gateway on a real socket that plays one script for each connection, and fails the test if one was not played."""

import asyncio
import zlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

import orjson
from websockets.asyncio.server import ServerConnection, serve

from tests.server.discord.discord_clock import PATIENCE

HELLO, IDENTIFY, RESUME, HEARTBEAT = 10, 2, 6, 1
Json: TypeAlias = Any


class Peer:
    """The server's end of one connection."""

    def __init__(self, websocket: ServerConnection) -> None:
        assert websocket.request is not None
        self._websocket = websocket
        self._deflate = zlib.compressobj()
        self.headers = websocket.request.headers
        self.query = {key: values[0] for key, values in parse_qs(urlsplit(websocket.request.path).query).items()}

    def compressed(self, frame: dict[str, Json]) -> bytes:
        return self._deflate.compress(orjson.dumps(frame)) + self._deflate.flush(zlib.Z_SYNC_FLUSH)

    async def send(self, **frame: Json) -> None:
        await self.send_raw(self.compressed(frame))

    async def send_raw(self, data: bytes | str) -> None:
        await self._websocket.send(data)

    async def hello(self, interval: float = 41_250) -> None:
        await self.send(op=HELLO, d={"heartbeat_interval": interval})

    async def dispatch(self, sequence: int, name: str, data: Json = None) -> None:
        await self.send(op=0, t=name, s=sequence, d={} if data is None else data)

    async def expect(self, op: int) -> Json:
        frame = orjson.loads(await self._websocket.recv())
        assert frame["op"] == op, frame
        return frame["d"]

    async def ready(self, session: str = "s1", *, sequence: int = 0, resume_url: str | None = None) -> Json:
        """Take an IDENTIFY and begin a session."""
        identify = await self.expect(IDENTIFY)
        data = {"session_id": session} | ({"resume_gateway_url": resume_url} if resume_url else {})
        await self.dispatch(sequence, "READY", data)
        return identify

    async def resumed(self, *missed: tuple[int, str]) -> Json:
        """Take a RESUME and replay."""
        resume = await self.expect(RESUME)
        for sequence, name in missed:
            await self.dispatch(sequence, name)
        await self.dispatch(max((sequence for sequence, _ in missed), default=resume["seq"]), "RESUMED")
        return resume

    async def close(self, code: int) -> None:
        await self._websocket.close(code)

    def cut(self) -> None:
        self._websocket.transport.abort()

    async def until_closed(self) -> int | None:
        """Return the code with which the client closed."""
        await self._websocket.wait_closed()
        return self._websocket.close_code


Script = Callable[[Peer], Awaitable[object]]


class ScriptedGateway:
    def __init__(self) -> None:
        self._scripts: deque[Script] = deque()
        self._failures: list[BaseException] = []
        self._idle = asyncio.Event()
        self.url = ""

    def play(self, *scripts: Script) -> None:
        """Add scripts, each for one connection to come."""
        self._scripts.extend(scripts)
        self._idle.clear()

    async def played(self) -> None:
        """Return when every script has been played to its end."""
        async with asyncio.timeout(PATIENCE):
            await self._idle.wait()

    async def _serve_connection(self, websocket: ServerConnection) -> None:
        try:
            await self._scripts.popleft()(Peer(websocket))
        except BaseException as failure:
            self._failures.append(failure)
            raise
        finally:
            if not self._scripts:
                self._idle.set()

    @classmethod
    @asynccontextmanager
    async def serve(cls, port: int = 0) -> AsyncIterator["ScriptedGateway"]:
        self = cls()
        async with serve(self._serve_connection, "127.0.0.1", port, compression=None, ping_interval=None) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            self.url = f"ws://127.0.0.1:{port}"
            yield self
        assert not self._failures, self._failures
        assert not self._scripts, "scripts were left over"
