"""Facts: what can happen to a task. `transition` says what each one makes of it.

`at` is when it happened, in Unix milliseconds.
"""

from msgspec import Struct

from mjproxy_server.model.task import Confirmation, Failure, Picture, Result, Source
from mjproxy_server.model.vocabulary import Mode, Setback


class Sending(Struct, frozen=True):
    """A spending step is about to be sent under this nonce; until its outcome is known it is in doubt.

    Where Discord has told the interaction's id beforehand, as for a page that a press has opened, it is known too. The
    mode is the one that the prompt asks for; None leaves the task's as it is. The session is the one that is told of
    the interaction if it is taken; "" if none is.
    """

    at: int
    nonce: str
    interaction_id: str = ""
    mode: Mode | None = None
    session_id: str = ""


class Taken(Struct, frozen=True):
    """Discord has taken the step with this nonce."""

    at: int
    nonce: str
    interaction_id: str = ""


class Opened(Struct, frozen=True):
    """The press with this nonce was taken, and the bot answers it by a modal: that has started nothing yet."""

    at: int
    nonce: str
    interaction_id: str = ""


class NotTaken(Struct, frozen=True):
    """It is proved that Discord has not taken the step with this nonce; the task may be sent again."""

    at: int
    nonce: str


class Started(Struct, frozen=True):
    """The bot shows the job: its first message has come."""

    at: int
    message_id: str
    interaction_id: str = ""
    job_id: str = ""
    flags: int = 0


class Progressed(Struct, frozen=True):
    """The bot reports on the job: how far it is in percent, and what can be seen of it. None and "" mean not told."""

    at: int
    message_id: str
    percent: int | None = None
    picture: Picture | None = None
    job_id: str = ""
    mode: Mode | None = None


class Reported(Struct, frozen=True):
    """The bot has reported several times, and was heard once; each report makes a version of the task of its own."""

    reports: tuple[Progressed, ...]


class Held(Struct, frozen=True):
    """The bot lets the job wait for another one to end: a sign of life, not a failure."""

    at: int
    message_id: str = ""


class Finished(Struct, frozen=True):
    """The bot has delivered the result."""

    at: int
    result: Result
    mode: Mode | None = None


class Failed(Struct, frozen=True):
    """The task has failed."""

    at: int
    failure: Failure


class Retrying(Struct, frozen=True):
    """The bot has not done what was sent, and the task waits to be sent once more.

    With an appeal, that button is pressed next in the place of what the task asks for.
    """

    at: int
    setback: Setback
    appeal: Source | None = None


class Cancelled(Struct, frozen=True):
    """The caller has cancelled the task, and nothing of it runs any more."""

    at: int


class Confirmed(Struct, frozen=True, kw_only=True):
    """The caller has answered the modal; the task waits for its turn from now on.

    What the answer leaves as it was is None.
    """

    at: int
    prompt: str
    prompt_en: str
    description: str
    confirmation: Confirmation
    state: str | None = None
    notify_hook: str | None = None


class Moved(Struct, frozen=True):
    """Another account works on the task, which nothing was sent for yet."""

    at: int
    account_id: str


class CancelRequested(Struct, frozen=True):
    """The caller wants the task to stop."""

    at: int


class SeedFound(Struct, frozen=True):
    """The bot has told the seed of the task's picture, in decimal digits."""

    at: int
    seed: str


Fact = (
    Sending
    | Taken
    | Opened
    | NotTaken
    | Started
    | Progressed
    | Reported
    | Held
    | Finished
    | Failed
    | Retrying
    | Cancelled
    | Confirmed
    | Moved
    | CancelRequested
    | SeedFound
)
