"""What a client shows of a task: one state of it, and how its submission was taken."""

from dataclasses import dataclass
from typing import Self

from mjproxy.errors import TaskFailed
from mjproxy.terms import Action, Bot, Mode, Status
from mjproxy.v1 import task_pb2 as pb
from mjproxy.v1.task_service_pb2 import (
    SUBMIT_CODE_EXISTED,
    SUBMIT_CODE_NEEDS_MODAL,
    SubmitCode,
    SubmitModalResponse,
    SubmitTaskResponse,
)


@dataclass(frozen=True, slots=True)
class Submission:
    """How the server took a submission.

    Attributes:
        code: SUCCESS, EXISTED, IN_QUEUE or NEEDS_MODAL.
        description: The code in words.
        queue_position: The number of waiting tasks ahead.
        deduplicated: True if the request id was seen before, and this is the first answer again.
        task_ids: All tasks that it made; more than one only for "imagine all".
    """

    code: SubmitCode.ValueType
    description: str
    queue_position: int
    deduplicated: bool
    task_ids: tuple[str, ...]

    @classmethod
    def of(cls, response: SubmitTaskResponse | SubmitModalResponse) -> Self:
        """Reads the server's answer."""
        tasks = response.tasks if isinstance(response, SubmitTaskResponse) else [response.task]
        return cls(
            code=response.code,
            description=response.description,
            queue_position=response.queue_position,
            deduplicated=response.deduplicated,
            task_ids=tuple(task.id for task in tasks),
        )

    @property
    def existed(self) -> bool:
        """True if the task is an older one, which did the same already."""
        return self.code == SUBMIT_CODE_EXISTED

    @property
    def needs_modal(self) -> bool:
        """True if the task waits for its prompt or its mask to be confirmed."""
        return self.code == SUBMIT_CODE_NEEDS_MODAL


class TaskView:
    """One state of a task. It never changes: a later state is another view.

    Attributes:
        message: The task as the server sent it, with everything that the properties leave out.
        revision: The revision at which this was the task's state.
    """

    __slots__ = ("message", "revision")

    def __init__(self, message: pb.Task, revision: int) -> None:
        self.message = message
        self.revision = revision

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.action} {self.status} {self.progress}%>"

    @property
    def id(self) -> str:
        """16 decimal digits; larger is newer."""
        return self.message.id

    @property
    def action(self) -> Action:
        """What the task does."""
        return Action.of(self.message.action)

    @property
    def status(self) -> Status:
        """Where the task is in its life."""
        return Status.of(self.message.status)

    @property
    def ended(self) -> bool:
        """True if the task succeeded, failed or was cancelled."""
        return self.status.ended

    @property
    def waits_for_confirmation(self) -> bool:
        """True if the task goes on only when it is confirmed."""
        return self.status is Status.MODAL

    @property
    def mode(self) -> Mode:
        """How fast the bot works on it; "unknown" until the bot has said so."""
        return Mode.of(self.message.mode)

    @property
    def bot(self) -> Bot:
        """The bot that works on it."""
        return Bot.of(self.message.bot_type)

    @property
    def prompt(self) -> str:
        """The prompt as it was submitted."""
        return self.message.prompt

    @property
    def final_prompt(self) -> str:
        """The prompt as the bot echoed it; of a describe or a shorten the text that it wrote; empty before that."""
        return self.message.properties.final_prompt

    @property
    def progress(self) -> int:
        """0 to 100; never falls; 100 exactly if the task succeeded."""
        return self.message.progress

    @property
    def image_url(self) -> str:
        """The picture: a preview while the task runs, then the result; empty if there is none."""
        return self.message.image_url

    def raise_for_failure(self) -> Self:
        """Returns this state, unless it is a bad end.

        Raises:
            TaskFailed: The task failed or was cancelled.
        """
        if self.ended and self.status is not Status.SUCCESS:
            raise TaskFailed(self.message)
        return self
