"""A server of tasks on a real socket whose every answer a test can script.

It keeps the contract of WatchTasks and ListTasks over a log in memory, so that a test sees what a client makes of a cut
stream, and not what it makes of a mock.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn, Self

import grpc
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status as RpcStatus  # type: ignore[import-untyped]
from grpc_status import rpc_status

from mjproxy.v1 import task_pb2 as pb
from mjproxy.v1.account_service_pb2 import (
    ListAccountsRequest,
    ListAccountsResponse,
    ListUnknownMessagesRequest,
    ListUnknownMessagesResponse,
    UnknownMessage,
    WatchAccountsRequest,
    WatchAccountsResponse,
)
from mjproxy.v1.account_service_pb2_grpc import AccountServiceServicer, add_AccountServiceServicer_to_server
from mjproxy.v1.delivery_service_pb2 import (
    DELIVERY_STATE_PENDING,
    DeliveryRecord,
    DropDeliveryRequest,
    DropDeliveryResponse,
    ListDeliveriesRequest,
    ListDeliveriesResponse,
    RetryDeliveryRequest,
    RetryDeliveryResponse,
)
from mjproxy.v1.delivery_service_pb2_grpc import DeliveryServiceServicer, add_DeliveryServiceServicer_to_server
from mjproxy.v1.task_service_pb2 import (
    SUBMIT_CODE_SUCCESS,
    GetImageUrlRequest,
    GetImageUrlResponse,
    GetTaskRequest,
    GetTaskResponse,
    ListTasksRequest,
    ListTasksResponse,
    SubmitTaskRequest,
    SubmitTaskResponse,
    TaskChange,
    TaskFilter,
    WatchTasksRequest,
    WatchTasksResponse,
)
from mjproxy.v1.task_service_pb2_grpc import TaskServiceServicer, add_TaskServiceServicer_to_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from mjproxy.v1.account_pb2 import Account

Context = grpc.aio.ServicerContext[object, object]


@dataclass(frozen=True)
class Fails:
    """An error status with its details."""

    code: grpc.StatusCode
    message: str = "scripted"
    details: tuple[Message, ...] = ()
    garbage: bytes = b""
    """Stands in place of the details."""

    async def abort(self, context: Context) -> NoReturn:
        if self.garbage:
            await context.abort(self.code, self.message, (("grpc-status-details-bin", self.garbage),))
        status = RpcStatus(code=self.code.value[0], message=self.message)
        for detail in self.details:
            status.details.append(_packed(detail))
        await context.abort_with_status(rpc_status.to_status(status))  # type: ignore[attr-defined]
        raise AssertionError


def error_info(reason: str, **metadata: str) -> Message:
    info = ErrorInfo(reason=reason, domain="mjproxy", metadata=metadata)
    assert isinstance(info, Message)
    return info


@dataclass(frozen=True)
class Cut:
    """Ends a watch after so many messages; with a clean end if there is no error."""

    after_messages: int
    error: Fails | None = None


@dataclass
class Call:
    """A call that came."""

    method: str
    request: Message
    metadata: dict[str, str]
    patience: float
    """Seconds for which the caller waits."""


@dataclass
class ScriptedServer(TaskServiceServicer, AccountServiceServicer, DeliveryServiceServicer):
    """Tasks, their log, and what is to go wrong.

    Attributes:
        errors: By method, what the next calls answer.
        cuts: Where the next watches end.
        on_watch: By watch, what happens once its first bookmark is out.
        on_list: By list, what happens once its page was read.
        account_news: What watches of accounts tell after all accounts, or what they end with.
        hang: No call is answered.
        batch: The largest number of changes in a message.
    """

    history_id: str = "first"
    page_size: int = 100
    batch: int = 100
    oldest: int = 0
    revision: int = 0
    key: str | None = None
    credentials: grpc.ServerCredentials | None = None
    hang: bool = False
    tasks: dict[str, pb.Task] = field(default_factory=dict)
    accounts: list[Account] = field(default_factory=list)
    account_news: asyncio.Queue[WatchAccountsResponse | Fails] = field(default_factory=asyncio.Queue)
    unknown: list[UnknownMessage] = field(default_factory=list)
    callbacks: dict[str, DeliveryRecord] = field(default_factory=dict)
    log: list[TaskChange] = field(default_factory=list)
    errors: defaultdict[str, deque[Fails]] = field(default_factory=lambda: defaultdict(deque))
    cuts: deque[Cut] = field(default_factory=deque)
    on_watch: deque[Callable[[], object]] = field(default_factory=deque)
    on_list: deque[Callable[[], object]] = field(default_factory=deque)
    calls: list[Call] = field(default_factory=list)
    port: int = 0

    async def __aenter__(self) -> Self:
        self._grown = asyncio.Event()
        self._ids = itertools.count(1700000000000000)
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listens, on the port it had before if it had one."""
        self._server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        add_TaskServiceServicer_to_server(self, self._server)
        add_AccountServiceServicer_to_server(self, self._server)
        add_DeliveryServiceServicer_to_server(self, self._server)
        address = f"127.0.0.1:{self.port}"
        self.port = (
            self._server.add_secure_port(address, self.credentials)
            if self.credentials
            else self._server.add_insecure_port(address)
        )
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop(None)

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    def called(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def unused_script(self) -> list[object]:
        """What was scripted and has not been asked for."""
        errors = itertools.chain.from_iterable(self.errors.values())
        return [*errors, *self.cuts, *self.on_watch, *self.on_list]

    # The tasks

    def add(self, **fields: object) -> pb.Task:
        """A new task; its fields are those of the message."""
        task = pb.Task(id=str(next(self._ids)), action=pb.ACTION_IMAGINE, status=pb.TASK_STATUS_NOT_START)
        task.MergeFrom(pb.Task(**fields))  # type: ignore[arg-type]
        return self._write(task)

    def change(self, task_id: str, **fields: object) -> pb.Task:
        """A new state of a task."""
        task = pb.Task()
        task.CopyFrom(self.tasks[task_id])
        task.MergeFrom(pb.Task(**fields))  # type: ignore[arg-type]
        return self._write(task)

    def succeed(self, task_id: str, image_url: str = "") -> pb.Task:
        return self.change(task_id, status=pb.TASK_STATUS_SUCCESS, progress=100, image_url=image_url)

    def remove(self, task_id: str) -> None:
        del self.tasks[task_id]
        self._append(TaskChange(removed_task_id=task_id))

    def compact(self) -> None:
        """Forgets the log."""
        self.oldest = self.revision

    def restore(self, history_id: str, revision: int) -> None:
        """Begins another history, as a restored backup does."""
        self.history_id, self.revision, self.oldest = history_id, revision, revision
        self.log.clear()

    def _write(self, task: pb.Task) -> pb.Task:
        self.tasks[task.id] = task
        self._append(TaskChange(task=task))
        return task

    def _append(self, change: TaskChange) -> None:
        self.revision += 1
        change.revision = self.revision
        self.log.append(change)
        self._grown.set()

    # The calls

    async def SubmitTask(self, request: SubmitTaskRequest, context: Context) -> SubmitTaskResponse:
        await self._begin("SubmitTask", request, context)
        task = self.add(prompt=request.imagine.prompt, state=request.options.state)
        return SubmitTaskResponse(tasks=[task], code=SUBMIT_CODE_SUCCESS, description="ok", revision=self.revision)

    async def GetTask(self, request: GetTaskRequest, context: Context) -> GetTaskResponse:
        await self._begin("GetTask", request, context)
        if request.id not in self.tasks:
            await Fails(grpc.StatusCode.NOT_FOUND, "no such task", (error_info("TASK_NOT_FOUND"),)).abort(context)
        return GetTaskResponse(task=self.tasks[request.id], revision=self.revision)

    async def GetImageUrl(self, request: GetImageUrlRequest, context: Context) -> GetImageUrlResponse:
        await self._begin("GetImageUrl", request, context)
        url = self.tasks[request.id].image_url
        if not url:
            await Fails(grpc.StatusCode.FAILED_PRECONDITION, "the task has no picture").abort(context)
        return GetImageUrlResponse(url=url)

    async def ListTasks(self, request: ListTasksRequest, context: Context) -> ListTasksResponse:
        await self._begin("ListTasks", request, context)
        matching = [task for task in self.tasks.values() if _listed(request.filter, task)]
        matching.sort(key=lambda task: task.id, reverse=not request.oldest_first)
        start = int(request.page_token or 0)
        end = start + min(request.page_size or 100, self.page_size)
        page = ListTasksResponse(
            tasks=matching[start:end],
            next_page_token=str(end) if end < len(matching) else "",
            revision=self.revision,
            history_id=self.history_id,
        )
        if self.on_list:
            self.on_list.popleft()()
        return page

    async def WatchTasks(self, request: WatchTasksRequest, context: Context) -> AsyncIterator[WatchTasksResponse]:
        await self._begin("WatchTasks", request, context)
        position = request.after_revision if request.HasField("after_revision") else self.revision
        foreign = request.history_id not in {"", self.history_id}
        if foreign or not self.oldest <= position <= self.revision:
            await Fails(grpc.StatusCode.OUT_OF_RANGE, "history is gone").abort(context)
        cut = self.cuts.popleft() if self.cuts else None
        sent = 0
        async for message in self._messages(request, position):
            if cut and sent >= cut.after_messages:
                if cut.error:
                    await cut.error.abort(context)
                return
            yield message
            sent += 1
            if sent == 1 and self.on_watch:
                self.on_watch.popleft()()

    async def ListAccounts(self, request: ListAccountsRequest, context: Context) -> ListAccountsResponse:
        await self._begin("ListAccounts", request, context)
        start = int(request.page_token or 0)
        end = start + self.page_size
        more = str(end) if end < len(self.accounts) else ""
        return ListAccountsResponse(accounts=self.accounts[start:end], next_page_token=more)

    async def WatchAccounts(
        self, request: WatchAccountsRequest, context: Context
    ) -> AsyncIterator[WatchAccountsResponse]:
        await self._begin("WatchAccounts", request, context)
        for account in self.accounts:
            yield WatchAccountsResponse(account=account)
        while True:
            news = await self.account_news.get()
            if isinstance(news, Fails):
                await news.abort(context)
            yield news

    async def ListUnknownMessages(
        self, request: ListUnknownMessagesRequest, context: Context
    ) -> ListUnknownMessagesResponse:
        await self._begin("ListUnknownMessages", request, context)
        wanted = [each for each in self.unknown if request.account_id in {"", each.account_id}]
        start = int(request.page_token or 0)
        end = start + self.page_size
        more = str(end) if end < len(wanted) else ""
        return ListUnknownMessagesResponse(messages=wanted[start:end], next_page_token=more, seen=1000)

    async def ListDeliveries(self, request: ListDeliveriesRequest, context: Context) -> ListDeliveriesResponse:
        await self._begin("ListDeliveries", request, context)
        wanted = [each for each in self.callbacks.values() if request.state in {0, each.state}]
        start = int(request.page_token or 0)
        end = start + min(request.page_size or 100, self.page_size)
        more = str(end) if end < len(wanted) else ""
        return ListDeliveriesResponse(deliveries=wanted[start:end], next_page_token=more)

    async def RetryDelivery(self, request: RetryDeliveryRequest, context: Context) -> RetryDeliveryResponse:
        await self._begin("RetryDelivery", request, context)
        callback = await self._callback(request.task_id, context)
        callback.state = DELIVERY_STATE_PENDING
        return RetryDeliveryResponse(delivery=callback)

    async def DropDelivery(self, request: DropDeliveryRequest, context: Context) -> DropDeliveryResponse:
        await self._begin("DropDelivery", request, context)
        del self.callbacks[(await self._callback(request.task_id, context)).task_id]
        return DropDeliveryResponse()

    async def _callback(self, task_id: str, context: Context) -> DeliveryRecord:
        if task_id not in self.callbacks:
            await Fails(grpc.StatusCode.NOT_FOUND, "nothing to deliver", (error_info("TASK_NOT_FOUND"),)).abort(context)
        return self.callbacks[task_id]

    async def _begin(self, method: str, request: Message, context: Context) -> None:
        metadata = {str(name): str(value) for name, value in context.invocation_metadata() or ()}
        self.calls.append(Call(method, request, metadata, context.time_remaining()))
        if self.hang:
            await asyncio.Event().wait()
        if self.key and metadata.get("authorization") != f"Bearer {self.key}":
            await Fails(grpc.StatusCode.UNAUTHENTICATED, "no valid key", (error_info("UNAUTHENTICATED"),)).abort(
                context
            )
        if self.errors[method]:
            await self.errors[method].popleft().abort(context)

    async def _messages(self, request: WatchTasksRequest, position: int) -> AsyncIterator[WatchTasksResponse]:
        """A bookmark, then what the log has and gets behind the position."""
        yield WatchTasksResponse(revision=position, history_id=self.history_id)
        while True:
            self._grown.clear()
            behind = [change for change in self.log if change.revision > position]
            for start in range(0, len(behind), self.batch):
                changes = behind[start : start + self.batch]
                position = changes[-1].revision
                wanted = [change for change in changes if not request.filter.ids or _id(change) in request.filter.ids]
                yield WatchTasksResponse(changes=wanted, revision=position, history_id=self.history_id)
            if not behind:
                await self._grown.wait()


def _packed(detail: Message) -> Packed:
    packed = Packed()
    packed.Pack(detail)
    return packed


def _id(change: TaskChange) -> str:
    return change.task.id or change.removed_task_id


def _listed(wanted: TaskFilter, task: pb.Task) -> bool:
    return (
        (not wanted.ids or task.id in wanted.ids)
        and (not wanted.statuses or task.status in wanted.statuses)
        and (not wanted.actions or task.action in wanted.actions)
        and (not wanted.HasField("state") or task.state == wanted.state)
        and wanted.parent_id in {"", task.parent_id}
        and wanted.account_id in {"", task.account_id}
    )
