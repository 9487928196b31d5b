"""A disk that is full for a while: what was accepted stays, what comes is refused, and work resumes by itself."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import psutil
import pytest

import mjproxy
from mjproxy.errors import Unavailable
from mjproxy.v1 import task_pb2
from tests.e2e.stack import running_stack
from tests.e2e.test_drain import CONFIG, jobs, part


async def until(wanted: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await wanted():
            pass


async def test_work_resumes_by_itself_and_nothing_is_lost_or_paid_twice(tmp_path: Path) -> None:
    database = tmp_path / "server" / "mjproxy.db-wal"
    async with (
        running_stack(tmp_path, speed=10, config=CONFIG) as stack,
        mjproxy.AsyncClient(stack.grpc) as client,
        httpx.AsyncClient(base_url=stack.rest, timeout=30) as rest,
    ):

        async def readiness(status: int) -> bool:
            return (await rest.get("/readyz")).status_code == status

        accepted = [await client.imagine(f"cat number {number}") for number in range(15)]
        server = psutil.Process(part(stack, "server").pid)
        server.rlimit(resource.RLIMIT_FSIZE, (database.stat().st_size, resource.RLIM_INFINITY))
        await until(lambda: readiness(503))
        with pytest.raises(Unavailable, match="cannot be used"):
            await client.imagine("a dog")
        answer = (await rest.post("/mj/submit/imagine", json={"prompt": "a dog"})).json()
        assert answer["code"] == 9
        assert str(tmp_path) not in answer["description"]
        assert len([task async for task in client.tasks()]) == len(accepted)
        server.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        await until(lambda: readiness(200))
        ended = [await client.wait(task.id, timeout=90) for task in accepted]
        assert {task.message.status for task in ended} == {task_pb2.TASK_STATUS_SUCCESS}
        assert sorted((await jobs(stack)).values()) == [1] * len(accepted)
        assert part(stack, "server").pid == server.pid, "the server must live through it"
    assert "The store takes writes again" in (tmp_path / "up.log").read_text()
