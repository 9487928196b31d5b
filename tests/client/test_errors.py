import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import BadRequest, RetryInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status as RpcStatus  # type: ignore[import-untyped]

from mjproxy import errors
from mjproxy.aio.client import AsyncClient
from mjproxy.v1 import task_pb2 as pb
from mjproxy.v1.error_reason_pb2 import ERROR_REASON_MODERATED, ErrorReason
from mjproxy.v1.task_pb2 import Failure, Task
from mjproxy.v1.task_service_pb2 import (
    SUBMIT_CODE_BANNED_PROMPT,
    SUBMIT_CODE_QUEUE_REJECTED,
    SUBMIT_CODE_VALIDATION_ERROR,
    SubmitRefusal,
)
from tests.client.scripted_server import Fails, ScriptedServer, error_info

Code = grpc.StatusCode

BY_STATUS = {
    Code.INVALID_ARGUMENT: errors.Refused,
    Code.FAILED_PRECONDITION: errors.Refused,
    Code.ALREADY_EXISTS: errors.Refused,
    Code.RESOURCE_EXHAUSTED: errors.Refused,
    Code.NOT_FOUND: errors.NotFound,
    Code.OUT_OF_RANGE: errors.HistoryGone,
    Code.UNAUTHENTICATED: errors.Unauthenticated,
    Code.PERMISSION_DENIED: errors.PermissionDenied,
    Code.DEADLINE_EXCEEDED: errors.DeadlineExceeded,
    Code.UNIMPLEMENTED: errors.Unsupported,
    Code.INTERNAL: errors.InternalError,
    Code.UNKNOWN: errors.InternalError,
    Code.DATA_LOSS: errors.InternalError,
    Code.ABORTED: errors.ServerError,
}


async def refusal(server: ScriptedServer, client: AsyncClient, fails: Fails) -> errors.ServerError:
    """The error that a submission ends with."""
    server.errors["SubmitTask"].append(fails)
    with pytest.raises(errors.ServerError) as caught:
        await client.imagine("a cat")
    return caught.value


@pytest.mark.parametrize("code", BY_STATUS)
async def test_class_of_each_status(server: ScriptedServer, client: AsyncClient, code: grpc.StatusCode) -> None:
    error = await refusal(server, client, Fails(code, "what is wrong"))
    assert type(error) is BY_STATUS[code]
    assert error.status is code
    assert str(error) == "what is wrong"
    assert (error.reason, error.field, error.retry_after) == ("", "", None)


async def test_error_names_the_field(server: ScriptedServer, client: AsyncClient) -> None:
    violation = BadRequest.FieldViolation(field="imagine.prompt", description="empty")
    details = error_info("INVALID_FIELD", field="imagine.prompt"), BadRequest(field_violations=[violation])
    error = await refusal(server, client, Fails(Code.INVALID_ARGUMENT, "imagine.prompt is empty", details))
    assert type(error) is errors.Refused
    assert error.reason == "INVALID_FIELD"
    assert error.field == "imagine.prompt"
    assert error.details.metadata == {"field": "imagine.prompt"}


async def test_error_takes_field_and_text_from_the_refusal(server: ScriptedServer, client: AsyncClient) -> None:
    said = SubmitRefusal(code=SUBMIT_CODE_VALIDATION_ERROR, description="index must be 1 to 4", field="change.index")
    error = await refusal(server, client, Fails(Code.INVALID_ARGUMENT, "terse", (said,)))
    assert str(error) == "index must be 1 to 4"
    assert error.field == "change.index"
    assert error.details.refusal == said


async def test_full_queue_says_when_to_try_again(server: ScriptedServer, client: AsyncClient) -> None:
    said = SubmitRefusal(code=SUBMIT_CODE_QUEUE_REJECTED, description="the queue is full", task_id="1")
    details = error_info("QUEUE_FULL"), RetryInfo(retry_delay=Duration(seconds=30, nanos=500_000_000)), said
    error = await refusal(server, client, Fails(Code.RESOURCE_EXHAUSTED, "full", details))
    assert type(error) is errors.QueueFull
    assert error.retry_after == 30.5


async def test_banned_prompt_names_the_word(server: ScriptedServer, client: AsyncClient) -> None:
    said = SubmitRefusal(code=SUBMIT_CODE_BANNED_PROMPT, description="banned", banned_word="blood")
    error = await refusal(server, client, Fails(Code.FAILED_PRECONDITION, "", (error_info("BANNED_PROMPT"), said)))
    assert isinstance(error, errors.BannedPrompt)
    assert error.banned_word == "blood"


async def test_account_that_is_gone_is_a_refusal_and_not_repeated(server: ScriptedServer, client: AsyncClient) -> None:
    error = await refusal(server, client, Fails(Code.UNAVAILABLE, "off", (error_info("ACCOUNT_UNAVAILABLE"),)))
    assert type(error) is errors.Refused
    assert len(server.called("SubmitTask")) == 1


@pytest.mark.parametrize("garbage", [b"\xff\xff", RpcStatus(code=5, message="another").SerializeToString()])
async def test_details_that_cannot_be_read_are_left_out(
    server: ScriptedServer, client: AsyncClient, garbage: bytes
) -> None:
    error = await refusal(server, client, Fails(Code.INVALID_ARGUMENT, "what is wrong", garbage=garbage))
    assert type(error) is errors.Refused
    assert str(error) == "what is wrong"
    assert error.details == errors.ErrorDetails()


@pytest.mark.parametrize(
    ("failure", "text", "reason"),
    [
        (pb.Failure(reason=ERROR_REASON_MODERATED, title="Banned", description="no"), "Banned: no", "MODERATED"),
        (pb.Failure(title="Failed"), "Failed", ""),
        (None, "The task was cancelled", ""),
        (pb.Failure(reason=9999, title="New"), "New", "UNKNOWN"),  # type: ignore[arg-type]
    ],
)
def test_failed_task_says_why(failure: pb.Failure | None, text: str, reason: str) -> None:
    error = errors.TaskFailed(pb.Task(failure=failure))
    assert str(error) == text
    assert error.reason == reason


def test_each_failure_of_a_task_has_a_remedy_and_no_other_reason_has() -> None:
    of_tasks = {
        reason for reason in ErrorReason.values() if reason >= ErrorReason.Value("ERROR_REASON_PROMPT_REJECTED")
    }
    with_remedy = {
        reason for reason in ErrorReason.values() if errors.TaskFailed(Task(failure=Failure(reason=reason))).remedy
    }
    assert with_remedy == of_tasks
