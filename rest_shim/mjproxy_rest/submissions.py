"""Submissions on their way to the server: those that come at the same time share a call.

The call costs more than all else that is done for a submission. Who submits alone waits for nobody. Where several were
sent together, others are on their way, and the next wait for them until the first answers come, but not for long: the
answers may have to wait for something else, a translation say.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import grpc

from mjproxy.channel import Metadata
from mjproxy.errors import InternalError, ServerError, Unavailable, from_answer, from_rpc
from mjproxy.v1.task_service_pb2 import SubmitAnswer, SubmitTaskRequest, SubmitTaskResponse, SubmitTasksRequest

if TYPE_CHECKING:
    from mjproxy.v1.task_service_pb2_grpc import TaskServiceAsyncStub

_log = logging.getLogger(__name__)

_GATHERING_SECONDS: Final = 0.01
_MOST_IN_A_CALL: Final = 200
_LARGEST_IN_COMPANY: Final = 64 * 1024
"""Bytes of a submission that goes with others; pictures, which are larger, would keep them waiting."""


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf something is submitted.

    Attributes:
        metadata: What goes with the call: the caller's key.
        request_id: What names the request to be answered in the logs; "" for nothing.
    """

    metadata: Metadata
    request_id: str

    @property
    def call_metadata(self) -> Metadata:
        """What goes with a call on his behalf."""
        return (*self.metadata, *named(self.request_id))


@dataclass(frozen=True, slots=True)
class _Submission:
    caller: Caller
    request: SubmitTaskRequest
    seconds: float
    answer: asyncio.Future[SubmitTaskResponse]

    def accept(self, response: SubmitTaskResponse) -> None:
        if not self.answer.done():
            self.answer.set_result(response)

    def fail(self, error: Callable[[], ServerError]) -> None:
        if not self.answer.done():
            self.answer.set_exception(error())


class Submissions:
    """Submits, as long as it runs.

    Args:
        stub: Leads to the server.
    """

    def __init__(self, stub: "TaskServiceAsyncStub") -> None:
        self._stub = stub
        self._waiting: list[_Submission] = []
        self._came = asyncio.Event()
        self._answered = asyncio.Event()

    async def submit(self, caller: Caller, request: SubmitTaskRequest, seconds: float) -> SubmitTaskResponse:
        """Returns the server's answer.

        Args:
            caller: Who submits.
            request: The submission.
            seconds: For how long the answer is waited for.

        Raises:
            ServerError: It was refused, or not answered.
        """
        answer: asyncio.Future[SubmitTaskResponse] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Submission(caller, request, seconds, answer))
        self._came.set()
        return await answer

    async def run(self) -> None:
        """Sends what is submitted until cancelled."""
        async with asyncio.TaskGroup() as calls:
            while True:
                await self._came.wait()
                self._came.clear()
                self._answered.clear()
                taken, self._waiting = self._waiting, []
                for company in _companies(taken):
                    calls.create_task(self._send(company))
                if len(taken) > 1:
                    await self._gather()

    async def _gather(self) -> None:
        try:
            async with asyncio.timeout(_GATHERING_SECONDS):
                await self._answered.wait()
        except TimeoutError:
            return

    async def _send(self, company: Sequence[_Submission]) -> None:
        error: Callable[[], ServerError] = _unanswered
        try:
            await (self._send_one(company[0]) if len(company) == 1 else self._send_several(company))
        except grpc.aio.AioRpcError as failure:
            error = partial(from_rpc, failure)
        finally:
            self._answered.set()
            for each in company:
                each.fail(error)

    async def _send_one(self, submission: _Submission) -> None:
        metadata = submission.caller.call_metadata
        submission.accept(
            await self._stub.SubmitTask(submission.request, metadata=metadata, timeout=submission.seconds)
        )

    async def _send_several(self, company: Sequence[_Submission]) -> None:
        """Sends several in one call, which has the name of the first of them."""
        caller = company[0].caller
        call = self._stub.SubmitTasks(
            SubmitTasksRequest(requests=[each.request for each in company]),
            metadata=caller.call_metadata,
            timeout=max(each.seconds for each in company),
        )
        async for response in call:
            self._answered.set()
            for answer in response.answers:
                _settle(company[answer.index], answer, caller.request_id)


def _settle(submission: _Submission, answer: SubmitAnswer, call_id: str) -> None:
    if answer.HasField("accepted"):
        submission.accept(answer.accepted)
        return
    error = from_answer(answer.error)
    if isinstance(error, InternalError):
        _log.warning(
            "request %s met a fault of the server, whose log calls it %s", submission.caller.request_id, call_id
        )
    submission.fail(lambda: error)


def _unanswered() -> ServerError:
    return Unavailable("the server ended the call before this was answered", grpc.StatusCode.UNAVAILABLE)


def named(request_id: str) -> Metadata:
    """Returns the metadata that names a request in the server's log."""
    return (("x-request-id", request_id),) if request_id else ()


def _companies(submissions: Sequence[_Submission]) -> Iterator[Sequence[_Submission]]:
    """Yields which submissions go in one call: those of one caller, unless they are large or too many."""
    companies: dict[Metadata, list[_Submission]] = {}
    for submission in submissions:
        if submission.request.ByteSize() > _LARGEST_IN_COMPANY:
            yield [submission]
            continue
        company = companies.setdefault(submission.caller.metadata, [])
        company.append(submission)
        if len(company) == _MOST_IN_A_CALL:
            yield companies.pop(submission.caller.metadata)
    yield from companies.values()
