"""Gateway dispatches as typed events: messages of the bots, deletions, the fate of interactions, and dialogues.

The reader is tolerant, as Discord asks for: keys may be missing or null, a nonce may be a number, unknown keys are
nothing to worry about. What is not of a known bot, and what has not the shape of a message, is no event.

The same reader serves the channel's history: a message read there has the shape of a MESSAGE_CREATE.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum, auto

from msgspec import Struct

from mjproxy_server.midjourney import content as grammar
from mjproxy_server.midjourney import custom_id, wire
from mjproxy_server.midjourney.bots import bot_of
from mjproxy_server.midjourney.content import Content, Phase
from mjproxy_server.midjourney.custom_id import ButtonKind
from mjproxy_server.midjourney.suggestions import prompts_of
from mjproxy_server.model.task import Button, Picture
from mjproxy_server.model.vocabulary import Bot


class MessageKind(StrEnum):
    """How a message came: new, or changed."""

    CREATED = auto()
    UPDATED = auto()


class InteractionKind(StrEnum):
    """What became of an interaction: Discord took it, the bot answered it, or the bot did not."""

    CREATED = auto()
    SUCCEEDED = auto()
    FAILED = auto()


class Attachment(Struct, frozen=True, kw_only=True):
    """A file of a message; width and height in pixels, 0 for what is no picture."""

    filename: str
    url: str
    width: int = 0
    height: int = 0


class Embed(Struct, frozen=True, kw_only=True):
    """A framed text of a message; colour as 0xRRGGBB, 0 if it has none."""

    type: str = ""
    title: str = ""
    description: str = ""
    colour: int = 0
    footer: str = ""
    image: Picture | None = None


class Choice(Struct, frozen=True):
    """An entry of a menu: what is shown, what is sent, and whether it is the one that is chosen."""

    label: str
    value: str
    chosen: bool = False


class Menu(Struct, frozen=True):
    """A menu of a message."""

    custom_id: str
    choices: tuple[Choice, ...]


_PROPOSING = frozenset({ButtonKind.DESCRIPTION, ButtonKind.SHORTENED_PROMPT})
_RATED = "You have successfully rated"
_DISPLAYING = "Displaying..."
_SHOW = "show"


class BotMessage(Struct, frozen=True, kw_only=True):
    """A message of a bot. What it does not tell is "", 0, empty or None.

    Attributes:
        kind: Whether it is new or changed.
        id: The message.
        channel_id: Its channel.
        bot: Its author.
        nonce: The nonce of the interaction that it answers; only the first message of an interaction has it.
        interaction_id: The interaction that it answers.
        command: The name of the command that it answers.
        user_id: Whose job or interaction it is about.
        reference_id: The message that it replies to.
        flags: Discord's message flags; 64 is ephemeral.
        edited_at: When it was last changed, in Unix milliseconds.
        text: Its text as it stands.
        content: Its text as the bot's grammar reads it; None if it speaks of no job.
        attachments: Its files.
        buttons: Its buttons that have a custom id, so no links.
        menus: Its menus.
        embeds: Its framed texts.
        job_id: The UUID of the job that it is about.
        component_types: Of which types its components are, as Discord numbers them.
    """

    kind: MessageKind
    id: str
    channel_id: str = ""
    bot: Bot
    nonce: str = ""
    interaction_id: str = ""
    command: str = ""
    user_id: str = ""
    reference_id: str = ""
    flags: int = 0
    edited_at: int = 0
    text: str = ""
    content: Content | None = None
    attachments: tuple[Attachment, ...] = ()
    buttons: tuple[Button, ...] = ()
    menus: tuple[Menu, ...] = ()
    embeds: tuple[Embed, ...] = ()
    job_id: str = ""
    component_types: frozenset[int] = frozenset()

    @property
    def picture(self) -> Picture | None:
        """The first attachment, as a picture."""
        if not self.attachments:
            return None
        first = self.attachments[0]
        return Picture(url=first.url, width=first.width, height=first.height)

    @property
    def is_result(self) -> bool:
        """True if this is the message with which a job ends well.

        Results are new messages with a picture. A change of one (a button of it was pressed) and one with a remark that
        is unheard of are told from a report on a running job by buttons that do more than cancel it.
        """
        if self.content is None or not self.attachments:
            return False
        if self.content.phase is Phase.DONE and self.kind is MessageKind.CREATED:
            return True
        return self.content.phase in {Phase.DONE, Phase.OTHER} and self._can_be_worked_on

    @property
    def proposal(self) -> Embed | None:
        """The framed text in which the bot proposes prompts, as /describe and /shorten want it to."""
        if not self.embeds:
            return None
        choice = any(custom_id.parse(button.custom_id).kind in _PROPOSING for button in self.buttons)
        texts = (embed for embed in self.embeds if embed.description)
        return next((embed for embed in texts if choice or prompts_of(embed.description)), None)

    @property
    def is_rating(self) -> bool:
        """True if it says that a picture was rated, which is what the bookmark button does."""
        return self.text.startswith(_RATED)

    @property
    def announces_copy(self) -> bool:
        """True if it answers /show, which posts the result of an old job again."""
        return self.text == _DISPLAYING or self.command == _SHOW

    @property
    def _can_be_worked_on(self) -> bool:
        return any(custom_id.parse(button.custom_id).kind is not ButtonKind.CANCEL_JOB for button in self.buttons)


class Deleted(Struct, frozen=True):
    """Messages were deleted."""

    ids: tuple[str, ...]
    channel_id: str = ""


class InteractionEvent(Struct, frozen=True):
    """What became of an interaction.

    Attributes:
        kind: What became of it.
        id: Discord's id of it.
        nonce: The nonce that it was sent with, or "".
        reason_code: Why it failed; 2 means that the application did not respond. 0 if not told.
    """

    kind: InteractionKind
    id: str
    nonce: str
    reason_code: int = 0


class TextField(Struct, frozen=True):
    """A text field of a modal: its custom id, and what stands in it at first."""

    custom_id: str
    value: str = ""


class ModalOpened(Struct, frozen=True):
    """The bot answers a press by a modal.

    Attributes:
        id: The interaction; a submit names it.
        nonce: The nonce that the press was sent with, or "".
        custom_id: The modal.
        fields: Its text fields.
    """

    id: str
    nonce: str
    custom_id: str
    fields: tuple[TextField, ...] = ()


class IframeOpened(Struct, frozen=True):
    """The bot answers a press by a page of its own.

    Attributes:
        id: The interaction; the messages of what is submitted there name it, and carry no nonce.
        nonce: The nonce that the press was sent with, or "".
        token: What a submit to the page is known by there.
    """

    id: str
    nonce: str
    token: str


Event = BotMessage | Deleted | InteractionEvent | ModalOpened | IframeOpened

MESSAGES = {"MESSAGE_CREATE": MessageKind.CREATED, "MESSAGE_UPDATE": MessageKind.UPDATED}
"""The dispatches that bring a message."""
_DELETIONS = frozenset({"MESSAGE_DELETE", "MESSAGE_DELETE_BULK"})
_INTERACTIONS = {
    "INTERACTION_CREATE": InteractionKind.CREATED,
    "INTERACTION_SUCCESS": InteractionKind.SUCCEEDED,
    "INTERACTION_FAILURE": InteractionKind.FAILED,
}

_MODAL = "INTERACTION_MODAL_CREATE"
_IFRAME = "INTERACTION_IFRAME_MODAL_CREATE"
_IFRAME_PREFIX = "MJ::iframe::"

_BUTTON = 2
_STRING_SELECT = 3
_TEXT_INPUT = 4


def read(name: str, payload: wire.Payload) -> Event | None:
    """Return what a dispatch means.

    Args:
        name: The dispatch's name, for instance "MESSAGE_CREATE".
        payload: What it tells.

    Returns:
        The event; None if it is not of a known bot, of no concern, or malformed.
    """
    try:
        return _read(name, payload)
    except wire.Malformed:
        return None


def _read(name: str, payload: wire.Payload) -> Event | None:
    if kind := MESSAGES.get(name):
        return message_of(kind, wire.read(payload, wire.Message))
    if name in _DELETIONS:
        return _deleted(wire.read(payload, wire.Deletion))
    if interaction := _INTERACTIONS.get(name):
        return _interaction(interaction, wire.read(payload, wire.Interaction))
    if name == _MODAL:
        return _modal(wire.read(payload, wire.Dialogue))
    if name == _IFRAME:
        return _iframe(wire.read(payload, wire.Dialogue))
    return None


def _deleted(raw: wire.Deletion) -> Deleted:
    ids = raw.ids or ([raw.id] if raw.id else [])
    return Deleted(tuple(ids), raw.channel_id or "")


def _interaction(kind: InteractionKind, raw: wire.Interaction) -> InteractionEvent:
    return InteractionEvent(kind, raw.id, _nonce(raw.nonce), raw.reason_code or 0)


def _modal(raw: wire.Dialogue) -> ModalOpened:
    inputs = [component for component in _flattened(raw.components or ()) if component.type == _TEXT_INPUT]
    fields = tuple(TextField(field.custom_id or "", field.value or "") for field in inputs)
    return ModalOpened(raw.id, _nonce(raw.nonce), raw.custom_id, fields)


def _iframe(raw: wire.Dialogue) -> IframeOpened:
    return IframeOpened(raw.id, _nonce(raw.nonce), raw.custom_id.removeprefix(_IFRAME_PREFIX))


def message_of(kind: MessageKind, raw: wire.Message) -> BotMessage | None:
    """Return what a message says; None if it is of no known bot."""
    bot = _author(raw)
    if bot is None:
        return None
    text = raw.content or ""
    content = grammar.parse(text)
    interaction = raw.interaction_metadata or raw.interaction
    attachments = tuple([_attachment(attachment) for attachment in raw.attachments or ()])
    components = _flattened(raw.components or ())
    return BotMessage(
        kind=kind,
        id=raw.id,
        channel_id=raw.channel_id or "",
        bot=bot,
        nonce=_nonce(raw.nonce),
        interaction_id=interaction.id if interaction else "",
        command=_command(raw),
        user_id=_user(content, interaction),
        reference_id=(raw.message_reference.message_id or "") if raw.message_reference else "",
        flags=raw.flags or 0,
        edited_at=milliseconds(raw.edited_timestamp),
        text=text,
        content=content,
        attachments=attachments,
        buttons=tuple([_button(each) for each in components if each.type == _BUTTON and each.custom_id]),
        menus=tuple([_menu(each) for each in components if each.type == _STRING_SELECT]),
        embeds=tuple([_embed(embed) for embed in raw.embeds or ()]),
        job_id=_job_id(components, attachments, content),
        component_types=frozenset([each.type for each in components]),
    )


def _nonce(raw: str | int | None) -> str:
    return "" if raw is None else str(raw)


def _author(raw: wire.Message) -> Bot | None:
    by_application = bot_of(raw.application_id) if raw.application_id else None
    return by_application or (bot_of(raw.author.id) if raw.author else None)


def _command(raw: wire.Message) -> str:
    newer, older = raw.interaction_metadata, raw.interaction
    return (newer.name if newer else "") or (older.name if older else "") or ""


def milliseconds(timestamp: str | None) -> int:
    """Return an ISO 8601 timestamp as Unix milliseconds; 0 for none, and for what is none."""
    try:
        return int(datetime.fromisoformat(timestamp).timestamp() * 1000) if timestamp else 0
    except ValueError:
        return 0


def _user(content: Content | None, interaction: wire.InteractionMetadata | None) -> str:
    if content and content.user_id:
        return content.user_id
    return interaction.user.id if interaction and interaction.user else ""


def _attachment(raw: wire.Attachment) -> Attachment:
    return Attachment(filename=raw.filename or "", url=raw.url or "", width=raw.width or 0, height=raw.height or 0)


def _embed(raw: wire.Embed) -> Embed:
    return Embed(
        type=raw.type or "",
        title=raw.title or "",
        description=raw.description or "",
        colour=raw.color or 0,
        footer=(raw.footer.text or "") if raw.footer else "",
        image=_image(raw.image),
    )


def _image(raw: wire.EmbedImage | None) -> Picture | None:
    return Picture(raw.url, raw.width or 0, raw.height or 0) if raw and raw.url else None


def _flattened(components: Sequence[wire.Component]) -> Sequence[wire.Component]:
    """Return the components together with those that their rows and containers arrange."""
    flat: list[wire.Component] = []
    for component in components:
        flat.append(component)
        if component.components:
            flat += _flattened(component.components)
    return flat


def _button(raw: wire.Component) -> Button:
    return Button(
        custom_id=raw.custom_id or "",
        emoji=(raw.emoji.name or "") if raw.emoji else "",
        label=raw.label or "",
        type=raw.type,
        style=raw.style or 0,
    )


def _menu(raw: wire.Component) -> Menu:
    choices = tuple(Choice(each.label, each.value, bool(each.default)) for each in raw.options or ())
    return Menu(raw.custom_id or "", choices)


_HEX_UUID = r"([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})"
_PREVIEW_NAME = re.compile(rf"{_HEX_UUID}_\w+\.\w+")
_RESULT_NAME = re.compile(rf"(?:.*_)?{_HEX_UUID}\.\w+", re.DOTALL)


def _job_id(components: Iterable[wire.Component], attachments: Iterable[Attachment], content: Content | None) -> str:
    """Return the job's UUID: from a button, a file name or the link to the website, which never disagree."""
    for component in components:
        if component.custom_id and (job_id := custom_id.parse(component.custom_id).job_id):
            return job_id
    for attachment in attachments:
        if job_id := _job_id_in_filename(attachment.filename):
            return job_id
    for component in components:
        if component.url and (job_id := grammar.job_id_in_link(component.url)):
            return job_id
    return content.job_id if content else ""


def _job_id_in_filename(filename: str) -> str:
    """Return the UUID with which a preview's name begins or a result's name ends; some servers drop its hyphens."""
    match = _RESULT_NAME.fullmatch(filename) or _PREVIEW_NAME.fullmatch(filename)
    return "-".join(match.groups()) if match else ""
