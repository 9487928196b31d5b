"""A task that is followed live, through all processes at once."""

from __future__ import annotations

import json

import httpx

from tests.e2e.test_whole_way import submitted


async def test_a_task_is_followed_to_its_end_without_a_poll(rest: httpx.AsyncClient) -> None:
    task_id = await submitted(rest, "imagine", prompt="a lighthouse at dawn")
    async with rest.stream("GET", f"/mj/task/{task_id}/events") as events:
        lines = [line async for line in events.aiter_lines()]
    told = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith('data: {"id"')]
    percents = [int(task["progress"].removesuffix("%")) for task in told]
    assert percents == sorted(percents)
    assert [task["status"] for task in told][-1] == "SUCCESS"
    assert told[-1] == (await rest.get(f"/mj/task/{task_id}/fetch")).json()
    ids = [line.removeprefix("id: ") for line in lines if line.startswith("id: ")]
    again = await rest.get(f"/mj/task/{task_id}/events", headers={"Last-Event-ID": ids[-1]})
    assert again.status_code == 204
    async with rest.stream("GET", f"/mj/task/{task_id}/events", headers={"Last-Event-ID": ids[0]}) as events:
        rest_of = [line async for line in events.aiter_lines() if line.startswith('data: {"id"')]
    assert [json.loads(line.removeprefix("data: ")) for line in rest_of] == told[1:]
