"""Equal prompts in flight at once: each task gets the picture of its own job, proved by the pictures themselves."""

from __future__ import annotations

import asyncio
from pathlib import Path

import grpc
import httpx
import pytest

from mjproxy.v1 import task_pb2, task_service_pb2, task_service_pb2_grpc
from tests.e2e.pictures import job_in
from tests.e2e.stack import Stack, running_stack

CONFIG = """
[account_defaults]
core_size = 12
queue_size = 40

[simulator]
accounts = 3
profile = {profile}
"""
IN_FLIGHT = 100


@pytest.mark.timeout(300)
@pytest.mark.parametrize("profile", [2026, 2023])
async def test_a_hundred_equal_prompts_get_their_own_pictures(tmp_path: Path, profile: int) -> None:
    async with (
        running_stack(tmp_path, speed=200, config=CONFIG.format(profile=profile)) as stack,
        grpc.aio.insecure_channel(stack.grpc) as channel,
        httpx.AsyncClient(timeout=60) as http,
    ):
        tasks = task_service_pb2_grpc.TaskServiceStub(channel)
        submitted = await asyncio.gather(*(_submit(tasks) for _ in range(IN_FLIGHT)))
        ended = await _all_ended(tasks, {task.id for task in submitted})
        failed = [task for task in ended if task.status != task_pb2.TASK_STATUS_SUCCESS]
        assert not failed, failed[0]
        pictured = [await job_in(task.image_url) for task in ended]
        assert pictured == [task.properties.message_hash for task in ended]
        started = await _jobs_by_nonce(http, stack)
        assert {task.properties.nonce: task.properties.message_hash for task in ended} == started


async def _submit(tasks: task_service_pb2_grpc.TaskServiceAsyncStub) -> task_pb2.Task:
    imagine = task_service_pb2.ImagineCommand(prompt="a lighthouse in fog")
    answer = await tasks.SubmitTask(task_service_pb2.SubmitTaskRequest(imagine=imagine))
    return answer.tasks[0]


async def _all_ended(tasks: task_service_pb2_grpc.TaskServiceAsyncStub, ids: set[str]) -> list[task_pb2.Task]:
    """Watches from the beginning until every task has ended; returns them in the order of their ends."""
    ended: dict[str, task_pb2.Task] = {}
    watch = tasks.WatchTasks(task_service_pb2.WatchTasksRequest(after_revision=0))
    async for response in watch:
        for change in response.changes:
            if change.task.id in ids and change.task.HasField("finish_time"):
                assert change.task.id not in ended
                ended[change.task.id] = change.task
        if len(ended) == len(ids):
            watch.cancel()
            break
    return list(ended.values())


async def _jobs_by_nonce(http: httpx.AsyncClient, stack: Stack) -> dict[str, str]:
    """Returns what each interaction for a task has started, as the simulator's ledger has it."""
    ledger = (await http.get(f"{stack.simulator}/control/ledger")).json()
    assert len(ledger) == len({entry["nonce"] for entry in ledger}), "an interaction was sent twice"
    return {entry["nonce"]: entry["job"] for entry in ledger if entry["kind"] not in {"info", "settings"}}
