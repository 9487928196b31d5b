"""The line between a client and the server does what the cases need it to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.conformance.line import Line

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    """A line to a server that answers each line of text with the same."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while text := await reader.readline():
            writer.write(text)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, Line("127.0.0.1:{1}".format(*server.sockets[0].getsockname())) as line:
        yield line


@asynccontextmanager
async def connected(line: Line) -> AsyncIterator[Ends]:
    host, _, port = line.address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    yield reader, writer
    writer.transport.abort()


async def said(ends: Ends, text: bytes) -> bytes:
    """Returns what comes back; nothing if the line is cut."""
    reader, writer = ends
    writer.write(text)
    try:
        async with asyncio.timeout(5):
            return await reader.readline()
    except ConnectionResetError:
        return b""


async def test_a_line_carries_both_ways(line: Line) -> None:
    async with connected(line) as ends:
        assert await said(ends, b"one\n") == b"one\n"
        assert await said(ends, b"two\n") == b"two\n"


async def test_a_cut_breaks_what_is_connected_and_what_will_be_until_it_is_mended(line: Line) -> None:
    async with connected(line) as ends:
        assert await said(ends, b"one\n") == b"one\n"
        line.cut()
        assert await said(ends, b"two\n") == b""
    async with connected(line) as ends:
        assert await said(ends, b"three\n") == b""
    line.mend()
    async with connected(line) as ends:
        assert await said(ends, b"four\n") == b"four\n"


async def test_a_line_that_loses_answers_breaks_when_it_is_mended(line: Line) -> None:
    async with connected(line) as ends:
        assert await said(ends, b"one\n") == b"one\n"
        line.lose_answers()
        lost = asyncio.create_task(said(ends, b"two\n"))
        done, _ = await asyncio.wait((lost,), timeout=0.05)
        assert not done
        line.mend()
        assert await lost == b""
    async with connected(line) as ends:
        assert await said(ends, b"three\n") == b"three\n"
