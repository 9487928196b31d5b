"""Many jobs, and everything that goes wrong: no result to a wrong task, none left without an end, none paid twice.

A task that is tried again since the bot has reported a failure may start a second job; of the first one nothing came.

In short form by `make test`, in full by `make soak`; a seed that is printed makes a run again.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mjproxy_server.engine.requests import FollowUp, ImagineRequest, NewCommand
from mjproxy_server.model.command import Change, Press
from mjproxy_server.model.errors import QueueFull
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Action, Reason, Status
from tests.server.engine.engine_world import EngineWorld, running_engine_world
from tests.server.engine.judging import judged

FULL = bool(os.environ.get("MJPROXY_SOAK"))
JOBS = 5_000 if FULL else 250
CANCELLED = 0.03
HOUR = 3600
UNKNOWN = {Reason.TIMED_OUT, Reason.OUTCOME_UNKNOWN}
PROMPTS = ("a cat", "a cat --ar 2:3", "a dog", "a lighthouse in fog", "a fox, in the snow")
ALWAYS = (
    {"name": "duplicate_dispatch", "probability": 0.05},
    {"name": "reorder_dispatch", "probability": 0.02, "seconds": 0.05, "event": "MESSAGE_UPDATE"},
    {"name": "drop_dispatch", "probability": 0.01, "event": "MESSAGE_UPDATE"},
    {"name": "drop_dispatch", "probability": 0.005, "event": "MESSAGE_CREATE"},
    {"name": "interaction_status", "probability": 0.02, "status": 429, "retry_after": 0.05},
    {"name": "interaction_lost_answer", "probability": 0.01, "status": 502},
    {"name": "interaction_lost_answer", "probability": 0.01},
    {"name": "bot_silent", "probability": 0.005},
    {"name": "bot_notice", "probability": 0.005, "notice": "went_wrong"},
    {"name": "bot_notice", "probability": 0.005, "notice": "went_wrong_in_progress"},
    {"name": "bot_notice", "probability": 0.005, "notice": "queue_full"},
    {"name": "bot_notice", "probability": 0.005, "notice": "action_needed"},
    {"name": "stop_job", "probability": 0.005},
    {"name": "stop_job", "probability": 0.005, "outcome": "silent"},
)
STRIKES = (
    {"name": "drop_socket"},
    {"name": "op7"},
    {"name": "close_code", "code": 4000},
    {"name": "invalidate_session"},
    {"name": "foreign_jobs", "prompt": "a cat", "jobs": 2},
    {"name": "foreign_jobs", "prompt": "a dog", "jobs": 2, "own": True},
)


@pytest.mark.soak
@pytest.mark.timeout(3600 if FULL else 240)
@pytest.mark.parametrize("profile", [2026, 2023])
async def test_no_result_goes_wrong_under_every_fault(tmp_path: Path, profile: int) -> None:
    seed = int(os.environ.get("MJPROXY_SEED", "0")) or random.SystemRandom().randrange(1 << 32)
    print(f"MJPROXY_SEED={seed}")  # noqa: T201 - makes the run again
    rng = random.Random(seed)
    async with running_engine_world(
        tmp_path,
        speed=200,
        clock_factor=10,
        clock_ahead=rng.choice([-10 * HOUR, 0, 10 * HOUR]),
        profile=profile,
        accounts=10,
        limits={"identify_window": 0},
        core_size=6,
        queue_size=10,
        timeout_minutes=1,
        account_sync=True,
        failure_retries=1,
        press_appeal=True,
    ) as world:
        for fault in ALWAYS:
            await world.fault(**{"count": None, **fault})  # type: ignore[arg-type]
        await _work(world, rng)
        await _judge(world)


@dataclass
class Work:
    """What the callers share: the jobs to be submitted yet, and what was drawn last, which any of them may work on."""

    rng: random.Random
    left: int = JOBS
    known: set[str] = field(default_factory=set)
    grids: deque[Task] = field(default_factory=lambda: deque(maxlen=12))
    pictures: deque[Task] = field(default_factory=lambda: deque(maxlen=12))

    def note(self, ended: Task) -> None:
        if ended.status is Status.SUCCESS:
            (self.pictures if ended.action is Action.UPSCALE else self.grids).append(ended)

    def next_command(self) -> NewCommand | FollowUp:
        """Draws, works on a grid that others work on too, or zooms, which the bot asks for a prompt for."""
        chance = self.rng.random()
        if chance < 0.45 and self.grids:
            action = self.rng.choice([Action.UPSCALE, Action.VARIATION, Action.VARIATION, Action.REROLL])
            return Change(self.rng.choice(self.grids).id, action, self.rng.randrange(1, 5))
        if chance < 0.55 and self.pictures:
            picture = self.rng.choice(self.pictures)
            assert picture.result is not None
            zoom = next(each for each in picture.result.buttons if "CustomZoom" in each.custom_id)
            return Press(picture.id, zoom.custom_id)
        return ImagineRequest(self.rng.choice(PROMPTS))


async def _work(world: EngineWorld, rng: random.Random) -> None:
    """Has callers submit until there are enough jobs, and lightning strike meanwhile."""
    work = Work(rng)
    striking = asyncio.create_task(_strike(world, random.Random(rng.random())))
    await asyncio.gather(*(_call(world, work) for _ in range(60)))
    striking.cancel()


async def _strike(world: EngineWorld, rng: random.Random) -> None:
    accounts = [lane.account.id for lane in world.engine.fleet.lanes]
    while True:
        await asyncio.sleep(rng.uniform(0.1, 0.5))  # What the strikes hit is left to chance.
        await world.fault(**rng.choice(STRIKES), account=rng.choice(accounts))


async def _call(world: EngineWorld, work: Work) -> None:
    """One caller: submits, confirms where it is asked, changes its mind now and then, and waits for the end."""
    while work.left > 0:
        try:
            task = await world.submit(work.next_command())
            if task.status is Status.MODAL:
                await world.confirm(task.id)
        except QueueFull:
            await asyncio.sleep(0.05)  # What a caller does whose task is refused.
            continue
        if task.id not in work.known:
            work.known.add(task.id)
            work.left -= 1
            if work.rng.random() < CANCELLED:
                await asyncio.sleep(work.rng.uniform(0, 0.3))  # At whatever moment of its life.
                await world.cancel(task.id)
        work.note(await world.ended(task.id))


async def _judge(world: EngineWorld) -> None:
    tasks = await judged(world)
    assert len(tasks) >= JOBS
    print(Counter(f"{task.status} {task.failure.reason if task.failure else ''}" for task in tasks))  # noqa: T201
    assert sum(task.result is not None for task in tasks) > 0.75 * len(tasks)
    assert sum(task.failure is not None and task.failure.reason in UNKNOWN for task in tasks) < 0.05 * len(tasks)
