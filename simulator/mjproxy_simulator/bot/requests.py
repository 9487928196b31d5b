"""What reaches the bot."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mjproxy_simulator.bot.presses import kind_of_press
from mjproxy_simulator.model.accounts import Profile
from mjproxy_simulator.model.messages import CommandFile, Invocation, Message


@dataclass(frozen=True, slots=True)
class Request:
    """An interaction that Discord hands to a bot.

    Attributes:
        invocation: Who asked, by which command or on which message.
        application_id: The bot that is asked.
        channel_id: Where.
        guild_id: The guild of the channel, None for a private one.
        profile: How the bot behaves there.
        nonce: What the first message of the answer has to repeat.
        prompt: The option of that name of a command, or the text of a form.
        options: All text options of a command.
        subcommand: The part of a command that was called.
        files: The files that came with a command, in the order of its options.
        custom_id: The button that was pressed, or that opened the form.
        value: What was chosen from a menu.
        message: The message whose button was pressed, or at which a command aims.
    """

    invocation: Invocation
    application_id: int
    channel_id: int
    profile: Profile
    guild_id: int | None = None
    nonce: str | None = None
    prompt: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    subcommand: str | None = None
    files: tuple[CommandFile, ...] = ()
    custom_id: str | None = None
    value: str | None = None
    message: Message | None = None

    @property
    def submitted(self) -> bool:
        """Whether it is a form that was sent in."""
        return self.invocation.opener_id is not None


def kind_of(request: Request) -> str:
    """Return what a request is about, in one word."""
    if request.custom_id is None:
        return request.invocation.name or "other"
    return kind_of_press(request.custom_id)
