"""Many jobs, and everything that goes wrong: no result to a wrong task, none left without an end, none paid twice.

A task that is tried again since the bot has reported a failure may start a second job; of the first one nothing came.

In short form by `make test`, in full by `make soak`; a seed that is printed makes a run again.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from pathlib import Path

import pytest

from mjproxy_server.engine.requests import ImagineRequest
from mjproxy_server.model.command import Change
from mjproxy_server.model.errors import QueueFull
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Action, Status
from server.engine.engine_world import EngineWorld, running_engine_world
from server.engine.judging import judged

FULL = bool(os.environ.get("MJPROXY_SOAK"))
JOBS = 5_200 if FULL else 260
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


async def _work(world: EngineWorld, rng: random.Random) -> None:
    """Has callers submit until there are enough jobs, and lightning strike meanwhile."""
    left = iter(range(JOBS))
    striking = asyncio.create_task(_strike(world, random.Random(rng.random())))
    await asyncio.gather(*(_call(world, left, random.Random(rng.random())) for _ in range(60)))
    striking.cancel()


async def _strike(world: EngineWorld, rng: random.Random) -> None:
    accounts = [lane.account.id for lane in world.engine.fleet.lanes]
    while True:
        await asyncio.sleep(rng.uniform(0.1, 0.5))  # What the strikes hit is left to chance.
        await world.fault(**rng.choice(STRIKES), account=rng.choice(accounts))  # type: ignore[arg-type]


async def _call(world: EngineWorld, left: object, rng: random.Random) -> None:
    """One caller: draws, works on what was drawn, and draws again."""
    grid: Task | None = None
    for _ in left:  # type: ignore[attr-defined]
        command: ImagineRequest | Change = ImagineRequest(rng.choice(PROMPTS))
        if grid is not None and rng.random() < 0.5:
            action = rng.choice([Action.UPSCALE, Action.VARIATION, Action.REROLL])
            command = Change(grid.id, action, rng.randrange(1, 5))
        try:
            task = await world.submit(command)
        except QueueFull:
            continue
        ended = await world.ended(task.id)
        is_grid = ended.status is Status.SUCCESS and ended.action is not Action.UPSCALE
        grid = ended if is_grid and rng.random() < 0.7 else grid


async def _judge(world: EngineWorld) -> None:
    tasks = await judged(world)
    print(Counter(f"{task.status} {task.failure.reason if task.failure else ''}" for task in tasks))  # noqa: T201
    assert sum(task.result is not None for task in tasks) > 0.8 * len(tasks)
