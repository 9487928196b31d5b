"""A line between a client and the server, which a case can slow or cut, and on which answers can get lost."""

import asyncio
import ssl
from contextlib import suppress
from typing import Self

_CHUNK = 65536


class Line:
    """A TCP port that leads to another one, until it is cut.

    Attributes:
        address: The "host:port" that clients connect to.
    """

    def __init__(self, target: str) -> None:
        self.address = ""
        self._host, _, port = target.rpartition(":")
        self._port = int(port)
        self._calls: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._cut = False
        self._loses_answers = False
        self._delay = 0.0

    async def __aenter__(self) -> Self:
        await self._listen(None)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        await asyncio.gather(*self._calls, return_exceptions=True)

    async def encrypt(self, context: ssl.SSLContext) -> None:
        """Moves to another port, which encrypts up to the end of the line; the server itself hears plain text."""
        self._server.close()
        await self._listen(context)

    def delay(self, seconds: float) -> None:
        """Lets each new connection wait for so long before anything is carried, as one to a far server does."""
        self._delay = seconds

    def cut(self) -> None:
        """Breaks every connection, and each new one until it is mended."""
        self._cut = True
        for writer in self._calls.values():
            writer.transport.abort()

    def lose_answers(self) -> None:
        """Lets requests through to the server, and nothing back, until it is mended."""
        self._loses_answers = True

    def mend(self) -> None:
        """Makes the line good for new connections; those that lost answers are of no use any more and break."""
        if self._loses_answers:
            self.cut()
        self._cut = self._loses_answers = False

    async def _listen(self, context: ssl.SSLContext | None) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=context)
        self.address = "127.0.0.1:{1}".format(*self._server.sockets[0].getsockname())

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._calls[task] = writer
        try:
            await self._connect(reader, writer)
        finally:
            del self._calls[task]
            writer.transport.abort()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut:
            return
        await asyncio.sleep(self._delay)
        server_reader, server_writer = await asyncio.open_connection(self._host, self._port)
        try:
            async with asyncio.TaskGroup() as ways:
                there = ways.create_task(self._carry(reader, server_writer, answers=False))
                back = ways.create_task(self._carry(server_reader, writer, answers=True))
                await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
                there.cancel()
                back.cancel()
        finally:
            server_writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        """Carries bytes one way, until either end breaks the connection."""
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                if not (answers and self._loses_answers):
                    writer.write(chunk)
                    await writer.drain()
