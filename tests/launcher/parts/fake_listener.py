"""A part's socket: answers every connection with one HTTP response, which holds the given JSON."""

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import suppress

from tests.launcher.parts.fake_settings import write_diary


async def listen(part: str, address: str, answer: Callable[[], object], ready: Callable[[str], None]) -> None:
    """Serves until cancelled. `FAKE_STUBBORN` names a part that does not close."""
    host, _, port = address.rpartition(":")
    bare = host.strip("[]")
    server = await asyncio.start_server(lambda reader, writer: _respond(reader, writer, answer), bare, int(port))
    async with server:
        bound = f"{host}:{server.sockets[0].getsockname()[1]}"
        write_diary(f"{part} answers")
        ready(f"grpc={bound}" if part == "server" else f"{part}=http://{bound}")
        try:
            await asyncio.Event().wait()
        finally:
            write_diary(f"{part} closes")
            while os.environ.get("FAKE_STUBBORN") == part:
                await asyncio.shield(asyncio.Event().wait())


async def _respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Callable[[], object]) -> None:
    with suppress(asyncio.IncompleteReadError):  # A caller that only looks whether somebody listens.
        await reader.readuntil(b"\r\n\r\n")
    body = json.dumps(answer()).encode()
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()
    writer.close()
