"""The link of an account: whoever waits for its connection goes on with the next one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

from pydantic import SecretStr

from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.discord.gateway.identify_gate import IdentifyGate
from mjproxy_server.discord.gateway.types import Dispatch
from mjproxy_server.discord.rest.budget import InvalidRequestBudget
from mjproxy_server.discord.snowflake import NonceSource
from mjproxy_server.engine.bell import Bell
from mjproxy_server.engine.clock import SystemClock
from mjproxy_server.engine.connection import Connection
from mjproxy_server.engine.link import Link
from mjproxy_server.engine.pace import Pace
from mjproxy_server.model.account import Account
from tests.server.engine.engine_world import running_engine_world


class Ear:
    """An account that notes what it hears."""

    def __init__(self) -> None:
        self.account = Account(guild_id="1", channel_id="2", user_token="secret", user_agent="Mozilla/5.0")
        self.users: list[str] = []

    async def hear(self, dispatches: Sequence[Dispatch]) -> None:
        """Nothing is asked of it here."""

    def begin_session(self, user_id: str) -> None:
        self.users.append(user_id)

    def connection_changed(self) -> None:
        """Nothing is asked of it here."""


def unconnected() -> Connection:
    clock = SystemClock()
    return Connection(
        token=SecretStr("secret"),
        user_agent="Mozilla/5.0",
        endpoints=Endpoints(server="http://127.0.0.1:9", gateway="ws://127.0.0.1:9"),
        budget=InvalidRequestBudget(),
        nonces=NonceSource(clock, random.Random(1)),
        identify_gate=IdentifyGate(clock),
        clock=clock,
        rng=random.Random(1),
        begun=Bell(),
        left=None,
    )


async def test_who_waits_goes_on_with_the_new_connection_and_learns_whose_session_it_is(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path) as world, asyncio.timeout(20):
        connected = world.engine.fleet.lanes[0].link.connection
        await connected.wait_until_ready()
        ear, before = Ear(), unconnected()
        link = Link(before, Pace(0, SystemClock()))
        link.listen(ear.hear)
        link.join(ear)
        waiting = asyncio.create_task(link.wait_until_ready())
        await asyncio.sleep(0)
        link.switch(connected)
        await waiting
        assert ear.users == [connected.user_id] != [""]
        assert before.unused
        link.leave()
        await before.rest.close()


async def test_a_session_that_has_not_begun_is_nobodys() -> None:
    ear, connection = Ear(), unconnected()
    link = Link(connection, Pace(0, SystemClock()))
    link.listen(ear.hear)
    link.join(ear)
    link.greet()
    assert not ear.users
    await connection.rest.close()
