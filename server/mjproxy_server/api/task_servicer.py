"""TaskService: what callers do with tasks."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from grpc import aio

from mjproxy.v1 import task_service_pb2 as pb
from mjproxy.v1 import task_service_pb2_grpc
from mjproxy_server.api import callers, pages
from mjproxy_server.api.requests_in import RevisionFilter, revision_filter, submit_request, task_query
from mjproxy_server.api.tasks_out import task_message
from mjproxy_server.engine.submission import Submitter
from mjproxy_server.engine.watching import WatchHub
from mjproxy_server.model.errors import InvalidField, TaskNotFound, Unavailable
from mjproxy_server.store.interface import Admission, Revision, Store

BOOKMARK_SECONDS: Final = 15.0
LARGEST_MESSAGE: Final = 1 << 20
LONGEST_WAIT_SECONDS: Final = 30.0

Context = aio.ServicerContext[Any, Any]


class TaskServicer(task_service_pb2_grpc.TaskServiceServicer):
    """Answers the calls of TaskService; those that it lacks are answered with UNIMPLEMENTED."""

    def __init__(self, *, store: Store, submitter: Submitter, hub: WatchHub) -> None:
        self._store = store
        self._submitter = submitter
        self._hub = hub

    async def SubmitTask(
        self,
        request: pb.SubmitTaskRequest,
        context: Context,
    ) -> pb.SubmitTaskResponse:
        """Accepts a command."""
        return _accepted(await self._submitter.submit(submit_request(request, callers.current())))

    async def GetTask(self, request: pb.GetTaskRequest, context: Context) -> pb.GetTaskResponse:
        """Reads one task."""
        await self._reach(request.min_revision)
        found = await self._store.get(request.id)
        sees = callers.current().sees
        if found is None or sees not in {None, found[0].caller}:
            raise TaskNotFound(request.id)
        task, revision = found
        return pb.GetTaskResponse(task=task_message(task), revision=revision)

    async def ListTasks(
        self,
        request: pb.ListTasksRequest,
        context: Context,
    ) -> pb.ListTasksResponse:
        """Reads a page of tasks."""
        query = task_query(request, callers.current())
        await self._reach(request.min_revision)
        listing = await self._store.list(query)
        return pb.ListTasksResponse(
            tasks=[task_message(task) for task in listing.tasks],
            next_page_token=pages.token(request, listing.tasks[-1].id) if listing.more else "",
            revision=listing.revision,
            history_id=self._store.history_id,
        )

    async def WatchTasks(
        self,
        request: pb.WatchTasksRequest,
        context: Context,
    ) -> AsyncIterator[pb.WatchTasksResponse]:
        """Streams task changes."""
        lets_through = revision_filter(request.filter, callers.current())
        if request.after_revision < 0:
            raise InvalidField("after_revision", f"must not be negative, got {request.after_revision}")
        after = request.after_revision if request.HasField("after_revision") else None
        position = await self._hub.start(after, request.history_id)
        yield self._response((), position)
        while True:
            revisions, position = await self._next(position, lets_through)
            for response in self._responses(revisions, position):
                yield response

    async def _next(self, position: int, lets_through: RevisionFilter) -> tuple[list[Revision], int]:
        """Returns what the filter lets through of the next revisions; nothing, for a bookmark, after some idle time."""
        try:
            async with asyncio.timeout(BOOKMARK_SECONDS):
                while True:
                    await self._hub.wait(position)
                    revisions = await self._hub.read(position)
                    position = revisions[-1].number
                    wanted = [revision for revision in revisions if lets_through(revision)]
                    if wanted:
                        return wanted, position
        except TimeoutError:
            return [], position

    def _responses(self, revisions: Sequence[Revision], position: int) -> list[pb.WatchTasksResponse]:
        """Packs changes into as few messages as their size allows; the last one carries the position."""
        responses, response, size = [], self._response((), position), 0
        for revision in revisions:
            change = _change(revision)
            size += change.ByteSize()
            if size > LARGEST_MESSAGE and response.changes:
                response.revision = response.changes[-1].revision
                responses.append(response)
                response, size = self._response((), position), change.ByteSize()
            response.changes.append(change)
        return [*responses, response]

    def _response(self, changes: Sequence[pb.TaskChange], revision: int) -> pb.WatchTasksResponse:
        return pb.WatchTasksResponse(changes=changes, revision=revision, history_id=self._store.history_id)

    async def _reach(self, min_revision: int) -> None:
        """Waits for a revision that another answer has named; the caller's deadline usually ends it before ours."""
        if min_revision <= self._store.head:
            return
        try:
            async with asyncio.timeout(LONGEST_WAIT_SECONDS):
                await self._store.wait_for(min_revision)
        except TimeoutError:
            raise Unavailable(f"Revision {min_revision} was not reached in time; ask again.") from None


def _accepted(admission: Admission) -> pb.SubmitTaskResponse:
    waits = admission.queue_position
    ahead = f"In queue, there {'is 1 task' if waits == 1 else f'are {waits} tasks'} ahead"
    return pb.SubmitTaskResponse(
        tasks=[task_message(admission.task)],
        code=pb.SUBMIT_CODE_IN_QUEUE if waits else pb.SUBMIT_CODE_SUCCESS,
        description=ahead if waits else "Submitted",
        queue_position=waits,
        deduplicated=admission.deduplicated,
        revision=admission.revision,
    )


def _change(revision: Revision) -> pb.TaskChange:
    if revision.removed:
        return pb.TaskChange(revision=revision.number, removed_task_id=revision.task_id)
    return pb.TaskChange(revision=revision.number, task=task_message(revision.subject))
