"""The one service that all clients are tried on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
from google.protobuf.json_format import MessageToDict, ParseDict

import mjproxy
from mjproxy.channel import authorization, open_channel
from mjproxy.v1.account_pb2 import AccountSettings
from mjproxy.v1.account_service_pb2 import CreateAccountRequest
from mjproxy.v1.account_service_pb2_grpc import AccountServiceStub
from mjproxy.v1.task_service_pb2 import (
    AccountFilter,
    CancelTaskRequest,
    ImagineCommand,
    ListTasksRequest,
    SubmitOptions,
    SubmitTaskRequest,
    TaskFilter,
    WatchFilter,
    WatchTasksRequest,
)
from mjproxy.v1.task_service_pb2_grpc import TaskServiceStub
from tests.conformance.case import Json
from tests.conformance.certificates import Certificates
from tests.e2e.stack import running_stack

if TYPE_CHECKING:
    from mjproxy.v1.account_service_pb2_grpc import AccountServiceAsyncStub
    from mjproxy.v1.task_service_pb2_grpc import TaskServiceAsyncStub

KEYS: Final = {
    "alice": "alice-s-key",
    "bob": "bob-s-key",
    "operator": "the-operator-s",
    "stranger": "wrong",
    "nobody": "",
}

_CONFIG: Final = """
api_secret = "the-operator-s"
account_sync = false
[account_defaults]
core_size = 12
[simulator]
accounts = 2
[[keys]]
name = "alice"
key = "alice-s-key"
role = "user"
[[keys]]
name = "bob"
key = "bob-s-key"
role = "user"
"""

# How many tasks the two accounts take that never work: what is queued for them waits for ever.
_NO_MORE_THAN_ONE: Final = AccountSettings(core_size=1, queue_size=0)
_MANY: Final = AccountSettings(core_size=1, queue_size=10_000)


@dataclass(frozen=True, slots=True)
class World:
    """The service, as the harness itself sees it: by a line of its own that nobody cuts.

    Attributes:
        address: The "host:port" of the server.
        values: What all cases may name.
        certificates: Those of encrypted lines to it.
    """

    address: str
    stub: TaskServiceAsyncStub
    client: mjproxy.AsyncClient
    values: dict[str, str]
    certificates: Certificates

    async def has_ended(self, task_id: str) -> None:
        """Waits for the end of a task."""
        await self.client.wait(task_id)

    async def cancel(self, task_id: str) -> None:
        """Cancels a task."""
        await self.stub.CancelTask(CancelTaskRequest(id=task_id), metadata=_OPERATOR)

    async def has_task(self, state: str) -> None:
        """Waits until a task with a state is stored."""
        watch = self.stub.WatchTasks(WatchTasksRequest(filter=WatchFilter(state=state)), metadata=_OPERATOR)
        await anext(aiter(watch))  # From here on the watch misses nothing.
        listed = await self.stub.ListTasks(ListTasksRequest(filter=TaskFilter(state=state)), metadata=_OPERATOR)
        if not listed.tasks:
            await anext(message async for message in watch if message.changes)
        watch.cancel()

    async def changes(self, watched: Json, *, key: str, until: int) -> list[Json]:
        """Returns what a watch that nobody cuts brings, up to a revision."""
        request = ParseDict(watched, WatchTasksRequest())
        watch = self.stub.WatchTasks(request, metadata=authorization(key))
        changes: list[Json] = []
        async for message in watch:
            changes += (MessageToDict(change, preserving_proto_field_name=True) for change in message.changes)
            if message.revision >= until:
                break
        watch.cancel()
        return [change for change in changes if int(change["revision"]) <= until]


_OPERATOR: Final = authorization(KEYS["operator"])


@asynccontextmanager
async def standing_world(data: Path) -> AsyncIterator[World]:
    """Starts the service with the simulator, and two accounts that never work beside two that do."""
    async with running_stack(data, speed=100, config=_CONFIG) as stack:
        client = mjproxy.AsyncClient(stack.grpc, key=KEYS["operator"])
        control = httpx.AsyncClient(base_url=f"{stack.simulator}/control", timeout=30)
        async with client, control, open_channel(stack.grpc) as channel:
            accounts = AccountServiceStub(channel)
            full = await _sleeper(control, accounts, _NO_MORE_THAN_ONE)
            asleep = await _sleeper(control, accounts, _MANY)
            tasks = TaskServiceStub(channel)
            await tasks.SubmitTask(_filling(full), metadata=_OPERATOR)
            values = {"full_account": full, "asleep_account": asleep}
            yield World(stack.grpc, tasks, client, values, Certificates(data))


async def _sleeper(control: httpx.AsyncClient, accounts: AccountServiceAsyncStub, settings: AccountSettings) -> str:
    """Adds an account that Discord hangs up on whenever it connects, and returns its id."""
    (made,) = (await control.post("/accounts", json={"count": 1})).raise_for_status().json()
    hang_up = {"name": "close_on_identify", "code": 4000, "count": None, "account": made["user_id"]}
    (await control.post("/faults", json=hang_up)).raise_for_status()
    located = AccountSettings(guild_id=made["guild_id"], channel_id=made["channel_id"])
    located.MergeFrom(settings)
    creation = CreateAccountRequest(settings=located, user_token=made["user_token"])
    return (await accounts.CreateAccount(creation, metadata=_OPERATOR)).account.id


def _filling(account_id: str) -> SubmitTaskRequest:
    """The task that makes an account full."""
    options = SubmitOptions(account_filter=AccountFilter(account_id=account_id))
    return SubmitTaskRequest(options=options, imagine=ImagineCommand(prompt="a task that waits"))
