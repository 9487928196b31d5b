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
        self._ends: dict[str, float] = {}  # By a clock that is never set, by the tasks' ids.

    def notice(self, task: Task) -> None:
        """Looks at a task at work that may have been cancelled."""
        if task.cancel_requested_at:
            self._wanted.set()

    async def run(self) -> None:
        """Stops jobs until cancelled; what was cancelled before has its time from now."""
        while True:
            self._wanted.clear()
            cancelled = [task for task in self._workload.at_work.values() if task.cancel_requested_at]
            await self._carry_out(cancelled)
            if cancelled:
                await self._clock.sleep(CANCEL_PAUSE)
            else:
                await self._wanted.wait()

    async def _carry_out(self, cancelled: Sequence[Task]) -> None:
        """Asks the bot once for each task to stop its job, unless its time is over."""
        now = self._clock.monotonic()
        self._ends = {task.id: self._ends.get(task.id, now + CANCEL_PATIENCE) for task in cancelled}
        self._asked &= self._ends.keys()
        for task in cancelled:
            if now > self._ends[task.id]:
                await self._store.record(task.id, Cancelled(now_ms(self._clock)))
            elif task.id not in self._asked and await self._stop(task):
                self._asked.add(task.id)
