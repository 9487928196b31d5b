"""Outages of the gateway, from a second to an hour: few tries, and the session goes on when the network is back."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator, Sequence

import pytest
from pydantic import SecretStr

from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.discord.gateway.client import LONGEST_PAUSE, GatewayClient
from mjproxy_server.discord.gateway.identify_gate import IdentifyGate
from mjproxy_server.discord.gateway.types import Dispatch, GatewayPhase, GatewayStatus, ResumePoint
from tests.server.discord.discord_clock import Record, VirtualClock
from tests.server.discord.discord_gateway import Peer, ScriptedGateway

USER_AGENT = "Mozilla/5.0 (Windows NT 10.0) Chrome/136.0.0.0 Safari/537.36"


class Connecting:
    """A client that runs, and what it told."""

    def __init__(self, url: str, token: SecretStr, clock: VirtualClock, resume: ResumePoint | None) -> None:
        self.statuses: Record[GatewayStatus] = Record()
        self.client = GatewayClient(
            token=token,
            user_agent=USER_AGENT,
            endpoints=Endpoints(gateway=url, resume_gateway=url),
            identify_gate=IdentifyGate(clock),
            clock=clock,
            rng=random.Random(1),
            on_dispatches=Record[Sequence[Dispatch]]().take,
            on_status=self.statuses,
            resume=resume,
        )

    async def failed(self, attempt: int) -> GatewayStatus:
        return await self.statuses.until(lambda s: s.phase is GatewayPhase.DISCONNECTED and s.attempt == attempt)

    async def ready(self) -> GatewayStatus:
        return await self.statuses.until(lambda s: s.phase is GatewayPhase.READY)


@contextlib.asynccontextmanager
async def connecting(
    url: str, token: SecretStr, clock: VirtualClock, resume: ResumePoint | None = None
) -> AsyncIterator[Connecting]:
    made = Connecting(url, token, clock, resume)
    running = asyncio.create_task(made.client.run())
    try:
        yield made
    finally:
        running.cancel()
        await asyncio.wait({running})


@pytest.fixture
def port() -> int:
    """A port at which nobody listens yet."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("seconds", [1.0, 60.0, 3600.0])
async def test_a_session_goes_on_after_an_outage(
    port: int, token: SecretStr, clock: VirtualClock, seconds: float
) -> None:
    url = f"ws://127.0.0.1:{port}"
    begun_at, attempts = clock.monotonic(), 0
    async with connecting(url, token, clock, ResumePoint("s1", url, 5)) as client:
        while clock.monotonic() < begun_at + seconds:
            attempts += 1
            assert "cannot connect" in str((await client.failed(attempts)).last_error)
            await clock.skip()
        over_at = clock.monotonic()
        await client.failed(attempts + 1)
        async with ScriptedGateway.serve(port) as gateway:
            gateway.play(resume)
            await clock.skip()
            assert (await client.ready()).session_id == "s1"
            assert clock.monotonic() - over_at <= LONGEST_PAUSE
    assert attempts <= 8 + seconds / (LONGEST_PAUSE / 2)


async def resume(peer: Peer) -> None:
    await peer.hello()
    assert (await peer.resumed())["seq"] == 5
    await peer.until_closed()


async def test_a_name_that_does_not_resolve_is_told_and_tried_again(token: SecretStr, clock: VirtualClock) -> None:
    async with connecting("wss://gateway.invalid", token, clock) as client:
        for attempt in (1, 2):
            assert "cannot connect" in str((await client.failed(attempt)).last_error)
            await clock.skip()


@pytest.mark.parametrize(("answer", "told"), [(b"HTTP/1.1 400 Bad Request\r\n\r\n", "SSL"), (b"", "ConnectionReset")])
async def test_a_peer_that_speaks_no_tls_is_told_and_tried_again(
    token: SecretStr, clock: VirtualClock, answer: bytes, told: str
) -> None:
    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(respond, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with connecting(f"wss://127.0.0.1:{port}", token, clock) as client:
            for attempt in (1, 2):
                assert told in str((await client.failed(attempt)).last_error)
                await clock.skip()
