"""A server on a real socket that keeps tasks, their log and accounts, but does with them only what a test says."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn, Self, TypeVar

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from grpc_status import rpc_status

from mjproxy.v1.account_pb2 import Account
from mjproxy.v1.account_service_pb2 import (
    GetAccountRequest,
    GetAccountResponse,
    ListAccountsRequest,
    ListAccountsResponse,
)
from mjproxy.v1.account_service_pb2_grpc import AccountServiceServicer, add_AccountServiceServicer_to_server
from mjproxy.v1.task_pb2 import (
    ACTION_IMAGINE,
    BOT_TYPE_MIDJOURNEY,
    TASK_STATUS_CANCELLED,
    TASK_STATUS_IN_PROGRESS,
    Task,
)
from mjproxy.v1.task_service_pb2 import (
    SUBMIT_CODE_NOT_FOUND,
    CancelTaskRequest,
    CancelTaskResponse,
    GetImageSeedRequest,
    GetImageSeedResponse,
    GetImageUrlRequest,
    GetImageUrlResponse,
    GetTaskRequest,
    GetTaskResponse,
    ListTasksRequest,
    ListTasksResponse,
    SubmitRefusal,
    SubmitTaskRequest,
    SubmitTaskResponse,
    TaskChange,
    UploadImagesRequest,
    UploadImagesResponse,
    WatchFilter,
    WatchTasksRequest,
    WatchTasksResponse,
)
from mjproxy.v1.task_service_pb2_grpc import TaskServiceServicer, add_TaskServiceServicer_to_server

HISTORY = "the-history"

Context = grpc.aio.ServicerContext[Any, Any]
Answer = SubmitTaskResponse | GetImageSeedResponse | UploadImagesResponse
_Answer = TypeVar("_Answer", bound=Message)


def running(task_id: str, progress: int = 0, caller: str = "") -> Task:
    return Task(
        id=task_id,
        action=ACTION_IMAGINE,
        status=TASK_STATUS_IN_PROGRESS,
        bot_type=BOT_TYPE_MIDJOURNEY,
        progress=progress,
        caller=caller,
    )


@dataclass
class Refusal:
    """A refusal to answer a submission with."""

    status: grpc.StatusCode
    reason: str = ""
    message: str = ""
    refusal: SubmitRefusal | None = None
    metadata: dict[str, str] = field(default_factory=dict)

    def rich_status(self) -> Any:  # noqa: ANN401 - the type has no stubs
        details = [
            ErrorInfo(reason=self.reason, domain="mjproxy", metadata=self.metadata),
            self.refusal or SubmitRefusal(),
        ]
        packed = [AnyMessage() for _ in details]
        for box, detail in zip(packed, details, strict=True):
            box.Pack(detail)
        kept = packed if self.refusal else packed[:1]
        return rpc_status.to_status(Status(code=self.status.value[0], message=self.message, details=kept))


_TOO_MANY_IDS = Refusal(
    grpc.StatusCode.INVALID_ARGUMENT,
    "INVALID_FIELD",
    "filter.ids: at most 1000, got 1001",
    SubmitRefusal(field="filter.ids"),
    {"fault": "TOO_MANY", "most": "1000"},
)


@dataclass
class ScriptedServer(TaskServiceServicer, AccountServiceServicer):
    """Answers submissions, seeds and uploads with what `answers` holds, and reads from its tasks and accounts.

    With `keys` (key -> caller's name, "" for one who sees all), others are refused and callers see their own tasks.
    Calls of the methods in `faulty` end in a fault.
    """

    answers: deque[Answer | Refusal] = field(default_factory=deque)
    keys: dict[str, str] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    accounts: list[Account] = field(default_factory=list)
    log: list[TaskChange] = field(default_factory=list)
    submitted: list[SubmitTaskRequest] = field(default_factory=list)
    patience: list[float] = field(default_factory=list)
    uploaded: list[UploadImagesRequest] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    request_ids: list[str] = field(default_factory=list)
    faulty: set[str] = field(default_factory=set)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    fresh_links: dict[str, str] = field(default_factory=dict)
    watchers: int = 0
    oldest: int = 0
    watch_key_withdrawn: bool = False
    watches_held: bool = False
    port: int = 0

    @classmethod
    @asynccontextmanager
    async def serve(cls, keys: dict[str, str] | None = None) -> AsyncIterator[Self]:
        scripted = cls(keys=keys or {})
        async with scripted.listening():
            yield scripted
        assert not scripted.answers, "a scripted answer was not asked for"

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Serves for so long; may be entered again, on the port it had."""
        server = grpc.aio.server(options=[("grpc.max_receive_message_length", 64 << 20), ("grpc.so_reuseport", 0)])
        add_TaskServiceServicer_to_server(self, server)
        add_AccountServiceServicer_to_server(self, server)
        self.port = server.add_insecure_port(f"127.0.0.1:{self.port}")
        await server.start()
        try:
            yield
        finally:
            await server.stop(grace=None)

    @property
    def revision(self) -> int:
        return len(self.log)

    async def put(self, *tasks: Task) -> None:
        for task in tasks:
            self.tasks[task.id] = task
            self.log.append(TaskChange(revision=self.revision + 1, task=task))
        await self._announce()

    async def remove(self, task_id: str) -> None:
        del self.tasks[task_id]
        self.log.append(TaskChange(revision=self.revision + 1, removed_task_id=task_id))
        await self._announce()

    async def watched(self, by: int = 1) -> None:
        """Waits until so many watch, the shim's own feed among them."""
        async with self.changed, asyncio.timeout(10):
            await self.changed.wait_for(lambda: self.watchers == by)

    def forget_log(self) -> None:
        """Has watches of the past refused from now on, as a server does that has compacted its log."""
        self.oldest = self.revision

    def hold_watches(self) -> None:
        """Has every watch lag behind from now on: it is told nothing more, and a new one not even its place."""
        self.watches_held = True

    async def release_watches(self) -> None:
        """Has them catch up."""
        self.watches_held = False
        await self._announce()

    async def withdraw_watch_key(self) -> None:
        """Ends every watch as a server does that no longer knows its key."""
        self.watch_key_withdrawn = True
        await self._announce()

    async def _announce(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def SubmitTask(self, request: SubmitTaskRequest, context: Context) -> SubmitTaskResponse:
        await self._caller("SubmitTask", context)
        self.submitted.append(request)
        self.patience.append(context.time_remaining() or 0)
        answer = await self._scripted(SubmitTaskResponse, context)
        await self.put(*answer.tasks)
        answer.revision = self.revision
        return answer

    async def CancelTask(self, request: CancelTaskRequest, context: Context) -> CancelTaskResponse:
        task = await self._visible(request.id, "CancelTask", context)
        cancelled = Task()
        cancelled.CopyFrom(task)
        cancelled.status = TASK_STATUS_CANCELLED
        await self.put(cancelled)
        return CancelTaskResponse(task=cancelled, revision=self.revision)

    async def GetImageSeed(self, request: GetImageSeedRequest, context: Context) -> GetImageSeedResponse:
        await self._visible(request.id, "GetImageSeed", context)
        return await self._scripted(GetImageSeedResponse, context)

    async def UploadImages(self, request: UploadImagesRequest, context: Context) -> UploadImagesResponse:
        await self._caller("UploadImages", context)
        self.uploaded.append(request)
        return await self._scripted(UploadImagesResponse, context)

    async def GetAccount(self, request: GetAccountRequest, context: Context) -> GetAccountResponse:
        await self._caller("GetAccount", context)
        found = [account for account in self.accounts if account.id == request.id]
        if not found:
            await _abort(context, grpc.StatusCode.NOT_FOUND, "ACCOUNT_NOT_FOUND")
        return GetAccountResponse(account=found[0])

    async def ListAccounts(self, request: ListAccountsRequest, context: Context) -> ListAccountsResponse:
        """Answers pages of two, so that all are read only by those who follow the pages."""
        await self._caller("ListAccounts", context)
        start = int(request.page_token or 0)
        end = start + 2
        return ListAccountsResponse(
            accounts=self.accounts[start:end], next_page_token=str(end) if end < len(self.accounts) else ""
        )

    async def _scripted(self, kind: type[_Answer], context: Context) -> _Answer:
        answer = self.answers.popleft()
        if isinstance(answer, Refusal):
            await _refuse(context, answer)
        assert isinstance(answer, kind)
        return answer

    async def GetTask(self, request: GetTaskRequest, context: Context) -> GetTaskResponse:
        assert request.min_revision <= self.revision
        task = await self._visible(request.id, "GetTask", context)
        return GetTaskResponse(task=task, revision=self.revision)

    async def _visible(self, task_id: str, method: str, context: Context) -> Task:
        """Notes the call, and returns the task."""
        caller = await self._caller(method, context)
        task = self.tasks.get(task_id)
        if task is None or caller not in {"", task.caller}:
            missing = SubmitRefusal(code=SUBMIT_CODE_NOT_FOUND)
            await _refuse(context, Refusal(grpc.StatusCode.NOT_FOUND, "TASK_NOT_FOUND", "", missing))
        assert task is not None
        return task

    async def GetImageUrl(self, request: GetImageUrlRequest, context: Context) -> GetImageUrlResponse:
        caller = await self._caller("GetImageUrl", context)
        task = self.tasks.get(request.id)
        if task is None or caller not in {"", task.caller}:
            await _abort(context, grpc.StatusCode.NOT_FOUND, "TASK_NOT_FOUND")
        return GetImageUrlResponse(url=self.fresh_links[request.id])

    async def ListTasks(self, request: ListTasksRequest, context: Context) -> ListTasksResponse:
        caller = await self._caller("ListTasks", context)
        assert request.min_revision <= self.revision
        if request.page_size < 0:
            await _abort(context, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
        if len(request.filter.ids) > 1000:
            await _refuse(context, _TOO_MANY_IDS)
        found = [task for task in self._matching(request) if caller in {"", task.caller}]
        start = int(request.page_token or 0)
        end = start + (request.page_size or 100)
        return ListTasksResponse(
            tasks=found[start:end],
            next_page_token=str(end) if end < len(found) else "",
            revision=self.revision,
            history_id=HISTORY,
        )

    def _matching(self, request: ListTasksRequest) -> Iterator[Task]:
        wanted = request.filter
        for task_id in sorted(self.tasks, reverse=not request.oldest_first):
            task = self.tasks[task_id]
            if (not wanted.ids or task_id in wanted.ids) and (not wanted.statuses or task.status in wanted.statuses):
                yield task

    async def WatchTasks(self, request: WatchTasksRequest, context: Context) -> AsyncIterator[WatchTasksResponse]:
        caller = await self._caller("WatchTasks", context)
        if request.HasField("after_revision") and not self.oldest <= request.after_revision <= self.revision:
            await _abort(context, grpc.StatusCode.OUT_OF_RANGE, "REVISION_GONE")
        sent = request.after_revision if request.HasField("after_revision") else self.revision
        async with self.changed:
            await self.changed.wait_for(lambda: not self.watches_held)
        yield WatchTasksResponse(revision=sent, history_id=HISTORY)
        self.watchers += 1
        await self._announce()
        try:
            while True:
                async with self.changed:
                    await self.changed.wait_for(lambda: self.watch_key_withdrawn or self._has_news(sent))  # noqa: B023
                if self.watch_key_withdrawn:
                    await _abort(context, grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
                changes = [change for change in self.log[sent:] if self._lets_through(request.filter, caller, change)]
                sent = self.revision
                yield WatchTasksResponse(changes=changes, revision=sent, history_id=HISTORY)
        finally:
            self.watchers -= 1
            await self._announce()

    def _has_news(self, sent: int) -> bool:
        return self.revision > sent and not self.watches_held

    def _lets_through(self, wanted: WatchFilter, caller: str, change: TaskChange) -> bool:
        task_id = change.removed_task_id or change.task.id
        told = next(entry.task for entry in self.log if entry.task.id == task_id)
        return (
            (not wanted.ids or task_id in wanted.ids)
            and (not wanted.HasField("state") or told.state == wanted.state)
            and caller in {"", told.caller}
        )

    async def _caller(self, method: str, context: Context) -> str:
        """Notes the call, and returns the caller's name."""
        metadata = {key: str(value) for key, value in context.invocation_metadata() or ()}
        self.calls.append(method)
        self.request_ids.append(metadata.get("x-request-id", ""))
        if method in self.faulty:
            await _abort(context, grpc.StatusCode.INTERNAL, "INTERNAL")
        if not self.keys:
            return ""
        name = self.keys.get(metadata.get("authorization", "").removeprefix("Bearer "))
        if name is None:
            await _abort(context, grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
        if name == "nobody":
            await _abort(context, grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")
        return name


async def _abort(context: Context, status: grpc.StatusCode, reason: str) -> NoReturn:
    await _refuse(context, Refusal(status, reason, reason.lower()))


async def _refuse(context: Context, refusal: Refusal) -> NoReturn:
    await context.abort_with_status(refusal.rich_status())  # type: ignore[attr-defined]
    raise AssertionError("abort_with_status raises")
