"""The jobs of cancelled tasks: the bot is asked to stop them, and those that do not stop in time are given up.

Until then the task keeps its core, since its job does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.clock import now_ms
from mjproxy_server.engine.patience import PatientStore
from mjproxy_server.engine.workload import Workload
from mjproxy_server.model.facts import Cancelled
from mjproxy_server.model.task import Task

CANCEL_PATIENCE: Final = 30.0
"""Seconds that a job has to stop after its task was cancelled."""
CANCEL_PAUSE: Final = 0.5
"""Seconds until it is looked again whether a cancelled job can be stopped."""

Stop = Callable[[Task], Awaitable[bool]]
"""Asks the bot to stop a task's job; returns False if it is to be asked again."""


class Cancellations:
    """The cancellations that one account has to carry out.

    Args:
        workload: The account's tasks.
        stop: Asks the bot.
        store: The task log.
        clock: The time.
    """

    def __init__(self, workload: Workload, *, stop: Stop, store: PatientStore, clock: Clock) -> None:
        self._workload = workload
        self._stop = stop
        self._store = store
        self._clock = clock
        self._wanted = asyncio.Event()
        self._asked: set[str] = set()

    def notice(self, task: Task) -> None:
        """Looks at a task at work that may have been cancelled."""
        if task.cancel_requested_at:
            self._wanted.set()

    async def run(self) -> None:
        """Stops jobs until cancelled; what was cancelled before has its time from now."""
        began = now_ms(self._clock)
        while True:
            self._wanted.clear()
            cancelled = [task for task in self._workload.at_work.values() if task.cancel_requested_at]
            await self._carry_out(cancelled, began)
            if cancelled:
                await self._clock.sleep(CANCEL_PAUSE)
            else:
                await self._wanted.wait()

    async def _carry_out(self, cancelled: Sequence[Task], began: int) -> None:
        """Asks the bot once for each task to stop its job, unless its time is over."""
        self._asked &= {task.id for task in cancelled}
        for task in cancelled:
            if now_ms(self._clock) - max(began, task.cancel_requested_at) > CANCEL_PATIENCE * 1000:
                await self._store.record(task.id, Cancelled(now_ms(self._clock)))
            elif task.id not in self._asked and await self._stop(task):
                self._asked.add(task.id)
