"""Messages as they are kept: without nonces (heard once) and without URLs (signed anew whenever they are read)."""

from dataclasses import dataclass, replace
from enum import IntEnum, IntFlag, StrEnum

from mjproxy_simulator.model.snowflakes import created_ms


class MessageType(IntEnum):
    """What kind of message Discord takes it for."""

    DEFAULT = 0
    REPLY = 19
    CHAT_INPUT_COMMAND = 20


class MessageFlags(IntFlag):
    """Bits of a message's `flags`."""

    NONE = 0
    EPHEMERAL = 64


class ButtonStyle(IntEnum):
    """How a button looks; `PRIMARY` is how the bot marks one that was pressed."""

    PRIMARY = 1
    SECONDARY = 2
    SUCCESS = 3
    DANGER = 4
    LINK = 5


class View(StrEnum):
    """What part of a job a picture shows."""

    PREVIEW = "preview"
    GRID = "grid"
    CELL = "cell"


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture that is drawn from the record of a job when it is asked for.

    Attributes:
        percent: How far the job is, for a preview.
        cell: Which of the job's four pictures a preview shows alone (1 to 4); 0 for all of them.
    """

    job_id: str
    view: View
    percent: int = 100
    cell: int = 0


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a client has put on the upload host."""

    upload_name: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message. The size of a drawing is an estimate, for it is not drawn yet."""

    id: int
    filename: str
    content_type: str
    size: int
    source: Drawing | Upload
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Embed:
    """A coloured box with a title, as the bot uses it for notices and errors."""

    title: str
    description: str
    color: int
    footer: str | None = None


@dataclass(frozen=True, slots=True)
class Button:
    """A button; `custom_id` goes back to the bot when it is pressed, `url` opens a page instead."""

    custom_id: str | None = None
    label: str | None = None
    emoji: str | None = None
    style: ButtonStyle = ButtonStyle.SECONDARY
    url: str | None = None


Row = tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Invocation:
    """The interaction that a message answers.

    Attributes:
        id: The interaction's id.
        type: 2 for a command, 3 for a button.
        user_id: Who invoked it.
        name: The command's name; None for a button.
        message_id: The message whose button was pressed; None for a command.
    """

    id: int
    type: int
    user_id: int
    name: str | None = None
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a channel; `reference` is the message it answers."""

    id: int
    channel_id: int
    author_id: int
    content: str = ""
    type: MessageType = MessageType.DEFAULT
    flags: MessageFlags = MessageFlags.NONE
    edited_ms: int | None = None
    reference: int | None = None
    invocation: Invocation | None = None
    attachments: tuple[Attachment, ...] = ()
    embeds: tuple[Embed, ...] = ()
    components: tuple[Row, ...] = ()

    @property
    def created_ms(self) -> int:
        """When it was posted, in Unix milliseconds; its id says so."""
        return created_ms(self.id)

    @property
    def ephemeral(self) -> bool:
        """Whether only the invoking user sees it, and only while connected."""
        return MessageFlags.EPHEMERAL in self.flags

    def button(self, custom_id: str) -> Button | None:
        """Return the button with this custom id."""
        return next((button for row in self.components for button in row if button.custom_id == custom_id), None)

    def with_pressed(self, custom_id: str) -> "Message":
        """Return the message with this button marked as pressed."""
        rows = tuple(tuple(_pressed(button, custom_id) for button in row) for row in self.components)
        return replace(self, components=rows)


def _pressed(button: Button, custom_id: str) -> Button:
    return replace(button, style=ButtonStyle.PRIMARY) if button.custom_id == custom_id else button
