"""Callbacks where the clock of the server and that of the shim disagree."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

import grpc
import pytest

from mjproxy.channel import open_channel
from mjproxy.v1.task_service_pb2 import CancelTaskRequest, ImagineCommand, SubmitTaskRequest
from mjproxy.v1.task_service_pb2_grpc import TaskServiceStub
from mjproxy_rest.callbacks.addresses import ANYWHERE
from mjproxy_rest.callbacks.outbox import Outbox
from mjproxy_rest.callbacks.poster import open_poster
from mjproxy_rest.callbacks.sender import Sender
from mjproxy_rest.tasks import encode
from mjproxy_server.api.callers import Keyring
from mjproxy_server.api.server import bound_server, serving
from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.engine.clock import SystemClock
from mjproxy_server.engine.engine import EngineConfig, running_engine
from mjproxy_server.engine.hooks import HookRules
from mjproxy_server.engine.upkeep import Retention
from mjproxy_server.listening import Address
from mjproxy_server.model.account import Account
from tests.rest.rest_hooks import Hook

NOWHERE = Endpoints(server="http://127.0.0.1:9", gateway="ws://127.0.0.1:9")
ACCOUNT = Account(guild_id="1", channel_id="11", user_token="token", user_agent="Mozilla/5.0")


class ShiftedClock(SystemClock):
    """The machine's clock, set to another time."""

    def __init__(self, hours: int) -> None:
        self._ahead = hours * 3600.0

    def time(self) -> float:
        return time.time() + self._ahead


def config(data: Path, hook: Hook) -> EngineConfig:
    return EngineConfig(
        data=data,
        accounts=(ACCOUNT,),
        endpoints=NOWHERE,
        retention=Retention(),
        hooks=HookRules(own=hook.url()),
    )


async def cancelled(channel: grpc.aio.Channel) -> str:
    """Submits a task and cancels it, which the hook is told of; returns its id."""
    tasks = TaskServiceStub(channel)
    request = SubmitTaskRequest(imagine=ImagineCommand(prompt="a cat"))
    task_id = (await tasks.SubmitTask(request)).tasks[0].id
    await tasks.CancelTask(CancelTaskRequest(id=task_id))
    return task_id


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_shim_delivers_whatever_the_clock_of_its_server_says(tmp_path: Path, hours: int) -> None:
    async with (
        Hook.serve() as hook,
        bound_server(Address("127.0.0.1", 0), Keyring({})) as bound,
        running_engine(config(tmp_path, hook), clock=ShiftedClock(hours), rng=random.Random(1)) as engine,
        serving(bound, engine, 0),
        open_channel(str(bound.address)) as channel,
        open_poster(ANYWHERE, encode=encode, signer=None, now=time.time) as poster,
    ):
        sending = asyncio.create_task(Sender(Outbox(channel, ""), poster, time.monotonic, drain_seconds=0).run())
        try:
            task_id = await cancelled(channel)
            await hook.came(seconds=5)
        finally:
            sending.cancel()
            await asyncio.wait([sending])
    assert [posted.headers["webhook-id"].partition("-")[0] for posted in hook.posted] == [task_id]
