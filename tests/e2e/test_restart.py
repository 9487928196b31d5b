"""Everything stopped and started again: what was there yesterday is there today."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.e2e.stack import running_stack
from tests.e2e.test_whole_way import ended, submitted


async def test_yesterdays_task_can_be_upscaled_today(tmp_path: Path) -> None:
    async with running_stack(tmp_path) as stack, httpx.AsyncClient(base_url=stack.rest, timeout=30) as rest:
        yesterday = await ended(rest, await submitted(rest, "imagine", prompt="a cat"))
    async with running_stack(tmp_path) as stack, httpx.AsyncClient(base_url=stack.rest, timeout=30) as rest:
        again = (await rest.get(f"/mj/task/{yesterday['id']}/fetch")).json()
        assert again == yesterday
        task = await ended(rest, await submitted(rest, "change", taskId=again["id"], action="UPSCALE", index=1))
        assert task["status"] == "SUCCESS", task


async def test_a_task_that_ran_and_one_that_waited_both_go_on(tmp_path: Path) -> None:
    slow = "[account_defaults]\ncore_size = 1\n[simulator]\naccounts = 1\n"
    async with (
        running_stack(tmp_path, speed=1, config=slow) as stack,
        httpx.AsyncClient(base_url=stack.rest, timeout=30) as rest,
    ):
        running = await submitted(rest, "imagine", prompt="a cat")
        waiting = await submitted(rest, "imagine", prompt="a dog")
        while (await rest.get(f"/mj/task/{running}/fetch")).json()["status"] == "NOT_START":
            pass
    async with (
        running_stack(tmp_path, speed=200, config=slow) as stack,
        httpx.AsyncClient(base_url=stack.rest, timeout=30) as rest,
    ):
        assert (await ended(rest, running))["status"] == "SUCCESS"
        assert (await ended(rest, waiting))["status"] == "SUCCESS"
