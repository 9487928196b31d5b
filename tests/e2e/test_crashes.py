"""Processes that are killed under load, again and again: nothing accepted is lost, nothing is paid
twice, whoever watches sees every change once and in order, and the hook hears of every end.

In short form by `make test`, in full by `make soak`; a seed that is printed makes a run again, as far as processes do.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections import Counter
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import httpx
import psutil
import pytest

from mjproxy.v1.task_pb2 import Action, Task, TaskStatus
from mjproxy.v1.task_service_pb2 import (
    ChangeCommand,
    GetTaskRequest,
    ImagineCommand,
    SubmitTaskRequest,
    WatchTasksRequest,
)
from mjproxy.v1.task_service_pb2 import Image as PictureSource
from mjproxy.v1.task_service_pb2_grpc import TaskServiceStub
from mjproxy.watch import Batch, Position, TaskWatch
from tests.e2e.stack import Stack, running_stack
from tests.rest.rest_hooks import Hook
from tests.server.engine.tours import picture

if TYPE_CHECKING:  # The stub exists only as a type.
    from mjproxy.v1.task_service_pb2_grpc import TaskServiceAsyncStub

FULL = bool(os.environ.get("MJPROXY_SOAK"))
CRASHES = 100 if FULL else 5
LONGEST_RUN = 15.0 if FULL else 4.0
"""Seconds; a part that was killed soon is started again the later, and one that has run for ten at once."""
LAST_SECONDS = 300
"""What nothing is known of ends as unknown after two minutes, and others wait for its place."""
CALLERS = 4
PICTURE = picture("teal").data
CONFIG = """
[account_defaults]
core_size = 4
[simulator]
accounts = 3
[callbacks]
notify_hook = "{hook}"
"""
ALWAYS = (
    {"name": "interaction_lost_answer", "probability": 0.3},
    {"name": "gateway_latency", "probability": 0.5, "seconds": 0.3},
)
"""It takes a while until it is known what was taken: many a crash finds a step in doubt."""
COMMON = "picture number "
"""What all prompts have before what is their own."""
HEARD_ENDS = {"SUCCESS", "FAILURE", "CANCEL"}
ENDED = {TaskStatus.TASK_STATUS_SUCCESS, TaskStatus.TASK_STATUS_FAILURE, TaskStatus.TASK_STATUS_CANCELLED}


class Witness:
    """Watches every change of every task, through all crashes.

    Attributes:
        tasks: Each task as it was seen last.
    """

    def __init__(self, stub: TaskServiceAsyncStub) -> None:
        self.tasks: dict[str, Task] = {}
        self._stub = stub
        self._news = asyncio.Condition()

    async def watch(self, beginning: Position) -> None:
        """Watches until cancelled; fails if a change is missed, or comes twice or out of order."""
        revision = beginning.revision
        async with TaskWatch(self._stub, after=beginning) as events:
            async for event in events:
                for change in event.changes if isinstance(event, Batch) else ():
                    assert change.revision == revision + 1
                    revision = change.revision
                    self.tasks[change.task.id] = change.task
                async with self._news:
                    self._news.notify_all()

    async def see_the_end_of(self, accepted: set[str]) -> None:
        """Returns when all of these have ended."""
        async with self._news:
            await self._news.wait_for(lambda: all(self._has_ended(task_id) for task_id in accepted))

    def grids(self) -> list[str]:
        """Returns the tasks of which one picture can be upscaled."""
        done = TaskStatus.TASK_STATUS_SUCCESS
        return [t.id for t in self.tasks.values() if t.status == done and t.action == Action.ACTION_IMAGINE]

    def _has_ended(self, task_id: str) -> bool:
        return task_id in self.tasks and self.tasks[task_id].status in ENDED


class Caller:
    """Submits without end, over gRPC and REST; what was answered is accepted."""

    def __init__(
        self, stub: TaskServiceAsyncStub, rest: httpx.AsyncClient, witness: Witness, rng: random.Random
    ) -> None:
        self.accepted: set[str] = set()
        self._stub = stub
        self._rest = rest
        self._witness = witness
        self._rng = rng
        self._numbers = count()

    async def call(self) -> None:
        """Calls until cancelled."""
        await asyncio.gather(*(self._call() for _ in range(CALLERS)))

    async def _call(self) -> None:
        while True:
            with suppress(grpc.aio.AioRpcError, httpx.TransportError):
                await self._rng.choice([self._upscale, self._imagine, self._imagine_alike, self._imagine_by_rest])()
            await asyncio.sleep(self._rng.uniform(0, 0.4))

    async def _imagine(self) -> None:
        await self._submit(SubmitTaskRequest(imagine=ImagineCommand(prompt=self._prompt())))

    async def _imagine_alike(self) -> None:
        """The picture that it is to be alike must outlive the process that has accepted it."""
        picture = PictureSource(data=PICTURE)
        await self._submit(SubmitTaskRequest(imagine=ImagineCommand(prompt=self._prompt(), images=[picture])))

    async def _upscale(self) -> None:
        """Most pictures are upscaled more than once, which is refused: none may be paid twice."""
        if grids := self._witness.grids():
            change = ChangeCommand(
                task_id=self._rng.choice(grids), action=Action.ACTION_UPSCALE, index=self._rng.randrange(1, 5)
            )
            await self._submit(SubmitTaskRequest(change=change))

    async def _submit(self, request: SubmitTaskRequest) -> None:
        answer = await self._stub.SubmitTask(request, timeout=10)
        self.accepted.update(task.id for task in answer.tasks)

    async def _imagine_by_rest(self) -> None:
        answer = await self._rest.post("/mj/submit/imagine", json={"prompt": self._prompt()})
        if answer.status_code == httpx.codes.OK and answer.json()["code"] in {1, 22}:
            self.accepted.add(answer.json()["result"])

    def _prompt(self) -> str:
        return f"{COMMON}{next(self._numbers)}"


@pytest.mark.soak
@pytest.mark.timeout(3600 if FULL else 300)
@pytest.mark.parametrize("victims", [("server",), ("server", "rest", "sockets")], ids=["server", "anything"])
async def test_nothing_accepted_is_lost_and_nothing_paid_twice(tmp_path: Path, victims: tuple[str, ...]) -> None:
    seed = int(os.environ.get("MJPROXY_SEED", "0")) or random.SystemRandom().randrange(1 << 32)
    print(f"MJPROXY_SEED={seed}")  # noqa: T201 - makes the run again
    rng = random.Random(seed)
    async with (
        Hook.serve() as hook,
        running_stack(tmp_path, speed=30, config=CONFIG.format(hook=hook.url())) as stack,
        grpc.aio.insecure_channel(stack.grpc) as channel,
        httpx.AsyncClient(base_url=stack.rest, timeout=10) as rest,
        httpx.AsyncClient(base_url=stack.simulator, timeout=30) as control,
    ):
        for fault in ALWAYS:
            (await control.post("/control/faults", json={**fault, "count": None})).raise_for_status()
        stub: TaskServiceAsyncStub = TaskServiceStub(channel)
        witness = Witness(stub)
        caller = Caller(stub, rest, witness, rng)
        watching = asyncio.create_task(witness.watch(await _now(stub)))
        calling = asyncio.create_task(caller.call())
        for _ in range(CRASHES):
            await asyncio.sleep(rng.uniform(0.2, LONGEST_RUN))  # Where it is hit is left to chance.
            await _strike(stack, control, rng.choice(victims), rng)
        calling.cancel()
        await asyncio.wait({calling})
        async with asyncio.timeout(LAST_SECONDS):
            await witness.see_the_end_of(caller.accepted)
            await _hear_the_end_of(caller.accepted, hook)
        assert not watching.done()
        watching.cancel()
        await _judge(witness, caller.accepted, stub, control)


async def _hear_the_end_of(accepted: set[str], hook: Hook) -> None:
    """Returns when the hook was told of the ends of all of these; none was told of anything else afterwards."""
    told: dict[str, str] = {}
    heard = 0
    while not accepted <= {task_id for task_id, status in told.items() if status in HEARD_ENDS}:
        await hook.came(heard + 1, LAST_SECONDS)
        for posted in hook.posted[heard:]:
            task = json.loads(posted.body)
            assert told.get(task["id"]) not in HEARD_ENDS or task["status"] == told[task["id"]]
            told[task["id"]] = task["status"]
        heard = len(hook.posted)


async def _now(stub: TaskServiceAsyncStub) -> Position:
    async for message in stub.WatchTasks(WatchTasksRequest()):
        return Position(message.revision, message.history_id)
    raise AssertionError("a watch begins with a bookmark")


async def _strike(stack: Stack, control: httpx.AsyncClient, victim: str, rng: random.Random) -> None:
    if victim == "sockets":
        fault = rng.choice([{"name": "drop_socket"}, {"name": "http_cut"}, {"name": "invalidate_session"}])
        (await control.post("/control/faults", json=fault)).raise_for_status()
        return
    part = _processes(stack, f"mjproxy {victim}")
    for process in rng.choice([part, part[:1], part[-1:]]):
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _processes(stack: Stack, title: str) -> list[psutil.Process]:
    """Returns the processes of a part, the one that supervises the others first; none while it is started again."""
    found = []
    for process in psutil.Process(stack.process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if process.cmdline()[0].startswith(title):
                found.append(process)
    return found


async def _judge(witness: Witness, accepted: set[str], stub: TaskServiceAsyncStub, control: httpx.AsyncClient) -> None:
    tasks = witness.tasks
    assert accepted <= tasks.keys()
    for task_id in accepted:
        assert (await stub.GetTask(GetTaskRequest(id=task_id))).task == tasks[task_id], "the watch has told its end"
    told = Counter((TaskStatus.Name(task.status), task.failure.title) for task in tasks.values())
    print(told)  # noqa: T201
    assert "Interrupted" not in {task.failure.title for task in tasks.values()}
    jobs = (await control.get("/control/jobs")).json()
    pictures = Counter((job["kind"], _own(job["prompt"]), job["parent"], job["index"]) for job in jobs)
    assert set(pictures.values()) <= {1}, "a request was paid more than once"
    assert told["TASK_STATUS_SUCCESS", ""] > 0.9 * len(tasks)


def _own(prompt: str) -> str:
    """What a prompt has to itself: the link of a picture that was uploaded once more is another one."""
    return prompt.partition(COMMON)[2]
