"""The workload of one account: which of its tasks wait, in their order, and which are at work."""

import asyncio
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from msgspec.structs import replace

from mjproxy_server.discord.timing import Clock
from mjproxy_server.model.task import Task


class Workload:
    """The tasks of one account by their ids, as the task log told of them last.

    Args:
        clock: The time.

    Attributes:
        waiting: The tasks that wait, in their order.
        at_work: The tasks that hold a core.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[str, Task] = {}
        self._at_work: dict[str, Task] = {}
        self._heard_at: dict[str, float] = {}  # Their last signs of life, by the clock that is never set.
        self._idle = asyncio.Event()
        self._idle.set()
        self.waiting: Mapping[str, Task] = MappingProxyType(self._waiting)
        self.at_work: Mapping[str, Task] = MappingProxyType(self._at_work)

    def queue(self, task: Task) -> None:
        """Lets a task wait behind the others; one that waits keeps its place."""
        self._waiting[task.id] = task

    def requeue(self, tasks: Iterable[Task]) -> None:
        """Lets tasks wait, those that were begun before at the head."""
        for task in tasks:
            self._waiting[task.id] = task
        ordered = sorted(self._waiting.values(), key=_rank)
        self._waiting.clear()
        self._waiting.update((task.id, task) for task in ordered)

    def withdraw(self, task_id: str) -> bool:
        """Takes a waiting task back; returns False if it does not wait."""
        return self._waiting.pop(task_id, None) is not None

    def begin(self, task: Task) -> None:
        """Gives a task a core, whether it waited or not."""
        self._waiting.pop(task.id, None)
        self._at_work[task.id] = task
        self._heard_at[task.id] = self._clock.monotonic()
        self._idle.clear()

    def update(self, task: Task) -> bool:
        """Takes note of a newer version of a task at work, and of the sign of life that it may tell.

        Returns:
            False if it tells no more than that, and how far the job is.
        """
        before = self._at_work[task.id]
        if task.trace.last_sign_at != before.trace.last_sign_at:
            self._heard_at[task.id] = self._clock.monotonic()
        self._at_work[task.id] = task
        return not _is_report(before, task)

    def finish(self, task_id: str) -> bool:
        """Takes a task's core back; returns False if it had none."""
        if self._at_work.pop(task_id, None) is None:
            return False
        del self._heard_at[task_id]
        if not self._at_work:
            self._idle.set()
        return True

    def silent_since(self, moment: float) -> list[Task]:
        """Returns the tasks at work that once gave a sign of life, and none since a moment of the steady clock."""
        return [task for task in self._at_work.values() if task.trace.last_sign_at and self._heard_at[task.id] < moment]

    async def wait_until_idle(self) -> None:
        """Returns when nothing is at work."""
        await self._idle.wait()


def _is_report(before: Task, task: Task) -> bool:
    """Tells whether the newer version of a task differs in nothing but how far its job is, and in the sign of life."""
    trace = replace(before.trace, last_sign_at=task.trace.last_sign_at)
    return task == replace(before, progress=task.progress, picture=task.picture, trace=trace)


def _rank(task: Task) -> tuple[bool, str]:
    """Those that were begun before come first, the oldest of them at the head; the others keep their order."""
    return not task.trace.failed, task.id if task.trace.failed else ""
