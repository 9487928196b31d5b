"""What goes wrong between us and Discord.

The task still gets its own picture, or fails with a reason, and is never paid twice.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

import mjproxy
from mjproxy.v1 import error_reason_pb2, task_pb2
from tests.e2e.pictures import job_in
from tests.e2e.stack import Stack, standing_stack

ONE_ACCOUNT = """
account_sync = false  # The faults are for tasks: no question about the account may take one.
[account_defaults]
core_size = 12
[simulator]
accounts = 1
profile = {profile}
"""


class World:
    """A client of a stack with one account, and its simulator's control API, from the beginning of one test on."""

    def __init__(self, client: mjproxy.AsyncClient, control: httpx.AsyncClient) -> None:
        self.client = client
        self.control = control
        self.earlier = 0

    async def begin(self) -> None:
        (await self.control.delete("/control/faults")).raise_for_status()
        self.earlier = len((await self.control.get("/control/ledger")).json())

    async def fault(self, name: str, **settings: object) -> None:
        answer = await self.control.post("/control/faults", json={"name": name, **settings})
        answer.raise_for_status()

    async def ledger(self) -> list[dict[str, object]]:
        return list((await self.control.get("/control/ledger")).json())[self.earlier :]

    async def draw(self, prompt: str = "a lighthouse in fog") -> task_pb2.Task:
        task = await self.client.imagine(prompt)
        try:
            return (await self.client.wait(task.id, timeout=90)).message
        except mjproxy.TaskFailed:
            return (await self.client.task(task.id)).message

    async def owns_its_picture(self, task: task_pb2.Task) -> bool:
        """True if the interaction that this task sent has started the job that drew its picture."""
        jobs = {entry["nonce"]: entry["job"] for entry in await self.ledger()}
        return await job_in(task.image_url) == task.properties.message_hash == jobs[task.properties.nonce]

    async def paid(self) -> Counter[object]:
        """How many jobs were started for each prompt."""
        return Counter(entry["prompt"] for entry in await self.ledger() if entry["job"])


@pytest.fixture(scope="module", params=[2026, 2023])
def troubled(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Stack]:
    config = ONE_ACCOUNT.format(profile=request.param)
    with standing_stack(tmp_path_factory.mktemp("troubled"), speed=30, config=config) as stack:
        yield stack


@pytest.fixture
async def world(troubled: Stack) -> AsyncIterator[World]:
    async with (
        mjproxy.AsyncClient(troubled.grpc) as client,
        httpx.AsyncClient(base_url=troubled.simulator, timeout=30) as control,
    ):
        world = World(client, control)
        await world.begin()
        yield world


def reason(task: task_pb2.Task) -> str:
    return error_reason_pb2.ErrorReason.Name(task.failure.reason).removeprefix("ERROR_REASON_")


async def test_a_broken_network_loses_nothing(world: World) -> None:
    drawing = [asyncio.create_task(world.draw(prompt)) for prompt in ("a cat", "a dog", "a cat", "a fox")]
    for name in ("drop_socket", "op7", "drop_socket"):
        await world.fault(name)
    await world.fault("duplicate_dispatch", count=40)
    await world.fault("foreign_jobs", prompt="a cat", jobs=3)
    tasks = await asyncio.gather(*drawing)
    assert [task.status for task in tasks] == [task_pb2.TASK_STATUS_SUCCESS] * 4
    assert all([await world.owns_its_picture(task) for task in tasks])
    assert sum((await world.paid()).values()) == 4


async def test_a_session_that_is_gone_is_made_good_by_the_history(world: World) -> None:
    await world.fault("op9", resumable=False)
    submitted = await world.client.imagine("a cat")
    async for update in submitted.updates():
        if update.message.progress:
            break
    await world.fault("drop_socket")
    task = (await submitted.wait(timeout=90)).message
    assert task.status == task_pb2.TASK_STATUS_SUCCESS
    assert await world.owns_its_picture(task)
    assert sum((await world.paid()).values()) == 1


@pytest.mark.parametrize("status", [None, 502])
async def test_an_answer_that_is_lost_is_not_paid_twice(world: World, status: int | None) -> None:
    await world.fault("interaction_lost_answer", status=status)
    task = await world.draw("a cat")
    assert task.status == task_pb2.TASK_STATUS_SUCCESS
    assert await world.owns_its_picture(task)
    assert sum((await world.paid()).values()) == 1


async def test_what_discord_refuses_for_now_is_sent_again(world: World) -> None:
    await world.fault("interaction_status", status=429, retry_after=0.2, count=2)
    task = await world.draw("a cat")
    assert task.status == task_pb2.TASK_STATUS_SUCCESS
    assert sum((await world.paid()).values()) == 1


async def test_what_discord_refuses_for_good_fails_with_its_words(world: World) -> None:
    await world.fault("interaction_status", status=403, code=50013, message="Missing Permissions")
    task = await world.draw("a cat")
    assert (task.status, reason(task)) == (task_pb2.TASK_STATUS_FAILURE, "DISCORD_REFUSED")
    assert "Missing Permissions" in task.failure.description
    assert not await world.paid()


async def test_a_bot_that_does_not_answer_fails_the_task(world: World) -> None:
    await world.fault("bot_silent")
    task = await world.draw("a cat")
    assert (task.status, reason(task)) == (task_pb2.TASK_STATUS_FAILURE, "BOT_ERROR")


async def test_what_the_bot_refuses_fails_with_its_words(world: World) -> None:
    task = await world.draw("a cat --nonsense 7")
    assert (task.status, reason(task)) == (task_pb2.TASK_STATUS_FAILURE, "PROMPT_REJECTED")
    assert task.failure.title == "Invalid parameter"
    assert "nonsense" in task.failure.description
