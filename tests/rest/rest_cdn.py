"""A CDN on a real socket: pictures behind links like Discord's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self


@dataclass
class Cdn:
    """Serves `pictures` by path, whatever the query; and parts of them.

    Attributes:
        pictures: Status, content type and bytes by path.
        asked: The request lines that came.
    """

    pictures: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    port: int = 0

    @classmethod
    @asynccontextmanager
    async def serve(cls) -> AsyncIterator[Self]:
        cdn = cls()
        server = await asyncio.start_server(cdn._answer, "127.0.0.1", 0)
        cdn.port = server.sockets[0].getsockname()[1]
        async with server:
            yield cdn

    def put(self, path: str, content: bytes, kind: str = "image/png", status: int = 200) -> str:
        """Makes a picture, and returns a link to it that holds."""
        self.pictures[path] = status, kind, content
        return self.link(path)

    def link(self, path: str, expiry: int = 0xFFFFFFFF) -> str:
        return f"http://127.0.0.1:{self.port}{path}?ex={expiry:x}&is=0&hm=0&"

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line, *lines = head.split("\r\n")
        self.asked.append(line)
        method, target, _ = line.split()
        status, kind, content = self.pictures.get(target.partition("?")[0], (404, "text/plain", b"gone"))
        extra = ""
        for name, _, value in (header.partition(": ") for header in lines):
            if name.lower() == "range" and status == 200:
                first, last = (int(number) for number in value.removeprefix("bytes=").split("-"))
                extra = f"Content-Range: bytes {first}-{last}/{len(content)}\r\n"
                status, content = 206, content[first : last + 1]
        location = f"Location: {content.decode()}\r\n" if status == 302 else ""
        writer.write(
            f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n"
            f"Last-Modified: Fri, 01 Aug 2025 00:00:00 GMT\r\n{extra}{location}Connection: close\r\n\r\n".encode()
        )
        writer.write(b"" if method == "HEAD" else content)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
