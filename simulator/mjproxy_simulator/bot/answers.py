"""What the bot can do about a request. It is decided at once, and done when Discord has answered the client."""

from dataclasses import dataclass, replace

from mjproxy_simulator.bot.notices import RefusedError
from mjproxy_simulator.model.dialogs import Dialog
from mjproxy_simulator.model.entries import Entry
from mjproxy_simulator.model.jobs import Job
from mjproxy_simulator.model.members import Member
from mjproxy_simulator.model.messages import Embed, Message, Row


@dataclass(frozen=True, slots=True)
class StartJobs:
    """Take jobs.

    Attributes:
        member: What is known of the user from now on; None if nothing has changed.
        appealed: Whether the moderators have been asked already, and let them pass.
    """

    jobs: tuple[Job, ...]
    member: Member | None = None
    appealed: bool = False


@dataclass(frozen=True, slots=True)
class StopJob:
    """Stop a job."""

    job_id: str


@dataclass(frozen=True, slots=True)
class ShowJob:
    """Post the result of a job again."""

    job: Job


@dataclass(frozen=True, slots=True)
class SendSeed:
    """Send the result of a job and its seed to the private channel."""

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


Answer = StartJobs | StopJob | ShowJob | SendSeed | Reply | EditMessage | OpenDialog | RefusedError


def decided(entry: Entry, answer: Answer) -> Entry:
    """Return an entry of the ledger with what the bot decided."""
    match answer:
        case StartJobs(jobs=jobs):
            return replace(entry, job=jobs[0].id)
        case RefusedError():
            return replace(entry, refused=answer.title)
    return entry
