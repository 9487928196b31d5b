"""TaskService: what callers do with tasks."""

import asyncio
from collections.abc import Iterator
from typing import Any, Final, NoReturn

from google.protobuf.timestamp_pb2 import Timestamp
from grpc import aio

from mjproxy.v1 import task_service_pb2 as pb
from mjproxy.v1 import task_service_pb2_grpc
from mjproxy_server.api import callers, pages
from mjproxy_server.api.interceptors import status_for
from mjproxy_server.api.requests_in import (
    account_filter,
    images,
    modal_request,
    revision_filter,
    submit_request,
    task_query,
)
from mjproxy_server.api.submissions_out import accepted, confirmed, error
from mjproxy_server.api.tasks_out import task_answer, task_message
from mjproxy_server.api.watch_responses import WatchResponses
from mjproxy_server.engine.clock import now_ms
from mjproxy_server.engine.engine import Engine
from mjproxy_server.engine.watching import Watch
from mjproxy_server.model.errors import InvalidField, TaskNotFound, Unavailable
from mjproxy_server.model.facts import CancelRequested
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Fault

LONGEST_WAIT_SECONDS: Final = 30.0
MOST_AT_ONCE: Final = 1_000
"""Commands in one call."""

Context = aio.ServicerContext[Any, Any]


class TaskServicer(task_service_pb2_grpc.TaskServiceServicer):
    """Answers the calls of TaskService; those that it lacks are answered with UNIMPLEMENTED."""

    def __init__(self, engine: Engine) -> None:
        self._store = engine.store
        self._tasks = engine.recent
        self._responses = WatchResponses(engine.store.history_id)
        self._clock = engine.clock
        self._submitter = engine.submitter
        self._hub = engine.hub
        self._fresh_links = engine.fresh_links
        self._seeds = engine.seeds
        self._uploads = engine.uploads

    async def SubmitTask(
        self,
        request: pb.SubmitTaskRequest,
        context: Context,
    ) -> pb.SubmitTaskResponse:
        """Accepts a command."""
        response = await self._accepted(request)
        await asyncio.sleep(0)  # All whom one commit has answered make their answers, then all are sent (`Store.turn`).
        return response

    async def SubmitTasks(self, request: pb.SubmitTasksRequest, context: Context) -> None:  # type: ignore[override]
        """Accepts commands, and answers each as soon as it is decided; what is decided at once is answered together."""
        left = len(request.requests)
        if left > MOST_AT_ONCE:
            raise InvalidField("requests", f"at most {MOST_AT_ONCE}, got {left}", Fault.TOO_MANY, most=MOST_AT_ONCE)
        decided: asyncio.Queue[pb.SubmitAnswer] = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            for index, each in enumerate(request.requests):
                group.create_task(self._decide(index, each, decided))
            while left:
                answers = [await decided.get(), *_rest(decided)]
                await context.write(pb.SubmitTasksResponse(answers=answers))
                left -= len(answers)

    async def _accepted(self, request: pb.SubmitTaskRequest) -> pb.SubmitTaskResponse:
        return accepted(await self._submitter.submit(submit_request(request, callers.current())))

    async def _decide(self, index: int, request: pb.SubmitTaskRequest, decided: asyncio.Queue[pb.SubmitAnswer]) -> None:
        try:
            answer = pb.SubmitAnswer(index=index, accepted=await self._accepted(request))
        except Exception as refused:  # noqa: BLE001 - whatever it is, the others are answered, too
            answer = pb.SubmitAnswer(index=index, error=error(status_for(refused, "SubmitTasks")))
        decided.put_nowait(answer)

    async def SubmitModal(self, request: pb.SubmitModalRequest, context: Context) -> pb.SubmitModalResponse:
        """Confirms a task in status MODAL."""
        return confirmed(await self._submitter.confirm(modal_request(request, callers.current())))

    async def CancelTask(self, request: pb.CancelTaskRequest, context: Context) -> pb.CancelTaskResponse:
        """Cancels a task."""
        await self._visible(request.id)
        await self._store.record(request.id, CancelRequested(now_ms(self._clock)))
        task, revision = await self._visible(request.id)
        return pb.CancelTaskResponse(task=task_message(task), revision=revision)

    async def GetImageUrl(self, request: pb.GetImageUrlRequest, context: Context) -> pb.GetImageUrlResponse:
        """Returns a link to a task's picture that can be fetched now."""
        task, _ = await self._visible(request.id)
        link = await self._fresh_links.find(task)
        expire_time = Timestamp(seconds=link.expires_at) if link.expires_at is not None else None
        return pb.GetImageUrlResponse(url=link.url, expire_time=expire_time)

    async def GetImageSeed(self, request: pb.GetImageSeedRequest, context: Context) -> pb.GetImageSeedResponse:
        """Finds the seed of a finished picture."""
        task, _ = await self._visible(request.id)
        seed = await self._seeds.find(task)
        _, revision = await self._visible(request.id)
        return pb.GetImageSeedResponse(seed=seed, revision=revision)

    async def UploadImages(self, request: pb.UploadImagesRequest, context: Context) -> pb.UploadImagesResponse:
        """Uploads images and answers their URLs."""
        wanted = account_filter("account_filter", request.account_filter)
        return pb.UploadImagesResponse(urls=await self._uploads.upload(images("images", request.images), wanted))

    async def GetTask(self, request: pb.GetTaskRequest, context: Context) -> bytes:  # type: ignore[override]
        """Reads one task."""
        await self._reach(request.min_revision)
        task, revision = await self._visible(request.id)
        return task_answer(task) + pb.GetTaskResponse(revision=revision).SerializeToString()

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

    async def WatchTasks(  # type: ignore[override]  # The stubs know generators only.
        self,
        request: pb.WatchTasksRequest,
        context: Context,
    ) -> None:
        """Streams task changes.

        What is told is written by a task of its own: each step of it would pass through all that gRPC has around this
        method otherwise, and thousands of watchers would pay for that.
        """
        wants = revision_filter(request.filter, callers.current())
        if request.after_revision < 0:
            raise InvalidField("after_revision", f"must not be negative, got {request.after_revision}")
        after = request.after_revision if request.HasField("after_revision") else None
        watch = await self._hub.watch(after, request.history_id, wants)
        await asyncio.create_task(self._tell(watch, context), name="watch")

    async def _tell(self, watch: Watch, context: Context) -> NoReturn:
        """Writes what a watcher is told, until the server stops."""
        await context.write(self._responses.bookmark(watch.position))
        while not self._hub.closed:
            revisions = await watch.next()
            for response in self._responses.of(revisions, watch.position):
                await context.write(response)
        raise Unavailable("The server is stopping; resume the watch on another one, or in a moment.")

    async def _visible(self, task_id: str) -> tuple[Task, int]:
        """Returns a task that the caller may see, and the revision it was read at."""
        found = await self._tasks.get(task_id)
        if found is None or callers.current().sees not in {None, found[0].caller}:
            raise TaskNotFound(task_id)
        return found

    async def _reach(self, min_revision: int) -> None:
        """Waits for a revision that another answer has named; the caller's deadline usually ends it before ours."""
        if min_revision <= self._store.head:
            return
        try:
            async with asyncio.timeout(LONGEST_WAIT_SECONDS):
                await self._store.wait_for(min_revision)
        except TimeoutError:
            raise Unavailable(f"Revision {min_revision} was not reached in time; ask again.") from None


def _rest(decided: asyncio.Queue[pb.SubmitAnswer]) -> Iterator[pb.SubmitAnswer]:
    while not decided.empty():
        yield decided.get_nowait()
