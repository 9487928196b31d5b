"""When an account's health is told of: as a rest or pause ends, by a clock that the test moves, and as it is held."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from mjproxy_server.engine.condition import FIRST_REST, PATIENCE, Condition
from mjproxy_server.engine.health import Health
from mjproxy_server.model.command import Imagine
from mjproxy_server.model.facts import Failed
from mjproxy_server.model.task import Failure, Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Action, Reason
from tests.server.discord.discord_clock import VirtualClock

TASK = Task(id="1", account_id="11", action=Action.IMAGINE, command=Imagine("a cat"), description="", submitted_at=0)
REFUSED = transition(TASK, Failed(1, Failure(Reason.DISCORD_REFUSED, "", "")))


def rest(health: Health) -> None:
    for _ in range(PATIENCE):
        health.heed_end(REFUSED)


def pause(health: Health) -> None:
    health.pause(20)


def test_the_beginning_of_a_pause_is_told() -> None:
    told: list[bool] = []
    condition = Condition()
    health = Health("11", condition, clock=VirtualClock(), on_change=lambda: told.append(condition.fit(0.0)))
    pause(health)
    assert told == [False]


@pytest.mark.parametrize(("begin", "seconds"), [(rest, FIRST_REST), (pause, 20)])
async def test_the_end_of_a_rest_or_pause_is_told(begin: Callable[[Health], None], seconds: float) -> None:
    clock, condition, told = VirtualClock(), Condition(), asyncio.Event()
    health = Health("11", condition, clock=clock, on_change=told.set)
    running = asyncio.create_task(health.run())
    begin(health)
    assert not condition.fit(clock.monotonic())
    told.clear()
    await clock.until_asleep()
    assert not told.is_set()
    assert await clock.skip() == seconds
    async with asyncio.timeout(5):
        await told.wait()
    assert condition.fit(clock.monotonic())
    running.cancel()
    await asyncio.wait({running})
