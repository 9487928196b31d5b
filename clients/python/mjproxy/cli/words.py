"""How tasks are put into words for people."""

from typing import Final

from mjproxy.aio.task import AsyncTask
from mjproxy.terms import Status

STATUS_WORDS: Final[dict[Status, str]] = {
    Status.UNKNOWN: "in an unknown state",
    Status.NOT_START: "waiting",
    Status.SUBMITTED: "submitted",
    Status.IN_PROGRESS: "drawing",
    Status.MODAL: "waiting for a confirmation",
    Status.SUCCESS: "done",
    Status.FAILURE: "failed",
    Status.CANCELLED: "cancelled",
}


_SHORT: Final = 40


def printable(text: str) -> str:
    """The text on one line, without what could steer a terminal: prompts are written by anybody."""
    return "".join(character if character.isprintable() else " " for character in text)


def printable_lines(text: str) -> str:
    """The same for a text of several lines."""
    return "\n".join(map(printable, text.splitlines()))


def shortened(text: str) -> str:
    """The beginning of a text on one line."""
    return printable(text) if len(text) <= _SHORT else f"{printable(text[: _SHORT - 1])}…"


def state_of(task: AsyncTask) -> str:
    """Where a task is, for instance "waiting, 3 ahead" or "drawing"."""
    words = STATUS_WORDS[task.status]
    if task.submission and task.submission.existed:
        return f"{words}, submitted before"
    if task.submission and task.submission.queue_position:
        return f"{words}, {task.submission.queue_position} ahead"
    return words


def failure_of(task: AsyncTask) -> str:
    """Why a task has failed, for instance "Queue full: Your job queue is full."; empty if it has not."""
    failure = task.message.failure
    return ": ".join(part for part in (failure.title, failure.description) if part)


def line_of(task: AsyncTask) -> str:
    """A task on one line, with its picture or why there is none."""
    ending = task.image_url if task.status is Status.SUCCESS else failure_of(task)
    return printable(f"{task.id} {task.action} {state_of(task)} {task.progress}% {ending}".rstrip())
