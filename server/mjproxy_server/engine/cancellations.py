"""The jobs of cancelled tasks: the bot is asked to stop them, and those that do not stop in time are given up.

Until then the task keeps its core, since its job does. What is to be done is decided by `Cancelling`, which is pure.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from enum import Enum, auto
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


class Due(Enum):
    """What is to be done about a cancelled task that is at work."""

    STOP = auto()
    """The bot is to be asked to stop its job."""
    WAIT = auto()
    """The bot was asked."""
    GIVE_UP = auto()
    """Its job has not stopped in time."""


class Cancelling:
    """What is to be done about the cancelled tasks of one account, and when. Pure.

    Times are seconds of a clock that is never set. A job has its time from when it is first looked at, since the
    process that was asked to cancel it may be gone.
    """

    def __init__(self) -> None:
        self._asked: set[str] = set()
        self._ends: dict[str, float] = {}

    def due(self, at_work: Iterable[Task], now: float) -> list[tuple[Task, Due]]:
        """Returns what is to be done about those tasks at work that were cancelled; nothing more until `CANCEL_PAUSE`.

        Args:
            at_work: The account's tasks at work.
            now: The time.
        """
        cancelled = [task for task in at_work if task.cancel_requested_at]
        self._ends = {task.id: self._ends.get(task.id, now + CANCEL_PATIENCE) for task in cancelled}
        self._asked &= self._ends.keys()
        return [(task, self._due(task.id, now)) for task in cancelled]

    def note_asked(self, task: Task) -> None:
        """Takes note that the bot was asked to stop a task's job."""
        self._asked.add(task.id)

    def _due(self, task_id: str, now: float) -> Due:
        if now > self._ends[task_id]:
            return Due.GIVE_UP
        return Due.WAIT if task_id in self._asked else Due.STOP


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
        self._cancelling = Cancelling()

    def notice(self, task: Task) -> None:
        """Looks at a task at work that may have been cancelled."""
        if task.cancel_requested_at:
            self._wanted.set()

    async def run(self) -> None:
        """Stops jobs until cancelled."""
        while True:
            self._wanted.clear()
            due = self._cancelling.due(self._workload.at_work.values(), self._clock.monotonic())
            for task, what in due:
                await self._carry_out(task, what)
            if due:
                await self._clock.sleep(CANCEL_PAUSE)
            else:
                await self._wanted.wait()

    async def _carry_out(self, task: Task, due: Due) -> None:
        match due:
            case Due.GIVE_UP:
                await self._store.record(task.id, Cancelled(now_ms(self._clock)))
            case Due.STOP if await self._stop(task):
                self._cancelling.note_asked(task)
