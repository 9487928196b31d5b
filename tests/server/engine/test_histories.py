"""Whole lives of a lane in virtual time: crashes, lost answers, stalled networks and sessions that are gone.

Nothing is paid twice, each task ends, with its own result. Most lives are short, with few tasks and many mishaps: some
hundred of them pass in a second.
"""

from __future__ import annotations

import asyncio
import random

import pytest

from mjproxy_server.model.command import Imagine
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Action, Reason, Status
from mjproxy_server.prompts.config import PromptsConfig
from mjproxy_server.prompts.prompts import open_prompts
from tests.server.engine.virtual_discord import VirtualDiscord, Weather
from tests.server.engine.virtual_engine import VirtualDisk, VirtualEngine
from tests.server.engine.virtual_time import EPOCH, run_virtually
from tests.server.seeded import live

NOTHING_TRANSLATED = open_prompts(PromptsConfig(), rng=random.Random(0), monotonic=lambda: 0.0)
PROMPTS = ("a cat", "a cat --ar 2:3", "a dog")
LONGEST = 24 * 3600.0


def weather(rng: random.Random) -> Weather:
    return Weather(
        lost_answers=rng.choice([0.0, 0.3, 0.6]),
        late_arrivals=rng.choice([0.0, 0.5]),
        refusals=rng.choice([0.0, 0.2]),
        slow_starts=rng.choice([0.0, 0.5]),
        stalls=rng.choice([0.0, 0.8]),
        previews=rng.random() < 0.5,
        answers_progress=rng.random() < 0.5,
    )


class LaneHistory:
    """One life, and what came of it.

    Args:
        seed: What it is made of.
        tasks: How many tasks are submitted at most.
    """

    def __init__(self, seed: int, tasks: int) -> None:
        self.rng = random.Random(seed)
        self.weather = weather(self.rng)
        self.tasks = tasks

    async def live(self) -> None:
        """Goes through some processes, of which the last one ends in good weather."""
        self.discord, self.disk = VirtualDiscord(self.weather, self.rng), VirtualDisk(self.rng)
        striking = asyncio.create_task(self._strike())
        for _ in range(self.rng.randrange(1, 5)):
            calling = asyncio.create_task(self._call())
            await self._process().run(asyncio.sleep(self.rng.expovariate(1 / 60)))
            calling.cancel()
            await asyncio.sleep(self.rng.choice([0.1, 3, 100]))
        striking.cancel()
        self.discord.weather = Weather(previews=self.weather.previews, answers_progress=self.weather.answers_progress)
        async with asyncio.timeout(LONGEST):
            await self._process().run(self.disk.wait_until_all_have_ended())

    def _process(self) -> VirtualEngine:
        return VirtualEngine(self.discord, self.disk, NOTHING_TRANSLATED, self.rng)

    async def _call(self) -> None:
        while len(self.disk.tasks) < self.tasks:
            self._submit()
            await asyncio.sleep(self.rng.expovariate(1 / 15))

    def _submit(self) -> None:
        number = len(self.disk.tasks)
        prompt = self.rng.choice(PROMPTS) if self._names_jobs() else f"number {number}"
        self.disk.put(
            Task(
                id=f"{number:016}",
                account_id="",
                action=Action.IMAGINE,
                command=Imagine(prompt),
                prompt=prompt,
                prompt_en=prompt,
                description=f"/imagine {prompt}",
                submitted_at=int((EPOCH + asyncio.get_running_loop().time()) * 1000),
            )
        )

    async def _strike(self) -> None:
        while True:
            await asyncio.sleep(self.rng.expovariate(1 / 40))
            if self.rng.random() < self.weather.stalls:
                self.discord.stall(self.rng.uniform(5, 80))
            elif self.rng.random() < 0.3:
                self.discord.invalidate()

    def _names_jobs(self) -> bool:
        """Whether results tell whose they are. Otherwise one of which nothing is known makes its equals ambiguous."""
        return self.weather.previews or self.weather.answers_progress

    def judge(self) -> None:
        for task in self.disk.tasks.values():
            paid = [job for step in task.trace.steps for job in self.discord.jobs.get(step.nonce, ())]
            assert len(paid) <= 1, f"task {task.id} was paid {len(paid)} times: {task.trace.steps}"
            if task.status is Status.SUCCESS:
                assert task.result is not None
                assert paid == [task.result.job_id], f"task {task.id} has another's result"
            else:
                assert task.failure is not None
                assert task.failure.reason in self._excuses(task), (task, task.failure)

    def _excuses(self, task: Task) -> set[Reason]:
        """Why a task may fail: nobody can know, or whether a result is its own, since nobody knows of an equal one."""
        unknown = {_likeness(each) for each in self.disk.tasks.values() if _is_unknown(each)}
        return {Reason.OUTCOME_UNKNOWN} | ({Reason.TIMED_OUT} if _likeness(task) in unknown else set())


def _is_unknown(task: Task) -> bool:
    return task.failure is not None and task.failure.reason is Reason.OUTCOME_UNKNOWN


def _likeness(task: Task) -> str:
    return task.prompt.partition(" --")[0]


def live_through(seed: int, tasks: int) -> None:
    history = LaneHistory(seed, tasks)
    run_virtually(history.live())
    history.judge()


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("lives", "tasks"), [(400, 3), (40, 30)])
def test_nothing_is_paid_twice_and_each_task_ends_with_its_own_result(lives: int, tasks: int) -> None:
    live(live_through, count=lives, length=tasks)
