import asyncio

import httpx
import pytest

from mjproxy_server.discord.errors import DiscordUnavailable
from mjproxy_server.discord.rest.http import open_http, request

MUCH = b"x" * 3_000_000
LITTLE = 4096


async def test_what_was_given_up_is_not_sent_on_by_the_system() -> None:
    """The network takes a part of it only; it goes on to take when nobody waits for an answer any more."""
    given_up, received = asyncio.Event(), asyncio.Queue[int | None]()

    async def take_late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await given_up.wait()
        try:
            received.put_nowait(len(await reader.read(-1)))
        except ConnectionResetError:
            received.put_nowait(None)
        writer.close()

    server = await asyncio.start_server(take_late, "127.0.0.1", 0, limit=LITTLE)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, open_http(user_agent="UA", proxy=None, timeout=httpx.Timeout(0.2)) as http:
        with pytest.raises(DiscordUnavailable) as failure:
            await request(http, "POST", url, headers={}, content=MUCH)
        assert failure.value.sent
        given_up.set()
        async with asyncio.timeout(5):
            assert await received.get() is None, "the rest of it was dropped, and the server knows"
