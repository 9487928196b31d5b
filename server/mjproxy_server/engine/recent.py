"""The tasks that were changed or read lately, in memory: most of what is asked for is one of them.

They are kept up to date by the task log. A task that is read from the store is kept only if that read saw exactly what
the log has told: then every later change of it will be told, and what is kept is never older than the revision that it
is shown with.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from mjproxy_server.model.task import Task
from mjproxy_server.store.interface import Revision, Store

MOST: Final = 2_000
"""Of some 5 kB each."""


class RecentTasks:
    """Reads tasks.

    Args:
        store: The tasks.
        most: How many are kept.
    """

    def __init__(self, store: Store, *, most: int = MOST) -> None:
        self._store = store
        self._most = most
        self._tasks: OrderedDict[str, Task] = OrderedDict()
        store.subscribe(self._follow)

    async def get(self, task_id: str) -> tuple[Task, int] | None:
        """Returns a task and the revision at which it is so, or None if there is no such task."""
        if task := self._tasks.get(task_id):
            self._tasks.move_to_end(task_id)
            return task, self._store.head
        found = await self._store.get(task_id)
        if found and found[1] == self._store.head:
            self._keep(found[0])
        return found

    def _follow(self, revisions: Sequence[Revision]) -> None:
        for revision in revisions:
            if revision.removed:
                self._tasks.pop(revision.task_id, None)
            else:
                self._keep(revision.subject)

    def _keep(self, task: Task) -> None:
        self._tasks[task.id] = task
        self._tasks.move_to_end(task.id)
        if len(self._tasks) > self._most:
            self._tasks.popitem(last=False)
