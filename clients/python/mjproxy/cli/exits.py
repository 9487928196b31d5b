"""What the commands that talk to a server end with: the exit code and the line for each error."""

from enum import IntEnum
from typing import Self

from mjproxy import errors


class Exit(IntEnum):
    """An exit code, and what it means."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> Self:
        """Makes a member of its code and its meaning."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    DONE = 0, "done"
    TASK_FAILED = 1, "the task failed or was cancelled"
    USAGE = 2, "wrong usage"
    REFUSED = 3, "refused: the message says what to correct"
    NOT_FOUND = 4, "no such task, or no account that matches"
    QUEUE_FULL = 5, "the queue is full: try again later"
    FORBIDDEN = 6, "no valid key, or not allowed with this key"
    UNREACHABLE = 7, "the server cannot be reached"
    TIMED_OUT = 8, "the time was over; an accepted task goes on"
    OTHER = 9, "any other error"
    INTERRUPTED = 130, "interrupted; an accepted task goes on"


class CommandFailed(errors.MjproxyError):
    """A command failed for a reason of its own.

    Attributes:
        code: What it ends with.
    """

    def __init__(self, message: str, code: Exit) -> None:
        super().__init__(message)
        self.code = code


# The first class that matches decides, so a class stands before its base.
_CODES: tuple[tuple[type[errors.MjproxyError], Exit], ...] = (
    (errors.TaskFailed, Exit.TASK_FAILED),
    (errors.NotFound, Exit.NOT_FOUND),
    (errors.QueueFull, Exit.QUEUE_FULL),
    (errors.Refused, Exit.REFUSED),
    (errors.NotOffered, Exit.REFUSED),
    (errors.Unauthenticated, Exit.FORBIDDEN),
    (errors.PermissionDenied, Exit.FORBIDDEN),
    (errors.Unavailable, Exit.UNREACHABLE),
    (errors.DeadlineExceeded, Exit.TIMED_OUT),
    (errors.WaitTimedOut, Exit.TIMED_OUT),
    (errors.MjproxyError, Exit.OTHER),
)

# "\b" keeps click from joining the lines.
EPILOG = "\b\nExit codes:\n" + "\n".join(f"  {code.value:>3}  {code.meaning}" for code in Exit)


def exit_code(error: errors.MjproxyError) -> Exit:
    """The exit code that tells a script of this error."""
    if isinstance(error, CommandFailed):
        return error.code
    return next(code for kind, code in _CODES if isinstance(error, kind))


def explain(error: errors.MjproxyError, target: str) -> str:
    """The line that tells a person of this error, and what to do.

    Args:
        error: What went wrong.
        target: The server's address.
    """
    match error:
        case errors.Unavailable():
            return (
                f"the server at {target} cannot be reached ({error}). "
                "Start one with `mjproxy up`, or name yours with --server or MJPROXY_GRPC_TARGET."
            )
        case errors.Unauthenticated():
            return (
                f"the server at {target} wants a key, and got none that it knows. "
                "Put one of its keys into MJPROXY_KEY, or name a file that holds it with --key-file."
            )
        case errors.TaskFailed(remedy=str(remedy)) if remedy:
            return f"{str(error).removesuffix('.')}. {remedy}"
        case errors.QueueFull(retry_after=float(seconds)):
            return f"{error}. Try again in {seconds:g} s."
    return str(error)
