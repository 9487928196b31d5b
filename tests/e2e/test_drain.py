"""Parts that are told to end while there is much to do: nothing is lost or paid twice, and it takes seconds."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import grpc
import httpx
import psutil

import mjproxy
from mjproxy.errors import Unavailable
from mjproxy.v1 import task_pb2
from mjproxy.v1.task_service_pb2_grpc import TaskServiceStub
from mjproxy.watch import Batch, Reset, TaskWatch
from tests.e2e.stack import Stack, running_stack

CONFIG = """
account_sync = false
[account_defaults]
core_size = 12
queue_size = 100
[simulator]
accounts = 2
"""
MANY = range(30)
BOUND_SECONDS = 15


class Log:
    """What a watcher that resumes by itself has seen of the tasks."""

    def __init__(self) -> None:
        self.begun_at = 0
        self.revisions: list[int] = []
        self.tasks: dict[str, task_pb2.Task] = {}
        self.grown = asyncio.Condition()

    async def follow(self, address: str) -> None:
        async with grpc.aio.insecure_channel(address) as channel, TaskWatch(TaskServiceStub(channel)) as events:
            async for event in events:
                async with self.grown:
                    if isinstance(event, Reset):
                        assert not self.revisions, "the history is gone"
                        self.begun_at = event.position.revision
                    if isinstance(event, Batch):
                        self.revisions += [change.revision for change in event.changes]
                        self.tasks |= {change.task.id: change.task for change in event.changes}
                    self.grown.notify_all()

    async def until_at_work(self, count: int) -> None:
        """Waits until so many tasks are at work or have ended."""
        async with asyncio.timeout(60), self.grown:
            begun = (task_pb2.TASK_STATUS_IN_PROGRESS, task_pb2.TASK_STATUS_SUCCESS)
            await self.grown.wait_for(lambda: sum(task.status in begun for task in self.tasks.values()) >= count)

    async def until_ended(self, task_ids: list[str]) -> None:
        ended = (task_pb2.TASK_STATUS_SUCCESS, task_pb2.TASK_STATUS_FAILURE)
        async with asyncio.timeout(90), self.grown:
            await self.grown.wait_for(
                lambda: all(task_id in self.tasks and self.tasks[task_id].status in ended for task_id in task_ids)
            )


def part(stack: Stack, name: str) -> psutil.Process:
    children = psutil.Process(stack.process.pid).children(recursive=True)
    return next(child for child in children if child.cmdline()[0].strip() == f"mjproxy {name}")


async def submit(client: mjproxy.AsyncClient, prompt: str) -> str | None:
    """Returns the id of the accepted task; None if the server was away for longer than a client is patient."""
    try:
        return (await client.imagine(prompt)).id
    except Unavailable:
        return None


async def submit_many(client: mjproxy.AsyncClient, subject: str) -> list[str]:
    answers = await asyncio.gather(*(submit(client, f"{subject} number {number}") for number in MANY))
    return [answer for answer in answers if answer is not None]


async def until_back(rest: httpx.AsyncClient) -> None:
    """Waits until the shim's next process answers."""
    async with asyncio.timeout(60):
        while True:
            try:
                await rest.get("/healthz")
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                return


async def until_unready(rest: httpx.AsyncClient) -> None:
    """Waits until the shim says that its server takes nothing."""
    async with asyncio.timeout(60):
        while (await rest.get("/readyz")).status_code == 200:
            pass


async def until_answered(client: mjproxy.AsyncClient) -> None:
    """Waits until the server's next process answers."""
    async with asyncio.timeout(60):
        while True:
            with suppress(Unavailable):
                await client.accounts.list()
                return


async def jobs(stack: Stack) -> Counter[str]:
    """How many jobs the bot was given for each prompt."""
    async with httpx.AsyncClient(base_url=stack.simulator, timeout=30) as control:
        ledger = (await control.get("/control/ledger")).json()
    return Counter(entry["prompt"] for entry in ledger if entry["job"])


async def test_a_server_that_is_told_to_end_loses_nothing_and_its_watchers_miss_nothing(tmp_path: Path) -> None:
    log = Log()
    async with (
        running_stack(tmp_path, speed=20, config=CONFIG) as stack,
        mjproxy.AsyncClient(stack.grpc, timeout=30) as client,
    ):
        following = asyncio.create_task(log.follow(stack.grpc))
        accepted = await submit_many(client, "cat")
        assert len(accepted) == len(MANY)
        await log.until_at_work(8)
        part(stack, "server").send_signal(signal.SIGTERM)
        accepted += await submit_many(client, "dog")
        await log.until_ended(accepted)
        following.cancel()
        assert {log.tasks[task_id].status for task_id in accepted} == {task_pb2.TASK_STATUS_SUCCESS}
        assert log.revisions == list(range(log.begun_at + 1, log.begun_at + 1 + len(log.revisions)))
        assert max((await jobs(stack)).values()) == 1
    assert "mjproxy server ended with exit status 0" in (tmp_path / "up.log").read_text()


async def test_a_shim_that_is_told_to_end_finishes_its_requests_and_ends_its_streams(tmp_path: Path) -> None:
    async with (
        running_stack(tmp_path, speed=20, config=CONFIG) as stack,
        httpx.AsyncClient(base_url=stack.rest, timeout=30) as rest,
        rest.stream("GET", "/mj/tasks/events") as events,
    ):
        prompts = [{"prompt": f"cat number {number}"} for number in MANY]
        submitting = [asyncio.create_task(rest.post("/mj/submit/imagine", json=each)) for each in prompts]
        await asyncio.wait(submitting, return_when=asyncio.FIRST_COMPLETED)
        shim = part(stack, "rest")
        shim.send_signal(signal.SIGTERM)
        async with asyncio.timeout(BOUND_SECONDS):
            async for _ in events.aiter_bytes():
                pass
        answers = await asyncio.gather(*submitting, return_exceptions=True)
        told = [answer for answer in answers if isinstance(answer, httpx.Response)]
        assert told
        assert {answer.json()["code"] for answer in told} <= {1, 22}
        refused = [answer for answer in answers if isinstance(answer, BaseException)]
        assert all(isinstance(error, httpx.ConnectError) for error in refused), refused
        async with mjproxy.AsyncClient(stack.grpc) as client:
            ids = {task.id async for task in client.tasks()}
        assert ids == {answer.json()["result"] for answer in told}
        await asyncio.to_thread(shim.wait, BOUND_SECONDS)
        await until_back(rest)
    assert "mjproxy rest ended with exit status 0" in (tmp_path / "up.log").read_text()


async def test_an_interrupt_ends_a_server_that_drains_at_once_and_what_is_under_way_is_not_lost(tmp_path: Path) -> None:
    async with (
        running_stack(tmp_path, speed=20, config=CONFIG) as stack,
        mjproxy.AsyncClient(stack.grpc, timeout=30) as client,
        httpx.AsyncClient(base_url=stack.simulator, timeout=30) as control,
        httpx.AsyncClient(base_url=stack.rest, timeout=30) as rest,
    ):
        slow = {"name": "http_latency", "method": "POST", "route": "/interactions", "seconds": 15, "count": 1}
        (await control.post("/control/faults", json=slow)).raise_for_status()
        task = await client.imagine("a cat")
        async with asyncio.timeout(20):
            while (await control.get("/control/faults")).json():
                pass
        server = part(stack, "server")
        for number in (signal.SIGTERM, signal.SIGTERM):
            server.send_signal(number)
        await until_unready(rest)
        assert server.is_running(), "it waits for Discord's answer"
        server.send_signal(signal.SIGINT)
        await asyncio.to_thread(server.wait, 3)
        await until_answered(client)
        assert (await client.wait(task.id, timeout=90)).message.status == task_pb2.TASK_STATUS_SUCCESS
        assert max((await jobs(stack)).values()) == 1


async def test_everything_ends_in_good_order_and_in_time_under_load(tmp_path: Path) -> None:
    async with (
        running_stack(tmp_path, speed=1, config=CONFIG) as stack,
        mjproxy.AsyncClient(stack.grpc, timeout=30) as client,
    ):
        submitting = asyncio.create_task(submit_many(client, "cat"))
        await asyncio.wait([submitting], timeout=0.5)
        begun = time.monotonic()
        stack.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(stack.process.wait(), 2 * BOUND_SECONDS) == 0
        assert time.monotonic() - begun < BOUND_SECONDS
        accepted = await submitting
    text = (tmp_path / "up.log").read_text()
    assert "is killed" not in text
    assert "Traceback" not in text
    async with (
        running_stack(tmp_path, speed=200, config=CONFIG) as stack,
        mjproxy.AsyncClient(stack.grpc, timeout=30) as client,
    ):
        assert {task.id async for task in client.tasks()} >= {*accepted}
