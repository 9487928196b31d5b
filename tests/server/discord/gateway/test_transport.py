import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mjproxy_server.discord.browser import Browser
from mjproxy_server.discord.gateway.endings import CannotConnect, ClosedByDiscord, ConnectionCut
from mjproxy_server.discord.gateway.frames import Op, heartbeat
from mjproxy_server.discord.gateway.transport import open_transport
from tests.server.discord.discord_api import ScriptedApi
from tests.server.discord.discord_gateway import HEARTBEAT, Peer, ScriptedGateway

BROWSER = Browser.from_user_agent("UA")


@asynccontextmanager
async def tunnel() -> AsyncIterator[tuple[str, list[str]]]:
    """Run an HTTP proxy that connects through, and give its URL and the targets that it was asked for."""
    targets: list[str] = []

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        targets.append((await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode())
        host, port = targets[-1].split(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(pipe(reader, far_writer), pipe(far_reader, writer))

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", targets


async def test_frames_and_commands_pass_both_ways(gateway: ScriptedGateway) -> None:
    async def script(peer: Peer) -> None:
        await peer.hello()
        assert await peer.expect(HEARTBEAT) == 7
        assert await peer.until_closed() == 4000

    gateway.play(script)
    async with open_transport(gateway.url, browser=BROWSER, proxy=None) as transport:
        assert (await transport.receive()).op == Op.HELLO
        await transport.send(heartbeat(7))
    await gateway.played()


async def test_connection_goes_through_the_proxy(gateway: ScriptedGateway) -> None:
    gateway.play(Peer.hello)
    async with tunnel() as (proxy, targets), open_transport(gateway.url, browser=BROWSER, proxy=proxy) as transport:
        assert (await transport.receive()).op == Op.HELLO
    assert targets == [gateway.url.removeprefix("ws://")]


async def test_ending_tells_the_close_code(gateway: ScriptedGateway) -> None:
    gateway.play(lambda peer: peer.close(4009))
    async with open_transport(gateway.url, browser=BROWSER, proxy=None) as transport:
        with pytest.raises(ClosedByDiscord) as ending:
            await transport.receive()
        assert ending.value.code == 4009
        with pytest.raises(ClosedByDiscord):
            await transport.send(heartbeat(None))


async def test_ending_is_a_cut_when_there_is_no_close_frame(gateway: ScriptedGateway) -> None:
    async def cut(peer: Peer) -> None:
        peer.cut()

    gateway.play(cut)
    async with open_transport(gateway.url, browser=BROWSER, proxy=None) as transport:
        with pytest.raises(ConnectionCut):
            await transport.receive()


@pytest.mark.parametrize("url", ["ws://127.0.0.1:1", "http://no.websocket", "nonsense"])
async def test_error_when_there_is_no_gateway(url: str) -> None:
    with pytest.raises(CannotConnect):
        async with open_transport(url, browser=BROWSER, proxy=None):
            pass


async def test_error_when_the_handshake_is_refused(api: ScriptedApi) -> None:
    api.answer(403)
    with pytest.raises(CannotConnect, match="403"):
        async with open_transport(api.url.replace("http", "ws"), browser=BROWSER, proxy=None):
            pass


async def test_error_hides_the_password_of_a_proxy_that_is_wrong(gateway: ScriptedGateway) -> None:
    with pytest.raises(CannotConnect) as error:
        async with open_transport(gateway.url, browser=BROWSER, proxy="gopher://me:hunter2@127.0.0.1"):
            pass
    assert "hunter2" not in str(error.value)
