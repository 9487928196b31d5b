import asyncio

import httpx
import pytest

from mjproxy_server.discord.errors import DiscordUnavailable
from mjproxy_server.discord.rest.http import open_http, request
from tests.socks import socks_proxy

MUCH = b"x" * 3_000_000
LITTLE = 4096


async def test_what_was_given_up_is_not_sent_on_by_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network takes a part of it only; it goes on to take when nobody waits for an answer any more."""
    monkeypatch.setattr("mjproxy_server.discord.rest.http._SLOWEST_BYTES_PER_SECOND", 1e9)
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


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
@pytest.mark.parametrize(
    ("breaks_off", "why"),
    [(True, "ProxyError the SOCKS proxy broke off"), (False, "ConnectTimeout the SOCKS proxy does not answer")],
)
async def test_by_a_proxy_that_does_not_answer_nothing_was_sent(scheme: str, breaks_off: bool, why: str) -> None:
    limits = httpx.Timeout(60, connect=0.2)
    async with (
        asyncio.timeout(10),
        socks_proxy(breaks_off=breaks_off) as address,
        open_http(user_agent="UA", proxy=f"{scheme}://{address}", timeout=limits) as http,
    ):
        with pytest.raises(DiscordUnavailable, match=why) as failure:
            await request(http, "POST", "https://discord.com/api/v9/interactions", headers={})
        assert not failure.value.sent


async def test_a_large_file_may_take_its_time_as_long_as_the_network_takes_of_it() -> None:
    """The limit is one for a silence, and the library holds it against a body as a whole."""
    taken = 0

    async def take_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        await reader.readuntil(b"\r\n\r\n")
        while taken < len(MUCH) * 7:
            taken += len(await reader.read(LITTLE * 64))
            await asyncio.sleep(0.01)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(take_slowly, "127.0.0.1", 0, limit=LITTLE)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, open_http(user_agent="UA", proxy=None, timeout=httpx.Timeout(0.2)) as http:
        answer = await request(http, "PUT", url, headers={}, content=MUCH * 7)
    assert answer.status_code == 200
    assert taken == len(MUCH) * 7
