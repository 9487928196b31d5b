"""What the bot can do about a request. It is decided at once, and done when Discord has answered the client."""

from dataclasses import dataclass

from mjproxy_simulator.bot.notices import RefusedError
from mjproxy_simulator.model.dialogs import Dialog
from mjproxy_simulator.model.jobs import Job
from mjproxy_simulator.model.members import Member
from mjproxy_simulator.model.messages import Embed, Message, Row


@dataclass(frozen=True, slots=True)
class StartJobs:
    """Take jobs."""

    jobs: tuple[Job, ...]
    member: Member | None = None


@dataclass(frozen=True, slots=True)
class StopJob:
    """Stop a job."""

    job_id: str


@dataclass(frozen=True, slots=True)
class ShowJob:
    """Post the result of a job again."""

    job: Job


@dataclass(frozen=True, slots=True)
class Reply:
    """Say something.

    Attributes:
        deferred: Whether the bot says first that it is thinking, and then edits that message.
        member: What is known of the user from now on; None if nothing has changed.
    """

    content: str = ""
    embeds: tuple[Embed, ...] = ()
    components: tuple[Row, ...] = ()
    ephemeral: bool = True
    deferred: bool = False
    member: Member | None = None


@dataclass(frozen=True, slots=True)
class EditMessage:
    """Replace the pressed message by another content."""

    message: Message
    member: Member | None = None


@dataclass(frozen=True, slots=True)
class OpenDialog:
    """Put a dialog before the user."""

    dialog: Dialog


Answer = StartJobs | StopJob | ShowJob | Reply | EditMessage | OpenDialog | RefusedError
