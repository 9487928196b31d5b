"""Callbacks from a submission to a hook: through the server's outbox and the shim."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psutil
import pytest
from standardwebhooks.webhooks import Webhook

from tests.e2e.stack import running_stack
from tests.e2e.test_whole_way import Json, ended, submitted
from tests.rest.rest_hooks import Hook

SECRET = "whsec_YS1mb3VydGgtbG9uZy1yYW5kb20tdGV4dA=="


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with Hook.serve() as serving:
        yield serving


def told(hook: Hook) -> list[Json]:
    return [json.loads(posted.body) for posted in hook.posted]


async def told_of_the_end(hook: Hook, task_id: str, seconds: float = 20) -> list[Json]:
    """Waits for the last callback of a task, so long for each, and returns all that it had."""

    def mine() -> list[Json]:
        return [task for task in told(hook) if task["id"] == task_id]

    while not any(task["status"] in {"SUCCESS", "FAILURE"} for task in mine()):
        await hook.came(len(hook.posted) + 1, seconds)
    return mine()


async def test_a_hook_is_told_of_every_status_in_order(rest: httpx.AsyncClient, hook: Hook) -> None:
    task_id = await submitted(rest, "imagine", prompt="a cat", state="room:7", notifyHook=hook.url())
    tasks = await told_of_the_end(hook, task_id)
    statuses = list(dict.fromkeys(task["status"] for task in tasks))
    assert statuses == ["SUBMITTED", "IN_PROGRESS", "SUCCESS"]
    steps = [int(str(task["progress"]).removesuffix("%")) for task in tasks]
    assert steps == sorted(steps)
    assert tasks[-1] == (await rest.get(f"/mj/task/{task_id}/fetch")).json()
    assert {task["state"] for task in tasks} == {"room:7"}


async def test_a_hook_that_fails_is_told_again_of_the_newest_state(rest: httpx.AsyncClient, hook: Hook) -> None:
    """The last change of status fails at first; the first retry comes after five seconds."""
    hook.status = 503
    task_id = await submitted(rest, "imagine", prompt="a dog", notifyHook=hook.url())
    before = await told_of_the_end(hook, task_id)
    hook.status = 200
    await hook.came(len(before) + 1)
    first, second = hook.posted[-2:]
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


async def test_the_operators_hook_is_told_of_tasks_without_one_and_may_be_anywhere(tmp_path: Path, hook: Hook) -> None:
    config = f'api_secret = "x"\n[callbacks]\nnotify_hook = "{hook.url()}"\nsecret = "{SECRET}"\n'
    async with (
        running_stack(tmp_path, config=config) as stack,
        httpx.AsyncClient(base_url=stack.rest, headers={"mj-api-secret": "x"}, timeout=30) as rest,
    ):
        task_id = await submitted(rest, "imagine", prompt="a cat")
        await told_of_the_end(hook, task_id)
        for posted in hook.posted:
            assert Webhook(SECRET).verify(posted.body, posted.headers)["id"] == task_id
        assert (await ended(rest, task_id))["status"] == "SUCCESS"
        answer = await rest.post("/mj/submit/imagine", json={"prompt": "a cat", "notifyHook": hook.url()})
        assert answer.json()["code"] in {1, 22}  # It is the operator's own.
        answer = await rest.post("/mj/submit/imagine", json={"prompt": "a cat", "notifyHook": "http://127.0.0.1:1/"})
        assert answer.json()["code"] == 4


async def test_a_dead_hook_costs_the_others_nothing(tmp_path: Path, hook: Hook) -> None:
    """An attempt at the dead one lasts for a quarter of a minute: nothing that waits for one would come in time."""
    async with (
        Hook.serve("127.0.0.2") as dead,
        running_stack(tmp_path, config="[account_defaults]\ncore_size = 12\nqueue_size = 200\n") as stack,
        httpx.AsyncClient(base_url=stack.rest, timeout=30) as rest,
    ):
        dead.open.clear()
        url = dead.url("127.0.0.2")
        await asyncio.gather(*(submitted(rest, "imagine", prompt=f"dog {n}", notifyHook=url) for n in range(100)))
        await dead.came(4)
        for number in range(3):
            task_id = await submitted(rest, "imagine", prompt=f"cat {number}", notifyHook=hook.url())
            assert (await ended(rest, task_id))["status"] == "SUCCESS"
            async with asyncio.timeout(3):
                await told_of_the_end(hook, task_id)
        assert dead.busiest <= 4
        dead.open.set()


async def test_a_callback_waits_for_a_service_that_was_stopped(tmp_path: Path, hook: Hook) -> None:
    hook.status = 503
    async with (
        running_stack(tmp_path) as stack,
        httpx.AsyncClient(base_url=stack.rest, timeout=30) as rest,
    ):
        task_id = await submitted(rest, "imagine", prompt="a cat", notifyHook=hook.url())
        before = len(await told_of_the_end(hook, task_id))
    hook.status = 200
    async with running_stack(tmp_path):
        await hook.came(before + 1)
    assert told(hook)[-1]["status"] == "SUCCESS"


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("MJPROXY_SOAK"), reason="a lease lasts a minute")
@pytest.mark.timeout(300)
async def test_the_death_of_the_shim_loses_no_callback(tmp_path: Path, hook: Hook) -> None:
    """It dies with all that it may post to a host at once; the one that follows takes these over with their leases."""
    async with (
        running_stack(tmp_path) as stack,
        httpx.AsyncClient(base_url=stack.rest, timeout=30) as rest,
    ):
        hook.open.clear()
        tasks = [await submitted(rest, "imagine", prompt=f"cat {number}", notifyHook=hook.url()) for number in range(6)]
        await hook.came(4)
        [shim] = (
            child
            for child in psutil.Process(stack.process.pid).children(recursive=True)
            if child.cmdline()[0].startswith("mjproxy rest worker 1")
        )
        shim.kill()
        hook.open.set()
        async with asyncio.timeout(200):
            for task_id in tasks:
                told_of = await told_of_the_end(hook, task_id, 150)
                assert [task["status"] for task in told_of][-1] == "SUCCESS"
    taken_over = Counter(posted.headers["webhook-id"] for posted in hook.posted).most_common(4)
    assert [times for _, times in taken_over] == [2] * 4
