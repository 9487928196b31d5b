"""Discord at its worst, for many accounts at once: whatever it does, they keep the limits that it sets.

The clocks run many times as fast as the machine's, so that minutes pass in seconds.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import pairwise

import orjson
import pytest
from pydantic import SecretStr
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.discord.errors import DiscordError, InvalidRequestBudgetSpent
from mjproxy_server.discord.gateway.client import GatewayClient
from mjproxy_server.discord.gateway.identify_gate import IDENTIFY_INTERVAL, IdentifyGate
from mjproxy_server.discord.gateway.types import Dispatch, GatewayStatus
from mjproxy_server.discord.rest.budget import INVALID_REQUEST_LIMIT, InvalidRequestBudget
from mjproxy_server.discord.rest.client import DiscordRest
from mjproxy_server.discord.snowflake import NonceSource
from mjproxy_server.discord.timing import Clock
from tests.server.discord.discord_gateway import HELLO, IDENTIFY, RESUME

USER_AGENT = "Mozilla/5.0 (Windows NT 10.0) Chrome/136.0.0.0 Safari/537.36"
RECONNECT, INVALID_SESSION = 7, 9
ACCOUNTS = 20


class RunningClock:
    """The machine's clock, some times as fast."""

    def __init__(self, factor: float) -> None:
        self._factor = factor

    def monotonic(self) -> float:
        return time.monotonic() * self._factor

    def time(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds / self._factor))


class SleepersClock:
    """Goes on by what is slept, and not by how long the machine takes for the rest; a sleep is some times as short."""

    def __init__(self, factor: float) -> None:
        self._factor = factor
        self._now = 0.0

    def monotonic(self) -> float:
        return self._now

    def time(self) -> float:
        return 1_780_000_000.0 + self._now

    async def sleep(self, seconds: float) -> None:
        end = self._now + max(0.0, seconds)
        await asyncio.sleep(max(0.0, seconds / self._factor))
        self._now = max(self._now, end)


class NotingClock(RunningClock):
    """Remembers what it told last."""

    told = 0.0

    def monotonic(self) -> float:
        self.told = super().monotonic()
        return self.told


class WatchedGate(IdentifyGate):
    """Notes when it lets somebody through, by its own reading: one taken afterwards is late on a busy machine."""

    def __init__(self, clock: NotingClock) -> None:
        super().__init__(clock)
        self.opened: list[float] = []
        self._watch = clock

    async def turn(self) -> None:
        await super().turn()
        self.opened.append(self._watch.told)


class StormyGateway:
    """Lets hardly any session live: it invalidates, asks to reconnect, closes with any code, or cuts the line."""

    def __init__(self) -> None:
        self._rng = random.Random(1)
        self.identified: Counter[str] = Counter()
        self.resumed: Counter[str] = Counter()
        self.url = ""
        self._more = asyncio.Event()

    async def has_identified(self, tokens: Iterable[str], times: int) -> None:
        """Returns when each token has identified so many times."""
        while min(self.identified[token] for token in tokens) < times:
            self._more.clear()
            await self._more.wait()

    @classmethod
    @asynccontextmanager
    async def serve(cls) -> AsyncIterator[StormyGateway]:
        self = cls()
        async with serve(self._connected, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
            self.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            yield self

    async def _connected(self, websocket: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            await websocket.send(orjson.dumps({"op": HELLO, "d": {"heartbeat_interval": 41_250}}).decode())
            while (frame := orjson.loads(await websocket.recv()))["op"] not in {IDENTIFY, RESUME}:
                pass
            told = self.identified if frame["op"] == IDENTIFY else self.resumed
            told[frame["d"]["token"]] += 1
            self._more.set()
            if self._rng.random() < 0.5:
                begun = {"op": 0, "t": "READY" if frame["op"] == IDENTIFY else "RESUMED", "s": 1}
                await websocket.send(orjson.dumps(begun | {"d": {"session_id": "s"}}).decode())
            await self._end(websocket)

    async def _end(self, websocket: ServerConnection) -> None:
        match self._rng.choice(["invalid", "resumable", "reconnect", "close", "cut"]):
            case "invalid":
                await websocket.send(orjson.dumps({"op": INVALID_SESSION, "d": False}).decode())
            case "resumable":
                await websocket.send(orjson.dumps({"op": INVALID_SESSION, "d": True}).decode())
            case "reconnect":
                await websocket.send(orjson.dumps({"op": RECONNECT, "d": None}).decode())
            case "close":
                await websocket.close(self._rng.choice([1000, 1001, 4000, 4003, 4006, 4007, 4008, 4009]))
            case "cut":
                websocket.transport.abort()
        await websocket.wait_closed()


async def ignore(_: Sequence[Dispatch]) -> None:
    """Takes dispatches that matter to nobody."""


def client(token: str, url: str, gate: IdentifyGate, clock: Clock) -> GatewayClient:
    def on_status(_: GatewayStatus) -> None:
        pass

    return GatewayClient(
        token=SecretStr(token),
        user_agent=USER_AGENT,
        endpoints=Endpoints(gateway=url, resume_gateway=url),
        identify_gate=gate,
        clock=clock,
        rng=random.Random(token),
        on_dispatches=ignore,
        on_status=on_status,
    )


async def test_no_token_identifies_more_than_once_in_five_seconds_however_its_sessions_end() -> None:
    clock = RunningClock(60)
    gates = {f"token {number}": WatchedGate(NotingClock(60)) for number in range(ACCOUNTS)}
    async with StormyGateway.serve() as gateway:
        running = [asyncio.create_task(client(token, gateway.url, gate, clock).run()) for token, gate in gates.items()]
        await gateway.has_identified(gates, 4)
        for task in running:
            task.cancel()
        await asyncio.wait(running)
    assert IDENTIFY_INTERVAL > 5, "what leaves five seconds apart may arrive a little less apart"
    for token, gate in gates.items():
        assert gateway.identified[token] <= len(gate.opened), "one passed by the gate"
        assert all(later - earlier >= IDENTIFY_INTERVAL for earlier, later in pairwise(gate.opened))
    assert gateway.resumed.total(), "what can be resumed does not identify"


class StormyApi:
    """Answers everything with refusals, a mixture of those that Discord counts and those that it does not."""

    def __init__(self, statuses: Sequence[int]) -> None:
        self._rng = random.Random(1)
        self._statuses = statuses
        self.invalid = 0
        self.url = ""

    @classmethod
    @asynccontextmanager
    async def serve(cls, statuses: Sequence[int]) -> AsyncIterator[StormyApi]:
        self = cls(statuses)
        async with await asyncio.start_server(self._connected, "127.0.0.1", 0) as server:
            self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield self

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer())
                await writer.drain()
        writer.close()

    def _answer(self) -> bytes:
        status = self._rng.choice(self._statuses)
        if status in {401, 403, 429}:
            self.invalid += 1
        body = orjson.dumps({"message": "no", "code": 0, "retry_after": 0.2})
        return f"HTTP/1.1 {status} No\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize("statuses", [[403], [429], [401, 403, 404, 429, 500, 503]])
async def test_invalid_requests_stay_far_below_what_discord_blocks_an_address_for(statuses: list[int]) -> None:
    """Everybody asks as often as they are let, which the engine does not even do, until all are held back."""
    clock, budget = SleepersClock(20), InvalidRequestBudget()
    async with StormyApi.serve(statuses) as api:

        async def storm(number: int) -> None:
            rest = DiscordRest(
                token=SecretStr(f"token {number}"),
                user_agent=USER_AGENT,
                endpoints=Endpoints(server=api.url),
                budget=budget,
                nonces=NonceSource(clock, random.Random(number)),
                clock=clock,
                rng=random.Random(number),
            )
            held_back = 0
            while held_back < 5:
                try:
                    await rest.application_commands("1")
                except InvalidRequestBudgetSpent:
                    held_back += 1
                except DiscordError:
                    pass
                await clock.sleep(1)
            await rest.close()

        await asyncio.gather(*(storm(number) for number in range(ACCOUNTS)))
    assert INVALID_REQUEST_LIMIT <= api.invalid <= INVALID_REQUEST_LIMIT + ACCOUNTS, "those under way may come on top"
