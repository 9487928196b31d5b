"""The one table from domain errors to gRPC statuses, with the details that programs read."""

from typing import Final

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]

from mjproxy.v1 import task_service_pb2
from mjproxy_server.model.errors import BannedPrompt, DomainError, InvalidField, QueueFull, Unavailable
from mjproxy_server.model.vocabulary import Reason, SubmitCode

DOMAIN: Final = "mjproxy"
QUEUE_RETRY_SECONDS: Final = 10
UNAVAILABLE_RETRY_SECONDS: Final = 1
LONGEST_PROMPT: Final = 3072
"""Bytes of a prompt in a refusal, which goes in the trailers; clients refuse trailers of more than 8 KiB by default."""

STATUS_CODES: Final = {
    Reason.INVALID_FIELD: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.INVALID_IMAGE: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.TASK_NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    Reason.PARENT_NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    Reason.PARENT_NOT_FINISHED: grpc.StatusCode.FAILED_PRECONDITION,
    Reason.ACTION_NOT_OFFERED: grpc.StatusCode.FAILED_PRECONDITION,
    Reason.NO_ACCOUNT: grpc.StatusCode.NOT_FOUND,
    Reason.ACCOUNT_UNAVAILABLE: grpc.StatusCode.NOT_FOUND,
    Reason.QUEUE_FULL: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Reason.BANNED_PROMPT: grpc.StatusCode.FAILED_PRECONDITION,
    Reason.NOT_MODAL: grpc.StatusCode.FAILED_PRECONDITION,
    Reason.REQUEST_ID_REUSED: grpc.StatusCode.ALREADY_EXISTS,
    Reason.UNAUTHENTICATED: grpc.StatusCode.UNAUTHENTICATED,
    Reason.PERMISSION_DENIED: grpc.StatusCode.PERMISSION_DENIED,
    Reason.REVISION_GONE: grpc.StatusCode.OUT_OF_RANGE,
    Reason.ACCOUNT_NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    Reason.ACCOUNT_EXISTS: grpc.StatusCode.ALREADY_EXISTS,
    Reason.ACCOUNT_CONFIGURED: grpc.StatusCode.FAILED_PRECONDITION,
    Reason.ACCOUNT_NOT_CONNECTED: grpc.StatusCode.FAILED_PRECONDITION,
    Reason.BOT_SILENT: grpc.StatusCode.DEADLINE_EXCEEDED,
    Reason.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    Reason.INTERNAL: grpc.StatusCode.INTERNAL,
    Reason.NOT_IMPLEMENTED: grpc.StatusCode.UNIMPLEMENTED,
}

_REFUSALS: Final = frozenset(
    {SubmitCode.NOT_FOUND, SubmitCode.VALIDATION_ERROR, SubmitCode.QUEUE_REJECTED, SubmitCode.BANNED_PROMPT}
)


def status_of(error: DomainError) -> status_pb2.Status:
    """Returns the status of a refusal: its code, its message, and `ErrorInfo` with what else applies."""
    details: list[Message] = [error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.details)]
    if isinstance(error, InvalidField):
        violation = error_details_pb2.BadRequest.FieldViolation(field=error.field, description=str(error))
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    if isinstance(error, QueueFull):
        details.append(_retry_after(QUEUE_RETRY_SECONDS))
    if isinstance(error, Unavailable):
        details.append(_retry_after(UNAVAILABLE_RETRY_SECONDS))
    if error.code in _REFUSALS:
        details.append(_refusal(error))
    return _status(STATUS_CODES[error.reason], str(error), details)


def internal_status() -> status_pb2.Status:
    """Returns the status of a fault of ours, which tells nothing of its inside."""
    info = error_details_pb2.ErrorInfo(reason=Reason.INTERNAL, domain=DOMAIN)
    return _status(grpc.StatusCode.INTERNAL, "A fault of the server; its log says more.", [info])


def _refusal(error: DomainError) -> task_service_pb2.SubmitRefusal:
    refusal = task_service_pb2.SubmitRefusal(
        code=task_service_pb2.SubmitCode.Value(f"SUBMIT_CODE_{error.code.name}"),
        description=str(error),
        field=error.details.get("field", ""),
    )
    if isinstance(error, QueueFull):
        refusal.task_id, refusal.discord_instance_id = error.task_id, error.account_id
    if isinstance(error, BannedPrompt):
        refusal.prompt_en, refusal.banned_word = _clipped(error.prompt_en, LONGEST_PROMPT), error.banned_word
    return refusal


def _clipped(text: str, most_bytes: int) -> str:
    return text.encode()[:most_bytes].decode(errors="ignore")


def _retry_after(seconds: int) -> error_details_pb2.RetryInfo:
    info = error_details_pb2.RetryInfo()
    info.retry_delay.seconds = seconds
    return info


def _status(code: grpc.StatusCode, message: str, details: list[Message]) -> status_pb2.Status:
    packed = []
    for detail in details:
        any_detail = Any()
        any_detail.Pack(detail)
        packed.append(any_detail)
    number: int = code.value[0]
    return status_pb2.Status(code=number, message=message, details=packed)
