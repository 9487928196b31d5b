"""A hook on a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True)
class Posted:
    """A request that came: its path with the query, its headers with names in lower case, and its body."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Hook:
    """Takes what is posted, and answers once it is open; the answer is settled when the request comes.

    Attributes:
        posted: What came.
        changed: Notified when something came.
        open: Cleared, it keeps the answers back.
        busy: How many wait for their answer.
        busiest: How many did at once, at most.
        left: How many were not waited for until their answer.
    """

    status: int = 200
    headers: str = ""
    endless: bool = False
    posted: list[Posted] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    busy: int = 0
    busiest: int = 0
    left: int = 0
    port: int = 0

    @classmethod
    @asynccontextmanager
    async def serve(cls, host: str = "127.0.0.1") -> AsyncIterator[Self]:
        hook = cls()
        hook.open.set()
        server = await asyncio.start_server(hook._answer, host, 0)
        hook.port = server.sockets[0].getsockname()[1]
        try:
            yield hook
        finally:
            hook.open.set()
            server.close()
            await server.wait_closed()

    def url(self, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}/hook?token=s3cret"

    async def came(self, count: int = 1, seconds: float = 20) -> None:
        """Waits until so many came in all."""
        async with self.changed, asyncio.timeout(seconds):
            await self.changed.wait_for(lambda: len(self.posted) >= count)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            posted = await self._read(reader)
            length = "" if self.endless else "Content-Length: 0\r\n"
            answer = f"HTTP/1.1 {self.status} X\r\n{length}{self.headers}\r\n".encode()
            async with self.changed:
                self.posted.append(posted)
                self.changed.notify_all()
            await self._wait(reader)
            writer.write(answer)
            while self.endless:
                writer.write(b"x" * 65536)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _wait(self, reader: asyncio.StreamReader) -> None:
        """Waits until it is open, or the connection is closed at the other end."""
        self.busy += 1
        self.busiest = max(self.busy, self.busiest)
        closed, opened = asyncio.create_task(reader.read()), asyncio.create_task(self.open.wait())
        await asyncio.wait([closed, opened], return_when=asyncio.FIRST_COMPLETED)
        self.busy -= 1
        self.left += not self.open.is_set()
        for waiting in (closed, opened):
            waiting.cancel()
        await asyncio.gather(closed, opened, return_exceptions=True)

    async def _read(self, reader: asyncio.StreamReader) -> Posted:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Posted(line.split()[1], headers, body)
