"""An HTTP server on a real socket that gives scripted answers in their order, and keeps the requests."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

Json: TypeAlias = Any


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        return orjson.loads(self.body)


Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


class ScriptedApi:
    def __init__(self) -> None:
        self._answers: deque[Answer] = deque()
        self.requests: list[Request] = []
        self.url = ""

    def answer(self, status: int, body: Json = None, **headers: str) -> None:
        """Answer the next request with JSON, or with bytes as they are; `_` stands for `-` in names of headers."""
        content = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(content)}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]

        async def write(writer: asyncio.StreamWriter) -> None:
            writer.write("\r\n".join([*lines, "", ""]).encode() + content)
            await writer.drain()

        self._answers.append(write)

    def cut_after(self, data: bytes = b"") -> None:
        """Break the connection of the next request off after some bytes of the answer."""

        async def write(writer: asyncio.StreamWriter) -> None:
            writer.write(data)
            await writer.drain()

        self._answers.append(write)

    def stay_silent(self) -> None:
        """Never answer the next request; the connection ends when the client gives up."""

        async def wait(writer: asyncio.StreamWriter) -> None:
            await writer.wait_closed()

        self._answers.append(wait)

    async def _serve_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.requests.append(await _read(reader))
            await self._answers.popleft()(writer)
        finally:
            writer.close()

    @classmethod
    @asynccontextmanager
    async def serve(cls) -> AsyncIterator["ScriptedApi"]:
        self = cls()
        server = await asyncio.start_server(self._serve_connection, "127.0.0.1", 0)
        async with server:
            self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield self
        assert not self._answers, "answers were left over"


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    method, target, _ = first.split(" ")
    return Request(method, target, headers, await reader.readexactly(int(headers.get("content-length", 0))))
