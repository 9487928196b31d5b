import random
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from tests.server.discord.discord_api import ScriptedApi
from tests.server.discord.discord_clock import VirtualClock
from tests.server.discord.discord_gateway import ScriptedGateway


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def rng() -> random.Random:
    return random.Random(7)


@pytest.fixture
def token() -> SecretStr:
    return SecretStr("the-secret-token")


@pytest.fixture
async def gateway() -> AsyncIterator[ScriptedGateway]:
    async with ScriptedGateway.serve() as server:
        yield server


@pytest.fixture
async def api() -> AsyncIterator[ScriptedApi]:
    async with ScriptedApi.serve() as server:
        yield server
