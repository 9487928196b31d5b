"""What can go wrong, as classes with data, and the one place where a gRPC status becomes one of them.

::

    MjproxyError
    ├── ServerError              the call ended with an error status
    │   ├── Refused              the server will not do this; correct the request
    │   │   ├── NotFound         no such task, or no account that matches
    │   │   ├── QueueFull        try again after `retry_after` seconds
    │   │   ├── BannedPrompt     change the prompt
    │   │   └── HistoryGone      a watch asked for revisions that the server no longer has
    │   ├── Unauthenticated      no key, or an unknown one
    │   ├── PermissionDenied     the key's role does not allow this
    │   ├── Unavailable          the server cannot be reached, or stops; try again
    │   ├── DeadlineExceeded     no answer in time
    │   ├── Unsupported          the server does not offer this
    │   └── InternalError        a fault of the server; report it
    ├── TaskFailed               the task was accepted, and failed or was cancelled later
    ├── NotOffered               the task has no such button, or not yet
    ├── WaitTimedOut             the task goes on, but nobody waits any longer
    └── DownloadFailed           the picture could not be fetched
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from grpc_status import rpc_status

from mjproxy.v1.error_reason_pb2 import ErrorReason
from mjproxy.v1.task_pb2 import Task
from mjproxy.v1.task_service_pb2 import SubmitError, SubmitRefusal

_Detail = TypeVar("_Detail", bound=Message)


class MjproxyError(Exception):
    """The base of everything that this package raises on its own account."""


@dataclass(frozen=True, slots=True)
class ErrorDetails:
    """What a status says beyond its code and its message.

    Attributes:
        reason: The `ErrorReason` without its prefix, for instance "QUEUE_FULL"; empty if mjproxy did not answer.
        metadata: What varies in the message, for programs.
        field: The field of the request that is wrong; empty if none is.
        retry_after: Seconds after which a repeat may succeed; None if the server did not say.
        refusal: What the server told of a refused submission; None if the call was no submission.
    """

    reason: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    field: str = ""
    retry_after: float | None = None
    refusal: SubmitRefusal | None = None


class ServerError(MjproxyError):
    """A call ended with an error status.

    Attributes:
        message: What is wrong and what to do about it, in English.
        status: The gRPC status code.
        details: What else the status says.
    """

    def __init__(self, message: str, status: grpc.StatusCode, details: ErrorDetails | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.details = details or ErrorDetails()

    @property
    def reason(self) -> str:
        """The `ErrorReason` without its prefix, for instance "QUEUE_FULL"; empty if there is none."""
        return self.details.reason

    @property
    def field(self) -> str:
        """The field of the request that is wrong; empty if none is."""
        return self.details.field

    @property
    def retry_after(self) -> float | None:
        """Seconds after which a repeat may succeed; None if the server did not say."""
        return self.details.retry_after


class Refused(ServerError):
    """The server will not do this; the same request will be refused again unless the error says otherwise."""


class NotFound(Refused):
    """There is no such task (or it is another caller's), or no account that matches."""


class QueueFull(Refused):
    """Too many tasks wait; repeat after `retry_after` seconds."""


class BannedPrompt(Refused):
    """The prompt holds a banned word."""

    @property
    def banned_word(self) -> str:
        """The word, as the prompt has it."""
        return self.details.refusal.banned_word if self.details.refusal else ""


class HistoryGone(Refused):
    """A watch asked for revisions that the server no longer has, or never had."""


class Unauthenticated(ServerError):
    """The call carried no key, or an unknown one."""


class PermissionDenied(ServerError):
    """The key's role does not allow this."""


class Unavailable(ServerError):
    """The server cannot be reached, is not ready, or stops."""


class DeadlineExceeded(ServerError):
    """The server did not answer in time."""


class Unsupported(ServerError):
    """The server does not offer this."""


class InternalError(ServerError):
    """A fault of the server."""


class TaskFailed(MjproxyError):
    """The task was accepted, and ended as FAILURE or CANCELLED.

    Attributes:
        task: The task at its end; `task.failure` says why.

    Example:
        >>> from mjproxy.v1.error_reason_pb2 import ERROR_REASON_BOT_BUSY
        >>> from mjproxy.v1.task_pb2 import Failure
        >>> failed = TaskFailed(Task(failure=Failure(reason=ERROR_REASON_BOT_BUSY, title="Queue full")))
        >>> print(failed, failed.reason, failed.remedy, sep=" | ")
        Queue full | BOT_BUSY | Try again when some of the account's jobs have ended.
    """

    def __init__(self, task: Task) -> None:
        title = task.failure.title or "The task was cancelled"
        super().__init__(f"{title}: {task.failure.description}" if task.failure.description else title)
        self.task = task

    @property
    def reason(self) -> str:
        """The `ErrorReason` without its prefix, for instance "MODERATED"; empty for a cancelled task."""
        return reason_word(self.task.failure.reason)

    @property
    def remedy(self) -> str:
        """What to do about it, in a sentence; empty where nobody can tell."""
        return _REMEDIES.get(self.reason, "")


class NotOffered(MjproxyError, LookupError):
    """The task has no such button; or it has none yet, since it has not succeeded."""


class WaitTimedOut(MjproxyError, TimeoutError):
    """The task had not ended when the time to wait was over. It goes on.

    Attributes:
        task_id: The task.
    """

    def __init__(self, task_id: str, seconds: float) -> None:
        super().__init__(f"task {task_id} has not ended within {seconds:g} s; it goes on")
        self.task_id = task_id


class DownloadFailed(MjproxyError):
    """The picture could not be fetched."""


# What a caller can do about a task that failed. The descriptions of failures are mostly the bot's own and do not say.
_REMEDIES: Mapping[str, str] = {
    "PROMPT_REJECTED": "Correct the prompt or its parameters.",
    "MODERATED": "Change the prompt or the picture.",
    "BOT_ERROR": "Try again; Midjourney calls it its own fault.",
    "DISCORD_REFUSED": "Try again; if it stays so, the operator looks at the account with `mjproxy doctor`.",
    "BOT_BUSY": "Try again when some of the account's jobs have ended.",
    "ACCOUNT_HELD": "The account's owner has to act at Discord; the operator then enables it again.",
    "TIMED_OUT": "Look at Discord whether the job has ended; if not, try again.",
    "OUTCOME_UNKNOWN": "Look at Discord whether the job was taken before you try again: it may have been paid for.",
    "INTERRUPTED": "Look at Discord whether the job has ended; if not, try again.",
    "MODAL_EXPIRED": "Submit it again, and confirm it within half an hour.",
    "STOPPED": "Somebody stopped it at Discord; submit it again if that was not meant.",
}

_BY_STATUS: Mapping[grpc.StatusCode, type[ServerError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: Refused,
    grpc.StatusCode.FAILED_PRECONDITION: Refused,
    grpc.StatusCode.ALREADY_EXISTS: Refused,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Refused,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.OUT_OF_RANGE: HistoryGone,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.CANCELLED: Unavailable,  # Not by this side: so ends a call that reaches a server as it closes.
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.UNIMPLEMENTED: Unsupported,
    grpc.StatusCode.INTERNAL: InternalError,
    grpc.StatusCode.UNKNOWN: InternalError,
    grpc.StatusCode.DATA_LOSS: InternalError,
}

_CODES: Mapping[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}

# A status code is shared by several errors; where the reason tells them apart, it decides.
_BY_REASON: Mapping[str, type[ServerError]] = {
    "QUEUE_FULL": QueueFull,
    "BANNED_PROMPT": BannedPrompt,
    "ACCOUNT_UNAVAILABLE": Refused,
}


def reason_word(reason: ErrorReason.ValueType) -> str:
    """The reason without its prefix; empty if there is none, "UNKNOWN" if a newer server gives one of its own."""
    if not reason:
        return ""
    return ErrorReason.Name(reason).removeprefix("ERROR_REASON_") if reason in ErrorReason.values() else "UNKNOWN"


def from_rpc(error: grpc.aio.AioRpcError) -> ServerError:
    """Makes the typed error of a failed call."""
    return _typed(error.code(), error.details() or "", _details(_status(error)))


def from_answer(error: SubmitError) -> ServerError:
    """Makes the typed error of one command among several (`SubmitTasks`)."""
    status = Status.FromString(error.SerializeToString())
    return _typed(_CODES.get(status.code, grpc.StatusCode.UNKNOWN), status.message, _details(status))


def _typed(code: grpc.StatusCode, message: str, details: ErrorDetails) -> ServerError:
    kind = _BY_REASON.get(details.reason) or _BY_STATUS.get(code, ServerError)
    told = details.refusal.description if details.refusal else ""
    return kind(told or message or code.name, code, details)


def _status(error: grpc.aio.AioRpcError) -> Status:
    """Reads the rich status; an empty one where the peer (a proxy, say) sent none or a broken one."""
    try:
        # The function is annotated for synchronous calls; an AioRpcError has the three methods that it uses.
        return rpc_status.from_call(cast("grpc.Call", error)) or Status()
    except (ValueError, DecodeError):
        return Status()


def _details(status: Status) -> ErrorDetails:
    info = _first(status, ErrorInfo) or ErrorInfo()
    retry = _first(status, RetryInfo)
    refusal = _first(status, SubmitRefusal)
    return ErrorDetails(
        reason=info.reason,
        metadata=dict(info.metadata),
        field=next(_fields(status), refusal.field if refusal else ""),
        retry_after=retry.retry_delay.ToTimedelta().total_seconds() if retry else None,
        refusal=refusal,
    )


def _fields(status: Status) -> Iterator[str]:
    bad_request = _first(status, BadRequest) or BadRequest()
    return (violation.field for violation in bad_request.field_violations)


def _first(status: Status, kind: type[_Detail]) -> _Detail | None:
    """The first detail of a kind; None if there is none or it cannot be read."""
    for packed in status.details:
        if packed.Is(kind.DESCRIPTOR):
            detail = kind()
            packed.Unpack(detail)
            return detail
    return None
