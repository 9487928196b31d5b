"""Messages as they are kept: without nonces (heard once) and without URLs (signed anew whenever they are read)."""

from collections.abc import Mapping
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
    LOADING = 128


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
class CommandFile:
    """A file that came with a command: an attachment of the command or of its application, not of a message."""

    owner_id: int
    attachment: Attachment


@dataclass(frozen=True, slots=True)
class EmbeddedImage:
    """A picture in an embed; the size of one of another host is not known."""

    url: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Embed:
    """A coloured box, as the bot uses it for notices, errors and what it has to say about a picture.

    Attributes:
        image: The picture that it shows.
    """

    title: str | None
    description: str
    color: int
    footer: str | None = None
    image: EmbeddedImage | None = None


@dataclass(frozen=True, slots=True)
class Button:
    """A button; `custom_id` goes back to the bot when it is pressed, `url` opens a page instead."""

    custom_id: str | None = None
    label: str | None = None
    emoji: str | None = None
    style: ButtonStyle = ButtonStyle.SECONDARY
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the things that can be chosen from a menu."""

    label: str
    value: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Select:
    """A menu from which one thing is chosen."""

    custom_id: str
    choices: tuple[Choice, ...]


Component = Button | Select
Row = tuple[Component, ...]


@dataclass(frozen=True, slots=True)
class Invocation:
    """The interaction that a message answers.

    Attributes:
        id: The interaction's id.
        type: 2 for a command, 3 for a button, 5 for a form.
        user_id: Who invoked it.
        name: The command's name; None for a button or a form.
        custom_id: The button that was pressed, or that opened the form; None for a command.
        message_id: The message whose button was pressed, for a form to open it too; None for a command.
        opener_id: The interaction that opened the form; None for all others.
    """

    id: int
    type: int
    user_id: int
    name: str | None = None
    custom_id: str | None = None
    message_id: int | None = None
    opener_id: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a channel.

    Attributes:
        reference: The message it answers.
        verbatim: The form in which it is told, for one that comes from a scenario; None for all others.
    """

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
    verbatim: Mapping[str, object] | None = None

    @property
    def created_ms(self) -> int:
        """When it was posted, in Unix milliseconds; its id says so."""
        return created_ms(self.id)

    @property
    def ephemeral(self) -> bool:
        """Whether only the invoking user sees it, and only while connected."""
        return MessageFlags.EPHEMERAL in self.flags

    def component(self, custom_id: str) -> Component | None:
        """Return the button or menu with this custom id."""
        return next((each for row in self.components for each in row if each.custom_id == custom_id), None)

    def with_pressed(self, custom_id: str) -> "Message":
        """Return the message with this button marked as pressed."""
        rows = tuple(tuple(_pressed(button, custom_id) for button in row) for row in self.components)
        return replace(self, components=rows)


def _pressed(component: Component, custom_id: str) -> Component:
    if isinstance(component, Button) and component.custom_id == custom_id:
        return replace(component, style=ButtonStyle.PRIMARY)
    return component
