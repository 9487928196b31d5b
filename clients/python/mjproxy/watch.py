"""A watch of task changes that reconnects and resumes by itself.

A stream breaks sooner or later: the server restarts, a cable is pulled, a proxy loses patience. `TaskWatch` remembers
the position of the last message it handed out and reopens the stream behind it, so that its reader sees every change
once and in the order of the revisions. Only when the server no longer has those revisions is there a gap; a `Reset`
tells it.

What its reader sees, and may rely on::

    events   = Reset? (Batch | Interrupted | Reset)*
    Batch    follows without a gap on the position of the event before
    Reset    forget what you know, read again with `min_revision = position.revision`; each later change follows

A watch that begins without a position starts with a `Reset`, since nothing is known of what came before.
"""

import asyncio
import enum
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

import grpc

from mjproxy.backoff import Backoff
from mjproxy.errors import DeadlineExceeded, ServerError, Unavailable, from_rpc
from mjproxy.v1.task_service_pb2 import ListTasksRequest, TaskChange, WatchFilter, WatchTasksRequest, WatchTasksResponse

if TYPE_CHECKING:
    from mjproxy.v1.task_service_pb2_grpc import TaskServiceAsyncStub

_log = logging.getLogger(__name__)

# The server sends a bookmark every 15 seconds while nothing happens: three missed ones mean that the stream is dead,
# whatever the connection below it says.
SILENCE_SECONDS = 45.0

_LIST_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the server's log of changes."""

    revision: int
    history_id: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Changes in the order of their revisions; none in a bookmark, which only moves the position."""

    changes: tuple[TaskChange, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class Reset:
    """The watch begins here, or begins anew because the history before is gone: what was known may be stale."""

    position: Position


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The stream broke; the next event comes after a reconnect, `retry_in` seconds from now at the earliest."""

    error: ServerError
    retry_in: float


WatchEvent = Batch | Reset | Interrupted


class Recovery(enum.Enum):
    """What to do about a broken stream."""

    RESUME = enum.auto()
    """Open the stream again, behind the last position."""
    RELIST = enum.auto()
    """Learn the present position from a list, and open the stream behind that."""
    GIVE_UP = enum.auto()
    """Raise: the next try would end in the same way."""


_RELIST = frozenset({grpc.StatusCode.OUT_OF_RANGE})
_GIVE_UP = frozenset(
    {
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.UNIMPLEMENTED,
    }
)


def recovery(status: grpc.StatusCode) -> Recovery:
    """Decides from the status that a stream ended with.

    INTERNAL, UNKNOWN and CANCELLED resume, too: a reset stream, a dying proxy or an overloaded server ends in them.
    """
    if status in _RELIST:
        return Recovery.RELIST
    return Recovery.GIVE_UP if status in _GIVE_UP else Recovery.RESUME


class TaskWatch(AsyncIterator[WatchEvent]):
    """An endless, self-healing iterator of `WatchEvent`.

    To be read and closed by one task, before its channel is closed. Cancelling a read loses nothing: the next one goes
    on from the same position.

    Example:
        async with TaskWatch(TaskServiceStub(channel)) as events:
            async for event in events:
                match event:
                    case Batch(changes): ...
                    case Reset(position): ...
                    case Interrupted(error): ...
    """

    def __init__(
        self,
        stub: "TaskServiceAsyncStub",
        *,
        watch_filter: WatchFilter | None = None,
        after: Position | None = None,
        metadata: tuple[tuple[str, str], ...] = (),
        backoff: Backoff | None = None,
        silence: float = SILENCE_SECONDS,
    ) -> None:
        """Prepares a watch; the stream opens with the first read.

        Args:
            stub: Where to watch.
            watch_filter: Which tasks to follow; all by default.
            after: Where to begin, exclusive; None for from now on.
            metadata: What goes with every call, for instance `mjproxy.channel.authorization(key)`.
            backoff: The delays before reconnects; begun again with every message that arrives.
            silence: Seconds without a message after which the stream is taken for dead.
        """
        self._stub = stub
        self._filter = watch_filter or WatchFilter()
        self._position = after
        self._metadata = metadata
        self._backoff = backoff or Backoff()
        self._silence = silence
        self._history_gone = False
        self._delay = 0.0
        self._call: grpc.aio.UnaryStreamCall[WatchTasksRequest, WatchTasksResponse] | None = None
        self._closed = False

    @property
    def position(self) -> Position | None:
        """Where the last event left off; None before the first one of a watch that begins "from now on"."""
        return self._position

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Ends the stream; further reads end the iteration."""
        self._closed = True
        self._hang_up()

    async def __anext__(self) -> WatchEvent:
        """Returns the next event.

        Raises:
            ServerError: The server will not serve this watch; trying again is of no use (`recovery` says GIVE_UP).
        """
        if self._closed:
            raise StopAsyncIteration
        try:
            return await self._next()
        except grpc.aio.AioRpcError as error:
            return self._interrupted(from_rpc(error))
        except ServerError as error:
            return self._interrupted(error)
        except asyncio.CancelledError:
            self._hang_up()
            raise

    async def _next(self) -> WatchEvent:
        await self._rest()
        if self._history_gone:
            return await self._relist()
        return self._accept(await self._read())

    async def _rest(self) -> None:
        if self._delay:
            await asyncio.sleep(self._delay)
            self._delay = 0.0

    async def _relist(self) -> Reset:
        """Learns the present position. What the tasks became in between is the reader's to ask."""
        page = await self._stub.ListTasks(ListTasksRequest(page_size=1), metadata=self._metadata, timeout=_LIST_SECONDS)
        self._history_gone = False
        self._position = Position(page.revision, page.history_id)
        return Reset(self._position)

    async def _read(self) -> WatchTasksResponse:
        call = self._call = self._call or self._open()
        try:
            async with asyncio.timeout(self._silence):
                message = await call.read()
        except TimeoutError:
            silence = f"the watch was silent for {self._silence:g} s"
            raise DeadlineExceeded(silence, grpc.StatusCode.DEADLINE_EXCEEDED) from None
        if isinstance(message, WatchTasksResponse):
            return message
        raise Unavailable("the server ended the watch", grpc.StatusCode.UNAVAILABLE)

    def _open(self) -> "grpc.aio.UnaryStreamCall[WatchTasksRequest, WatchTasksResponse]":
        request = WatchTasksRequest(filter=self._filter)
        if self._position is not None:
            request.after_revision = self._position.revision
            request.history_id = self._position.history_id
        return self._stub.WatchTasks(request, metadata=self._metadata)

    def _accept(self, message: WatchTasksResponse) -> Batch | Reset:
        self._backoff.reset()
        begins = self._position is None
        self._position = Position(message.revision, message.history_id)
        return Reset(self._position) if begins else Batch(tuple(message.changes), self._position)

    def _interrupted(self, error: ServerError) -> Interrupted:
        self._hang_up()
        step = recovery(error.status)
        if step is Recovery.GIVE_UP:
            self._closed = True
            raise error
        self._history_gone = self._history_gone or step is Recovery.RELIST
        self._delay = max(next(self._backoff), error.retry_after or 0.0)
        _log.info("watch interrupted (%s: %s), next try in %.1f s", error.status.name, error.message, self._delay)
        return Interrupted(error, self._delay)

    def _hang_up(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            call.cancel()
