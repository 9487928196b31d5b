import random
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

# Test folders are no packages; this makes the helpers beside this file importable.
sys.path.insert(0, str(Path(__file__).parent))

from discord_api import ScriptedApi
from discord_clock import VirtualClock
from discord_gateway import ScriptedGateway


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
