"""A real server on a free port, with a real engine whose Discord cannot be reached: what is submitted stays queued."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest

from mjproxy_server.api.callers import Caller, Keyring, Role
from mjproxy_server.api.server import bound_server, serving
from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.engine.clock import SystemClock
from mjproxy_server.engine.engine import EngineConfig, running_engine
from mjproxy_server.engine.upkeep import Retention
from mjproxy_server.listening import Address
from mjproxy_server.model.account import Account
from tests.server.api.service import Service, StartService

NOWHERE = Endpoints(server="http://127.0.0.1:9", gateway="ws://127.0.0.1:9")


def accounts(*channel_ids: str, queue_size: int) -> tuple[Account, ...]:
    return tuple(
        Account(
            guild_id="1",
            channel_id=channel_id,
            user_token="sim.very-secret-token",
            user_agent="Mozilla/5.0 Chrome/136.0.0.0",
            core_size=1,
            queue_size=queue_size,
        )
        for channel_id in channel_ids
    )


@pytest.fixture
def start_service(tmp_path: Path) -> StartService:
    @asynccontextmanager
    async def start(queue_size: int = 100, drain_seconds: float = 5, **keys: Role) -> AsyncIterator[Service]:
        config = EngineConfig(
            data=tmp_path / "data",
            accounts=accounts("11", "22", queue_size=queue_size),
            endpoints=NOWHERE,
            retention=Retention(),
        )
        keyring = Keyring({name: Caller(name, role) for name, role in keys.items()}, service_key="service-key")
        async with (
            bound_server(Address("127.0.0.1", 0), keyring) as bound,
            running_engine(config, clock=SystemClock(), rng=random.Random(1)) as engine,
            serving(bound, engine, drain_seconds),
            grpc.aio.insecure_channel(str(bound.address)) as channel,
        ):
            yield Service(bound, channel, engine)

    return start


@pytest.fixture
async def service(start_service: StartService) -> AsyncIterator[Service]:
    async with start_service() as running:
        yield running
