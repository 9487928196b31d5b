"""How tasks are put into words for people."""

from typing import Final

from mjproxy.client import AsyncTask
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


def printable(text: str) -> str:
    """The text on one line, without what could steer a terminal: prompts are written by anybody."""
    return "".join(character if character.isprintable() else " " for character in text)


def state_of(task: AsyncTask) -> str:
    """Where a task is, for instance "waiting, 3 ahead" or "drawing"."""
    words = STATUS_WORDS[task.status]
    if task.submission and task.submission.existed:
        return f"{words}, submitted before"
    if task.submission and task.submission.queue_position:
        return f"{words}, {task.submission.queue_position} ahead"
    return words


def line_of(task: AsyncTask) -> str:
    """A task on one line."""
    ending = f" {task.image_url}" if task.status is Status.SUCCESS else ""
    return printable(f"{task.id} {task.action} {state_of(task)} {task.progress}%{ending}")
