"""A running simulator as its tests see it: its address, its control API and its users."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Protocol, Self

import httpx

from mjproxy_simulator.part import Settings, running, serve
from mjproxy_simulator.settings import SimulatorSection
from tests.simulator.discord_user import DiscordUser

Json = dict[str, Any]

ACCOUNTS_OF_A_TEST = 3


def settings_for(folder: Path, section: Mapping[str, object], *, speed: object) -> Settings:
    """Return settings for a free port; unless the section sets limits, there is nothing to wait for."""
    given = {"limits": {"identify_window": 0.0, "bot_latency": 0.0, "interaction_deadline": 0.3}} | dict(section)
    return Settings.model_validate(
        {
            "data": folder,
            "simulator_listen": "127.0.0.1:0",
            "speed": speed,
            "simulator": SimulatorSection.model_validate(given),
        }
    )


def client(url: str) -> httpx.AsyncClient:
    """Return a client of a simulator that runs."""
    return httpx.AsyncClient(base_url=url, trust_env=False, timeout=10)


class World:
    """Some accounts of a simulator, and what the simulator tells about them."""

    def __init__(self, http: httpx.AsyncClient, accounts: list[Json], close: AsyncExitStack) -> None:
        self.http = http
        self._accounts = accounts
        self._close = close

    @classmethod
    @asynccontextmanager
    async def playing(cls, folder: Path, section: Mapping[str, object], *, speed: object) -> AsyncIterator[Self]:
        """Run a simulator on a data folder; all its accounts are in this world."""
        async with AsyncExitStack() as stack:
            url = await stack.enter_async_context(running(settings_for(folder, section, speed=speed)))
            http = await stack.enter_async_context(client(url))
            yield cls(http, (await http.get("/control/accounts")).json(), stack)

    @classmethod
    @asynccontextmanager
    async def visiting(cls, url: str) -> AsyncIterator[Self]:
        """Use a simulator that runs elsewhere."""
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(client(url))
            yield cls(http, (await http.get("/control/accounts")).json(), stack)

    @property
    def url(self) -> str:
        """The simulator's address."""
        return str(self.http.base_url).removesuffix("/")

    async def close(self) -> None:
        """Stop the simulator, if it is this world's own; it can be started again on the same folder."""
        await self._close.aclose()

    async def user(self, number: int) -> DiscordUser:
        """Return the user of an account."""
        return DiscordUser(self.http, self._accounts[number])

    async def fault(self, name: str, **settings: object) -> httpx.Response:
        """Post a fault."""
        response = await self.http.post("/control/faults", json={"name": name, **settings})
        response.raise_for_status()
        return response

    async def change(self, account: str, **changes: object) -> Json:
        """Change an account."""
        response = await self.http.patch(f"/control/accounts/{account}", json=changes)
        response.raise_for_status()
        changed: Json = response.json()
        return changed

    async def ledger(self) -> list[Json]:
        """Return the ledger's entries about this world's accounts."""
        return await self._about_us("/control/ledger", "user_id")

    async def jobs(self) -> list[Json]:
        """Return the jobs in this world's channels."""
        return await self._about_us("/control/jobs", "channel_id", "private_channel_id")

    async def _about_us(self, path: str, *keys: str) -> list[Json]:
        ours = {account[key] for account in self._accounts for key in keys}
        return [each for each in (await self.http.get(path)).json() if each[keys[0]] in ours]


class Neighbourhood:
    """A simulator in a thread of its own."""

    def __init__(self, url: str) -> None:
        self._url = url

    @classmethod
    @contextmanager
    def settled(cls, folder: Path) -> Iterator[Self]:
        """Run the simulator."""
        settings = settings_for(folder, {"accounts": 1}, speed=200.0)
        ready: Future[str] = Future()
        stop: Future[Callable[[], object]] = Future()

        async def live() -> None:
            serving = asyncio.ensure_future(serve(settings, ready.set_result))
            loop = asyncio.get_running_loop()
            stop.set_result(lambda: loop.call_soon_threadsafe(serving.cancel))
            await asyncio.wait([serving])

        thread = threading.Thread(target=asyncio.run, args=(live(),))
        thread.start()
        try:
            yield cls(ready.result(timeout=10).removeprefix("simulator="))
        finally:
            stop.result(timeout=10)()
            thread.join()

    @asynccontextmanager
    async def move_in(self) -> AsyncIterator[World]:
        """Give a test accounts that no other has."""
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(client(self._url))
            made = await http.post("/control/accounts", json={"count": ACCOUNTS_OF_A_TEST})
            world = World(http, made.json(), stack)
            yield world
            await world.http.delete("/control/faults")


class Play(Protocol):
    """Starts a simulator."""

    async def __call__(self, **section: object) -> World:
        """Start one with the given settings."""
