"""The workload of one account: which of its tasks wait, in their order, and which are at work. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum, auto
from types import MappingProxyType

from msgspec.structs import replace

from mjproxy_server.engine.recovery import is_begun
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Status


class News(Enum):
    """What a newer version of a task tells of it."""

    WAITING = auto()
    """It does not hold a core, and did not before."""
    LEARNED = auto()
    """It is at work, and more is known of it."""
    REPORTED = auto()
    """It is at work, and no more is known than how far its job is."""
    PUT_BACK = auto()
    """Its job has failed, and it waits for its second chance: its core is free."""
    ENDED = auto()
    """Its core is free."""


class Workload:
    """The tasks of one account by their ids, as the task log told of them last.

    Times are seconds of a clock that is never set.

    Attributes:
        waiting: The tasks that wait, in their order.
        at_work: The tasks that hold a core.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, Task] = {}
        self._at_work: dict[str, Task] = {}
        self._heard_at: dict[str, float] = {}  # Their last signs of life.
        self.waiting: Mapping[str, Task] = MappingProxyType(self._waiting)
        self.at_work: Mapping[str, Task] = MappingProxyType(self._at_work)

    def take_over(self, unfinished: Sequence[Task], now: float) -> None:
        """Goes on with the tasks of an earlier process: those that are begun keep their cores."""
        self._requeue(task for task in unfinished if not is_begun(task))
        for task in filter(is_begun, unfinished):
            self._begin(task, now)

    def follow(self, task: Task, now: float, *, removed: bool = False) -> News:
        """Takes note of a newer version of a task.

        Args:
            task: The task.
            now: The time.
            removed: Whether the account has the task no more.
        """
        if removed or task.status.ended:
            self.withdraw(task.id)
            return News.ENDED if self._finish(task.id) else News.WAITING
        if task.id in self._at_work:
            return self._put_back(task) if task.trace.failed else self._update(task, now)
        if task.status is Status.NOT_START:
            self._waiting[task.id] = task  # One that waits keeps its place.
        return News.WAITING

    def claim(self, cores: int, may_start: Callable[[Task], bool], now: float) -> Task | None:
        """Gives a core to the first waiting task that may start, if one of so many is free; returns the task."""
        if len(self._at_work) >= cores:
            return None
        task = next(filter(may_start, self._waiting.values()), None)
        if task is not None:
            self._begin(task, now)
        return task

    def withdraw(self, task_id: str) -> bool:
        """Takes a waiting task back; returns False if it does not wait."""
        return self._waiting.pop(task_id, None) is not None

    def silent_since(self, moment: float) -> list[Task]:
        """Returns the tasks at work that once gave a sign of life, and none since a moment."""
        return [task for task in self._at_work.values() if task.trace.last_sign_at and self._heard_at[task.id] < moment]

    def _begin(self, task: Task, now: float) -> None:
        self._waiting.pop(task.id, None)
        self._at_work[task.id] = task
        self._heard_at[task.id] = now

    def _update(self, task: Task, now: float) -> News:
        """Takes note of a newer version of a task at work, and of the sign of life that it may tell."""
        before = self._at_work[task.id]
        if task.trace.last_sign_at != before.trace.last_sign_at:
            self._heard_at[task.id] = now
        self._at_work[task.id] = task
        return News.REPORTED if _is_report(before, task) else News.LEARNED

    def _put_back(self, task: Task) -> News:
        """Lets a task whose job has failed wait for its second chance, before those that have had none."""
        self._finish(task.id)
        self._requeue([task])
        return News.PUT_BACK

    def _finish(self, task_id: str) -> bool:
        """Takes a task's core back; returns False if it had none."""
        if self._at_work.pop(task_id, None) is None:
            return False
        del self._heard_at[task_id]
        return True

    def _requeue(self, tasks: Iterable[Task]) -> None:
        """Lets tasks wait, those that were begun before at the head."""
        for task in tasks:
            self._waiting[task.id] = task
        ordered = sorted(self._waiting.values(), key=_rank)
        self._waiting.clear()
        self._waiting.update((task.id, task) for task in ordered)


def _is_report(before: Task, task: Task) -> bool:
    """Tells whether the newer version of a task differs in nothing but how far its job is, and in the sign of life."""
    trace = replace(before.trace, last_sign_at=task.trace.last_sign_at)
    return task == replace(before, progress=task.progress, picture=task.picture, trace=trace)


def _rank(task: Task) -> tuple[bool, str]:
    """Those that were begun before come first, the oldest of them at the head; the others keep their order."""
    return not task.trace.failed, task.id if task.trace.failed else ""
