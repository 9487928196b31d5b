"""An engine that is stopped again and again, at any moment and without notice: nothing is lost, nothing paid twice.

In short form by `make test`, in full by `make soak`; a seed that is printed makes a run again.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from mjproxy_server.engine.requests import FollowUp, ImagineRequest, NewCommand
from mjproxy_server.model.command import Change, Press
from mjproxy_server.model.errors import DomainError
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Action, Reason, Status
from mjproxy_server.store.interface import TaskQuery
from tests.server.engine.engine_world import EngineWorld
from tests.server.engine.judging import judged
from tests.server.engine.restarts import running_restarts
from tests.server.engine.test_remix import remixable

FULL = bool(os.environ.get("MJPROXY_SOAK"))
STOPS = 100 if FULL else 6
PROMPTS = ("a cat", "a cat --ar 2:3", "a dog", "a lighthouse in fog", "a fox, in the snow")
ALWAYS: Final[Sequence[dict[str, Any]]] = (
    {"name": "interaction_lost_answer", "probability": 0.1, "status": 502},
    {"name": "interaction_lost_answer", "probability": 0.1},
    {"name": "http_latency", "probability": 0.2, "seconds": 0.1},
    {"name": "gateway_latency", "probability": 0.1, "seconds": 0.05},
    {"name": "duplicate_dispatch", "probability": 0.05},
    {"name": "interaction_status", "probability": 0.05, "status": 429, "retry_after": 0.3},
)
MEANWHILE = ({"name": "op9", "resumable": False}, {"name": "invalidate_session"}, {"name": "close_code", "code": 4000})


@pytest.mark.soak
@pytest.mark.timeout(3600 if FULL else 240)
@pytest.mark.parametrize("profile", [2026, 2023])
async def test_whatever_an_engine_was_about_the_next_one_goes_on_with_it(tmp_path: Path, profile: int) -> None:
    seed = int(os.environ.get("MJPROXY_SEED", "0")) or random.SystemRandom().randrange(1 << 32)
    print(f"MJPROXY_SEED={seed}")  # noqa: T201 - makes the run again
    rng = random.Random(seed)
    settings = {"accounts": 3, "core_size": 4, "queue_size": 10, "limits": {"identify_window": 0}}
    async with running_restarts(tmp_path, speed=50, clock_factor=10, profile=profile, **settings) as restarts:
        accepted: set[str] = set()
        for _ in range(STOPS):
            async with restarts.abandoned() as world:
                await _trouble(world, rng)
                calling = asyncio.create_task(_call(world, rng, accepted))
                await asyncio.sleep(rng.uniform(0.05, 2.5))  # Where it is stopped is left to chance.
                calling.cancel()
            if rng.random() < 0.3:
                (await restarts.control.post("/control/faults", json=rng.choice(MEANWHILE))).raise_for_status()
        await restarts.control.delete("/control/faults")
        async with restarts.stopped() as world:
            await _see_the_end_of_all(world)
            tasks = await judged(world)
            print(Counter(f"{task.status} {task.failure.reason if task.failure else ''}" for task in tasks))  # noqa: T201
            assert accepted <= {task.id for task in tasks}
            assert not any(task.failure and task.failure.reason is Reason.INTERRUPTED for task in tasks)


async def _see_the_end_of_all(world: EngineWorld) -> None:
    """Waits for every task, those too whose callers were cut off; nobody will confirm those that wait for that."""
    for task in (await world.engine.store.list(TaskQuery(limit=100_000))).tasks:
        if task.status is Status.MODAL:
            await world.cancel(task.id)
        await world.ended(task.id)


async def _trouble(world: EngineWorld, rng: random.Random) -> None:
    await world.control.delete("/control/faults")
    for fault in ALWAYS:
        await world.fault(**{"count": None, **fault})
    for account in (await world.control.get("/control/accounts")).json():
        await world.control.patch(f"/control/accounts/{account['user_id']}", json={"remix": rng.random() < 0.5})


async def _call(world: EngineWorld, rng: random.Random, accepted: set[str]) -> None:
    """Submits without end, as fast as the queues let it."""
    while True:
        parents = (await world.engine.store.list(TaskQuery(statuses=frozenset({Status.SUCCESS}), limit=30))).tasks
        try:
            task = await world.submit(_command(rng, parents))
            if task.status is Status.MODAL:
                task = await world.confirm(task.id)
            accepted.add(task.id)
        except DomainError:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.02)


def _command(rng: random.Random, parents: tuple[Task, ...]) -> NewCommand | FollowUp:
    grids = [task for task in parents if task.action is not Action.UPSCALE]
    if not grids or rng.random() < 0.5:
        return ImagineRequest(rng.choice(PROMPTS))
    grid = rng.choice(grids)
    if rng.random() < 0.5 and (buttons := remixable(grid)):
        return Press(grid.id, rng.choice(buttons))
    return Change(grid.id, rng.choice([Action.UPSCALE, Action.VARIATION, Action.REROLL]), rng.randrange(1, 5))
