"""Following tasks: as they are now, then at each change, whatever happens to the connection.

A list tells how the tasks are; a watch from the list's revision brings what follows. A list of several pages is read
while the tasks go on, so a later page may contain a change that the watch still brings: the follower remembers at which
revision it read each task, and skips that change. When the server's history is gone, it lists again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc

from mjproxy.errors import ErrorDetails, NotFound, ServerError
from mjproxy.listing import task_pages
from mjproxy.terms import Status
from mjproxy.v1.task_service_pb2 import ListTasksRequest, TaskFilter, WatchFilter
from mjproxy.watch import Batch, Interrupted, Position, Reset, TaskWatch, WatchEvent

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Iterator

    from mjproxy.calls import Calls
    from mjproxy.channel import Metadata
    from mjproxy.v1.task_pb2 import Task
    from mjproxy.v1.task_service_pb2_grpc import TaskServiceAsyncStub

_UNFINISHED = tuple(status.number for status in Status if status.number and not status.ended)

# The largest page that the server gives, and the largest number of tasks that a filter may name.
_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Seen:
    """A task as it was at a revision."""

    task: Task
    revision: int


class Patience:
    """Bears interruptions of a watch, but not without end."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._since: float | None = None

    def interrupted(self, error: ServerError) -> None:
        """Notes an interruption; raises its error when the watch has been without a connection for too long."""
        if self._since is None:
            self._since = self._clock()
        if self._clock() - self._since > self._seconds:
            raise error

    def restored(self) -> None:
        """Notes that the watch is back."""
        self._since = None


class TaskFollower:
    """Follows some tasks that are named, or else those that have not ended and all new ones."""

    def __init__(
        self,
        stub: TaskServiceAsyncStub,
        calls: Calls,
        *,
        metadata: Metadata,
        patience: Patience,
        task_ids: Iterable[str] = (),
    ) -> None:
        """Prepares to follow.

        Args:
            stub: Where the tasks are.
            calls: Makes the list calls.
            metadata: What goes with the watch.
            patience: Says when a watch without a connection is given up.
            task_ids: The tasks to follow; none for all.
        """
        self._stub = stub
        self._calls = calls
        self._metadata = metadata
        self._patience = patience
        self._task_ids = frozenset(task_ids)
        self._unfinished: set[str] = set()
        self._read_at: dict[str, int] = {}

    async def follow(self) -> AsyncGenerator[Seen, None]:
        """Tells the tasks as they are, then each change, in the order of the revisions, without an end.

        After a gap in the server's history the tasks are told again, as they are then.

        Raises:
            NotFound: A named task does not exist, or was removed.
            ServerError: The server will not serve this, or could not be reached for too long.
        """
        position, present = await self._list()
        for seen in present:
            yield seen
        named = WatchFilter(ids=sorted(self._task_ids))
        async with TaskWatch(self._stub, watch_filter=named, after=position, metadata=self._metadata) as events:
            async for event in events:
                for seen in await self._told_by(event):
                    yield seen

    async def _told_by(self, event: WatchEvent) -> list[Seen]:
        if isinstance(event, Interrupted):
            self._patience.interrupted(event.error)
            return []
        self._patience.restored()
        if isinstance(event, Reset):
            _, present = await self._list(event.position.revision)
            return present
        return list(self._changed(event))

    async def _list(self, min_revision: int = 0) -> tuple[Position, list[Seen]]:
        """Reads the tasks, and the position behind which a watch misses nothing of them."""
        requests = [
            ListTasksRequest(filter=task_filter, page_size=_LIMIT, oldest_first=True, min_revision=min_revision)
            for task_filter in self._filters()
        ]
        pages = [page for request in requests async for page in task_pages(self._calls, self._stub, request)]
        present = {task.id: Seen(task, page.revision) for page in pages for task in page.tasks}
        for missing in self._task_ids - present.keys():
            raise _not_found(missing)
        self._read_at = {task_id: seen.revision for task_id, seen in present.items()}
        for seen in present.values():
            self._note(seen.task)
        return Position(pages[0].revision, pages[0].history_id), sorted(present.values(), key=lambda seen: seen.task.id)

    def _filters(self) -> Iterator[TaskFilter]:
        """What to list. Tasks that were unfinished when last seen may have ended in a gap: they are asked for by id."""
        if self._task_ids:
            yield TaskFilter(ids=sorted(self._task_ids))
            return
        yield TaskFilter(statuses=_UNFINISHED)
        if self._unfinished:
            yield TaskFilter(ids=sorted(self._unfinished)[:_LIMIT])

    def _changed(self, batch: Batch) -> Iterator[Seen]:
        for change in batch.changes:
            if change.HasField("task"):
                if change.revision > self._read_at.get(change.task.id, 0):
                    self._note(change.task)
                    yield Seen(change.task, change.revision)
            elif change.removed_task_id in self._task_ids:
                raise _not_found(change.removed_task_id)
            else:
                self._unfinished.discard(change.removed_task_id)

    def _note(self, task: Task) -> None:
        if Status.of(task.status).ended:
            self._unfinished.discard(task.id)
        else:
            self._unfinished.add(task.id)


def _not_found(task_id: str) -> NotFound:
    details = ErrorDetails(reason="TASK_NOT_FOUND", metadata={"task_id": task_id})
    return NotFound(
        f"there is no task {task_id} (any more), or it is another caller's", grpc.StatusCode.NOT_FOUND, details
    )
