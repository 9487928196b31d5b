"""Streams of task changes as server-sent events, each fed by a watch of its reader's own.

The server watches on behalf of the reader's key: it shows a reader what that key may see, and resumes where the reader
left off. Nothing is queued here: a message of the watch is sent before the next one is read. So a slow reader holds up
its own watch and nothing else, and takes the memory of a few messages, one here and some on the way; the server lets it
fall behind, and catches it up from the log.

What a reader gets::

    of one task     (reset task | task)* (task | removed), where the last one tells of the end
    of all tasks    (reset | task | removed)*

A `reset` says that what the reader knows may be stale, because it knows nothing yet, or because the server no longer
has the changes since it left. Every later change follows. What there is now, a stream of one task tells at once; a
reader of all tasks lists them.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final

import orjson

from mjproxy.v1.task_pb2 import TASK_STATUS_CANCELLED, TASK_STATUS_FAILURE, TASK_STATUS_SUCCESS, Task
from mjproxy.v1.task_service_pb2 import ListTasksRequest, TaskChange, TaskFilter, WatchFilter
from mjproxy.watch import Batch, Position, Reset, TaskWatch, WatchEvent
from mjproxy_rest.cache import TaskCache
from mjproxy_rest.event_stream import KEEP_ALIVE, end_id, event, place_id, progress
from mjproxy_rest.tasks import encode
from mjproxy_rest.upstream import Upstream

# The server's bookmarks, of which one comes every 15 seconds while nothing happens, keep a stream alive. This is for a
# server that is away, and longer, so that it does not cut a watch whose bookmark is under way.
KEEP_ALIVE_SECONDS: Final = 20.0

_ENDED: Final = frozenset({TASK_STATUS_SUCCESS, TASK_STATUS_FAILURE, TASK_STATUS_CANCELLED})


class LiveTasks:
    """Opens streams, and ends them when the shim stops.

    A stream is to be read and closed by one task. A read raises `mjproxy.errors.ServerError` when the server will not
    go on with it.
    """

    def __init__(
        self,
        upstream: Upstream,
        cache: TaskCache,
        encode: Callable[[Task], bytes] = encode,
        keep_alive: float = KEEP_ALIVE_SECONDS,
    ) -> None:
        """Prepares streams.

        Args:
            upstream: Where to watch.
            cache: What is to show nobody less than the readers of streams have seen.
            encode: Makes JSON of a task.
            keep_alive: Seconds of quiet after which a stream shows that it is alive.
        """
        self._upstream = upstream
        self._cache = cache
        self._encode = encode
        self._keep_alive = keep_alive
        self._waits: set[asyncio.Timeout] = set()
        self._closed = False

    def close(self) -> None:
        """Ends every stream. Its reader comes again, and misses nothing."""
        self._closed = True
        for wait in self._waits:
            if not wait.expired():
                wait.reschedule(0)

    async def of_task(self, key: str, task_id: str, after: Position | None) -> AsyncGenerator[bytes]:
        """Tells what becomes of one task until its end.

        Args:
            key: The reader's key.
            task_id: A task that the key may see.
            after: Where the reader left off; None for one that knows nothing.
        """
        async with aclosing(self._steps_of_task(key, task_id, after)) as steps:
            async for step in steps:
                yield self._told(step, of_one=True)
                if isinstance(step, Batch) and any(map(_is_last, step.changes)):
                    return

    async def of_all(self, key: str, state: str | None, after: Position | None) -> AsyncGenerator[bytes]:
        """Tells what becomes of all tasks of a caller, without an end.

        Args:
            key: The reader's key.
            state: Tells of tasks with exactly this state only; None for any.
            after: Where the reader left off; None for one that knows nothing.
        """
        async with aclosing(self._steps(key, WatchFilter(state=state), after)) as steps:
            async for step in steps:
                yield self._told(step, of_one=False)

    async def _steps_of_task(self, key: str, task_id: str, after: Position | None) -> AsyncGenerator[WatchEvent | None]:
        """Yields what `_steps` does, and behind each reset the task as it is, as a batch."""
        present = 0
        async with aclosing(self._steps(key, WatchFilter(ids=[task_id]), after)) as steps:
            async for step in steps:
                match step:
                    case Reset():
                        yield step
                        batch = await self._present(key, task_id)
                        present = batch.position.revision
                        yield batch
                    case Batch(changes, position) if position.revision > present:
                        yield Batch(tuple(change for change in changes if change.revision > present), position)
                    case _:
                        yield None

    async def _steps(
        self, key: str, watch_filter: WatchFilter, after: Position | None
    ) -> AsyncGenerator[WatchEvent | None]:
        """Yields what a watch tells until the streams are closed, and None for every while without anything."""
        async with self._upstream.watch(key, watch_filter, after) as watch:
            while not self._closed:
                yield await self._next(watch)

    async def _next(self, watch: TaskWatch) -> WatchEvent | None:
        wait = asyncio.timeout(self._keep_alive)
        try:
            async with wait:
                self._waits.add(wait)
                return await anext(watch)
        except TimeoutError:
            return None
        finally:
            self._waits.discard(wait)

    async def _present(self, key: str, task_id: str) -> Batch:
        """Returns the task as it is, as if it had just become so."""
        page = await self._upstream.list(key, ListTasksRequest(filter=TaskFilter(ids=[task_id])))
        change = (
            TaskChange(revision=page.revision, task=page.tasks[0])
            if page.tasks
            else TaskChange(revision=page.revision, removed_task_id=task_id)
        )
        return Batch((change,), Position(page.revision, page.history_id))

    def _told(self, step: WatchEvent | None, *, of_one: bool) -> bytes:
        match step:
            case Batch((), position):
                return progress(position)
            case Batch(changes, position):
                self._cache.overtake(changes, position.history_id)
                return b"".join(self._event(change, position.history_id, of_one=of_one) for change in changes)
            case Reset(position):
                # A reader that is cut off behind this has yet to be told the present state, and so has to begin anew.
                return event(b"{}", "" if of_one else place_id(position), "reset")
            case _:
                return KEEP_ALIVE

    def _event(self, change: TaskChange, history_id: str, *, of_one: bool) -> bytes:
        position = Position(change.revision, history_id)
        event_id = end_id(position) if of_one and _is_last(change) else place_id(position)
        if change.HasField("task"):
            return event(self._encode(change.task), event_id)
        return event(orjson.dumps({"id": change.removed_task_id}), event_id, "removed")


def _is_last(change: TaskChange) -> bool:
    """True if nothing that a reader waits for can become of the task any more."""
    return not change.HasField("task") or change.task.status in _ENDED
