"""Jobs of cancelled tasks: the bot is asked until it can be, and a job that does not stop is given up in time."""

from __future__ import annotations

import asyncio

import pytest

from mjproxy_server.engine.cancellations import CANCEL_PATIENCE, CANCEL_PAUSE, Cancellations
from mjproxy_server.engine.clock import now_ms
from mjproxy_server.engine.patience import PatientStore
from mjproxy_server.engine.workload import Workload
from mjproxy_server.model.facts import CancelRequested, Sending, Taken
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Status
from mjproxy_server.store.interface import Store
from tests.server.discord.discord_clock import VirtualClock
from tests.server.engine.test_watching import submit


class Bot:
    """A bot that can be asked to stop a job at the third try only, and never does so."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def stop(self, task: Task) -> bool:
        self.asked.append(task.id)
        return len(self.asked) >= 3


@pytest.mark.parametrize(
    "seconds_ago", [0, 3600, -3600], ids=["just now", "while no server ran", "before the clock was set back"]
)
async def test_a_job_is_stopped_once_and_given_up_when_its_time_is_over(store: Store, seconds_ago: int) -> None:
    clock, bot, task_id = VirtualClock(), Bot(), await submit(store)
    requested_at = now_ms(clock) - seconds_ago * 1000
    cancelled = await store.record(task_id, Sending(1, "77"), Taken(2, "77"), CancelRequested(requested_at))
    assert cancelled is not None
    workload = Workload()
    workload.take_over([cancelled], clock.monotonic())
    cancellations = Cancellations(workload, stop=bot.stop, store=PatientStore(store, clock), clock=clock)
    running = asyncio.create_task(cancellations.run())
    for _ in range(int(CANCEL_PATIENCE / CANCEL_PAUSE)):
        await clock.skip()
    await clock.until_asleep()
    assert bot.asked == [task_id] * 3
    assert await status(store, task_id) is Status.SUBMITTED
    await clock.skip()
    await clock.until_asleep()
    assert await status(store, task_id) is Status.CANCELLED
    running.cancel()
    await asyncio.wait({running})


async def status(store: Store, task_id: str) -> Status:
    read = await store.get(task_id)
    assert read is not None
    return read[0].status
