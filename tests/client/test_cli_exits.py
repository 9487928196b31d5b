from collections.abc import Iterator

import grpc
import pytest

from mjproxy import errors
from mjproxy.cli.exits import CommandFailed, Exit, exit_code, explain
from mjproxy.v1.error_reason_pb2 import ERROR_REASON_MODERATED
from mjproxy.v1.task_pb2 import Failure, Task

Code = grpc.StatusCode

EXITS = {
    errors.ServerError: Exit.OTHER,
    errors.Refused: Exit.REFUSED,
    errors.NotFound: Exit.NOT_FOUND,
    errors.QueueFull: Exit.QUEUE_FULL,
    errors.BannedPrompt: Exit.REFUSED,
    errors.HistoryGone: Exit.REFUSED,
    errors.Unauthenticated: Exit.FORBIDDEN,
    errors.PermissionDenied: Exit.FORBIDDEN,
    errors.Unavailable: Exit.UNREACHABLE,
    errors.DeadlineExceeded: Exit.TIMED_OUT,
    errors.Unsupported: Exit.OTHER,
    errors.InternalError: Exit.OTHER,
}


def server_errors(base: type[errors.ServerError] = errors.ServerError) -> Iterator[type[errors.ServerError]]:
    yield base
    for kind in base.__subclasses__():
        yield from server_errors(kind)


@pytest.mark.parametrize("kind", list(server_errors()))
def test_exit_code_of_each_error_of_the_server(kind: type[errors.ServerError]) -> None:
    assert exit_code(kind("", Code.UNKNOWN)) is EXITS[kind]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.TaskFailed(Task()), Exit.TASK_FAILED),
        (errors.WaitTimedOut("1", 5), Exit.TIMED_OUT),
        (errors.DownloadFailed("gone"), Exit.OTHER),
        (errors.NotOffered("no such button"), Exit.REFUSED),
        (CommandFailed("one of two", Exit.TASK_FAILED), Exit.TASK_FAILED),
    ],
)
def test_exit_code_of_the_other_errors(error: errors.MjproxyError, code: Exit) -> None:
    assert exit_code(error) is code


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            errors.Unavailable("connection refused", Code.UNAVAILABLE),
            (
                "the server at host:1 cannot be reached (connection refused). "
                "Start one with `mjproxy up`, or name yours with --server or MJPROXY_GRPC_TARGET."
            ),
        ),
        (
            errors.Unauthenticated("no key", Code.UNAUTHENTICATED),
            (
                "the server at host:1 wants a key, and got none that it knows. "
                "Put one of its keys into MJPROXY_KEY, or name a file that holds it with --key-file."
            ),
        ),
        (
            errors.QueueFull("full", Code.RESOURCE_EXHAUSTED, errors.ErrorDetails(retry_after=2.5)),
            "full. Try again in 2.5 s.",
        ),
        (errors.QueueFull("full", Code.RESOURCE_EXHAUSTED), "full"),
        (errors.Refused("prompt: empty", Code.INVALID_ARGUMENT), "prompt: empty"),
        (errors.TaskFailed(Task(failure=Failure(title="Banned", description="blood"))), "Banned: blood"),
        (
            errors.TaskFailed(
                Task(failure=Failure(reason=ERROR_REASON_MODERATED, title="Banned", description="Blood."))
            ),
            "Banned: Blood. Change the prompt or the picture.",
        ),
        (errors.NotOffered("task 1 does not offer 'U1'"), "task 1 does not offer 'U1'"),
    ],
)
def test_line_of_each_error(error: errors.MjproxyError, line: str) -> None:
    assert explain(error, "host:1") == line
