"""The record of a job: all that is needed to play it to its end, to draw its pictures, and to build on them."""

from dataclasses import dataclass
from enum import StrEnum

from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.model.messages import Invocation


class Kind(StrEnum):
    """What a job does."""

    IMAGINE = "imagine"
    UPSCALE = "upscale"
    VARIATION = "variation"
    REROLL = "reroll"


class Status(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it."""
        return self in {Status.FINISHED, Status.STOPPED}


@dataclass(frozen=True, slots=True)
class Job:
    """A job of the bot.

    Attributes:
        id: The UUID in its file names and custom ids.
        number: Its place in the order in which jobs were taken, from 1.
        prompt: As the bot writes it back, not as it was sent.
        mode: "fast", "relaxed" or "turbo", perhaps with ", stealth".
        seed: Decides the pictures, together with the prompt.
        aspect: Width and height of a picture, as a ratio.
        invocation: What asked for it.
        custom_id: The button that asked for it, None for a command.
        nonce: What its first message has to repeat; None once it was said.
        parent: The job it builds on, and `index` which of that job's four pictures (1 to 4; 0 means all of them).
        beat: How many steps of its timeline were played.
        progress_id: The message that shows its progress.
        final_id: The message with its result.
    """

    id: str
    number: int
    kind: Kind
    application_id: int
    channel_id: int
    profile: Profile
    prompt: str
    mode: str
    seed: int
    aspect: tuple[int, int]
    invocation: Invocation
    created_ms: int
    custom_id: str | None = None
    nonce: str | None = None
    parent: str | None = None
    index: int = 0
    status: Status = Status.RUNNING
    beat: int = 0
    progress_id: int | None = None
    final_id: int | None = None

    @property
    def user_id(self) -> int:
        """Whose job it is."""
        return self.invocation.user_id

    @property
    def source_id(self) -> int | None:
        """The message whose button asked for it."""
        return self.invocation.message_id
