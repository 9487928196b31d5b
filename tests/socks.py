"""SOCKS proxies that do not do what they are for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def socks_proxy(*, breaks_off: bool) -> AsyncIterator[str]:
    """A proxy that hears the greeting, and then says nothing or hangs up; yields its address."""
    end = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(3)
        if not breaks_off:
            await end.wait()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        end.set()
