"""The ledger's entries: every interaction received, and what came of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """An interaction as it was received.

    Attributes:
        time: When, in Unix seconds.
        user_id: Whose token sent it.
        type: 2 for a command, 3 for a button, 5 for a form; None when the body could not be read.
        kind: The command's name, or the kind of button ("upscale", "variation", "reroll", "cancel", "other").
        status: The HTTP status answered; None when the connection was cut instead.
        job: The job that it started.
        refused: Why it started none.
    """

    time: float
    user_id: str
    guild_id: str | None = None
    channel_id: str | None = None
    type: int | None = None
    kind: str | None = None
    nonce: str | None = None
    custom_id: str | None = None
    prompt: str | None = None
    status: int | None = None
    job: str | None = None
    refused: str | None = None
