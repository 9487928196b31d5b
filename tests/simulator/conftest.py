"""Simulators on free ports, and users of them who are plain clients of Discord."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.simulator.discord_user import DiscordUser
from tests.simulator.simulated_world import Neighbourhood, Play, World


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("MJPROXY_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def neighbourhood(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbourhood]:
    """One simulator with so many accounts that each test can have some of its own."""
    with Neighbourhood.settled(tmp_path_factory.mktemp("neighbourhood")) as settled:
        yield settled


@pytest.fixture
async def world(neighbourhood: Neighbourhood) -> AsyncIterator[World]:
    """Three accounts that nobody has used, with a bot that takes a tenth of a second for a grid."""
    async with neighbourhood.move_in() as world:
        yield world


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    """Starts simulators with settings of the test's own, one after the other on one data folder."""
    async with AsyncExitStack() as stack:

        async def start(**section: object) -> World:
            speed = section.pop("speed", 200.0)
            return await stack.enter_async_context(World.playing(tmp_path, section, speed=speed))

        yield start


@pytest.fixture
async def alice(world: World) -> DiscordUser:
    """The first account, not connected to the gateway."""
    return await world.user(0)


@pytest.fixture
async def connected_alice(alice: DiscordUser) -> AsyncIterator[DiscordUser]:
    """The first account with a session."""
    async with alice.session():
        yield alice
