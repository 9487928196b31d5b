"""What is posted to Discord's `/interactions` for a task: the payloads of the web client.

Types and fields as in Discord's documentation of interactions; the envelope of a user's client (`session_id`, `nonce`,
`message_flags`) as observed between 2023 and 2026. One request goes elsewhere: what is drawn with Vary (Region) is
submitted to a page of the bot's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypedDict, Unpack

from mjproxy_server.midjourney.modals import Form
from mjproxy_server.model.task import Source
from mjproxy_server.model.vocabulary import Dimensions

Payload = dict[str, object]

_APPLICATION_COMMAND = 2
_MESSAGE_COMPONENT = 3
_MODAL_SUBMIT = 5

_CHAT_INPUT = 1
_MESSAGE = 3

_SUBCOMMAND_OPTION = 1
_STRING_OPTION = 3
_ATTACHMENT_OPTION = 11

_ACTION_ROW = 1
_BUTTON = 2
_STRING_SELECT = 3
_TEXT_INPUT = 4

_EPHEMERAL = 64

_ASPECTS = {Dimensions.PORTRAIT: "--ar 2:3", Dimensions.SQUARE: "--ar 1:1", Dimensions.LANDSCAPE: "--ar 3:2"}


@dataclass(frozen=True, slots=True)
class CommandRef:
    """A command as the channel's application-command index lists it.

    Attributes:
        id: The command.
        version: Its version; Discord refuses an outdated one.
        application_id: The bot.
    """

    id: str
    version: str
    application_id: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where an interaction happens; guild_id is "" in a direct channel."""

    guild_id: str
    channel_id: str


class Envelope(TypedDict):
    """What every interaction says besides.

    Attributes:
        place: Where it happens.
        session_id: The gateway session that shall hear of it.
        nonce: At most 25 characters; the answer carries it.
    """

    place: Place
    session_id: str
    nonce: str


class Upload(Protocol):
    """A file that was uploaded to the channel of the interaction."""

    @property
    def filename(self) -> str:
        """Its name as given."""

    @property
    def uploaded_filename(self) -> str:
        """Discord's name for it."""


# Commands.


def imagine(command: CommandRef, prompt: str, **envelope: Unpack[Envelope]) -> Payload:
    """Return the interaction that draws a composed prompt, image URLs and flags included."""
    return _slash(command, "imagine", [_string("prompt", prompt)], **envelope)


def blend(
    command: CommandRef, images: Sequence[Upload], dimensions: Dimensions, **envelope: Unpack[Envelope]
) -> Payload:
    """Return the interaction that mixes two to five images."""
    options = [_attachment(f"image{number + 1}", number) for number in range(len(images))]
    options.append(_string("dimensions", _ASPECTS[dimensions]))
    return _slash(command, "blend", options, images, **envelope)


def describe(command: CommandRef, image: Upload | str, **envelope: Unpack[Envelope]) -> Payload:
    """Return the interaction that asks for prompts which describe an image, uploaded or at a URL."""
    if isinstance(image, str):
        return _slash(command, "describe", [_string("link", image)], **envelope)
    return _slash(command, "describe", [_attachment("image", 0)], [image], **envelope)


def shorten(command: CommandRef, prompt: str, **envelope: Unpack[Envelope]) -> Payload:
    """Return the interaction that analyses a prompt."""
    return _slash(command, "shorten", [_string("prompt", prompt)], **envelope)


def show(command: CommandRef, job_id: str, **envelope: Unpack[Envelope]) -> Payload:
    """Return the interaction that posts the result of a job again, by the job's UUID."""
    return _slash(command, "show", [_string("job_id", job_id)], **envelope)


def plain(command: CommandRef, name: str, **envelope: Unpack[Envelope]) -> Payload:
    """Return the interaction of a command without options.

    These are "info", "settings", "fast", "relax", "turbo", "stealth" and "public".
    """
    return _slash(command, name, [], **envelope)


def prefer_remix(command: CommandRef, **envelope: Unpack[Envelope]) -> Payload:
    """Return the interaction that turns the Remix mode on if it is off, and off if it is on."""
    subcommand: Payload = {"type": _SUBCOMMAND_OPTION, "name": "remix", "options": []}
    return _slash(command, "prefer", [subcommand], **envelope)


def save_face(command: CommandRef, name: str, image: Upload, **envelope: Unpack[Envelope]) -> Payload:
    """Return the interaction with which InsightFace learns a face under a name (letters and digits, at most 10)."""
    return _slash(command, "saveid", [_string("idname", name), _attachment("image", 0)], [image], **envelope)


def swap_face(command: CommandRef, name: str, image: Upload, **envelope: Unpack[Envelope]) -> Payload:
    """Return the interaction with which InsightFace puts a learned face into an image."""
    return _slash(command, "swapid", [_string("idname", name), _attachment("image", 0)], [image], **envelope)


def cancel_job(command: CommandRef, message_id: str, **envelope: Unpack[Envelope]) -> Payload:
    """Return the interaction that stops the job whose progress a message shows ("Cancel Job", a message command)."""
    data: Payload = {
        "version": command.version,
        "id": command.id,
        "name": "Cancel Job",
        "type": _MESSAGE,
        "target_id": message_id,
        "options": [],
        "attachments": [],
    }
    return _interaction(_APPLICATION_COMMAND, command.application_id, data, envelope)


# Components.


def press(source: Source, *, application_id: str, **envelope: Unpack[Envelope]) -> Payload:
    """Return the interaction that presses a button of a message.

    Args:
        source: The button and its message.
        application_id: The bot whose message it is.
        **envelope: What every interaction says besides.
    """
    return press_button(
        source.custom_id,
        message_id=source.message_id,
        message_flags=source.message_flags,
        application_id=application_id,
        **envelope,
    )


def press_button(
    custom_id: str, *, message_id: str, message_flags: int, application_id: str, **envelope: Unpack[Envelope]
) -> Payload:
    """Return the interaction that presses any button: Cancel Job, Appeal and the settings among them.

    Args:
        custom_id: The button.
        message_id: The message that carries it.
        message_flags: The message's flags as they are; 64 if only its addressee sees it.
        application_id: The bot whose message it is.
        **envelope: What every interaction says besides.
    """
    data: Payload = {"component_type": _BUTTON, "custom_id": custom_id}
    message: Payload = {"message_id": message_id, "message_flags": message_flags}
    return {**_interaction(_MESSAGE_COMPONENT, application_id, data, envelope), **message}


def select(
    custom_id: str, value: str, *, message_id: str, application_id: str, **envelope: Unpack[Envelope]
) -> Payload:
    """Return the interaction that chooses a value of a menu which only its addressee sees, as that of /settings."""
    data: Payload = {
        "component_type": _STRING_SELECT,
        "type": _STRING_SELECT,
        "custom_id": custom_id,
        "values": [value],
    }
    message: Payload = {"message_id": message_id, "message_flags": _EPHEMERAL}
    return {**_interaction(_MESSAGE_COMPONENT, application_id, data, envelope), **message}


def submit_modal(
    modal_interaction_id: str, form: Form, text: str, *, application_id: str, **envelope: Unpack[Envelope]
) -> Payload:
    """Return the interaction that submits a modal.

    Args:
        modal_interaction_id: The id that came with the modal, which is that of the press.
        form: The modal and its text field.
        text: What is written into the field.
        application_id: The bot whose modal it is.
        **envelope: What every interaction says besides; the nonce is a new one.
    """
    field: Payload = {"type": _TEXT_INPUT, "custom_id": form.field_id, "value": text}
    data: Payload = {
        "id": modal_interaction_id,
        "custom_id": form.modal_id,
        "components": [{"type": _ACTION_ROW, "components": [field]}],
    }
    return _interaction(_MODAL_SUBMIT, application_id, data, envelope)


# The page of Vary (Region).

REGION_PATH = "/inpaint/api/submit-job"
"""Where on the bot's own host, `<application id>.discordsays.com`, a region is posted; Niji's on Midjourney's."""


def region(token: str, prompt: str, mask: str) -> Payload:
    """Return what is posted to submit a region.

    Args:
        token: The token of the page, without the prefix of its custom id.
        prompt: What is drawn there.
        mask: A WebP or PNG in Base64, of the picture's size; white is drawn anew.
    """
    return {
        "customId": token,
        "prompt": prompt,
        "mask": mask,
        "userId": "0",
        "username": "0",
        "full_prompt": None,
    }


def _slash(
    command: CommandRef,
    name: str,
    options: Sequence[Payload],
    uploads: Sequence[Upload] = (),
    **envelope: Unpack[Envelope],
) -> Payload:
    data: Payload = {
        "version": command.version,
        "id": command.id,
        "name": name,
        "type": _CHAT_INPUT,
        "options": list(options),
        "attachments": [_file(number, upload) for number, upload in enumerate(uploads)],
    }
    return _interaction(_APPLICATION_COMMAND, command.application_id, data, envelope)


def _interaction(type_: int, application_id: str, data: Payload, envelope: Envelope) -> Payload:
    place = envelope["place"]
    guild: Payload = {"guild_id": place.guild_id} if place.guild_id else {}
    return {
        "type": type_,
        **guild,
        "channel_id": place.channel_id,
        "application_id": application_id,
        "session_id": envelope["session_id"],
        "nonce": envelope["nonce"],
        "data": data,
    }


def _string(name: str, value: str) -> Payload:
    return {"type": _STRING_OPTION, "name": name, "value": value}


def _attachment(name: str, number: int) -> Payload:
    return {"type": _ATTACHMENT_OPTION, "name": name, "value": number}


def _file(number: int, upload: Upload) -> Payload:
    return {"id": str(number), "filename": upload.filename, "uploaded_filename": upload.uploaded_filename}
