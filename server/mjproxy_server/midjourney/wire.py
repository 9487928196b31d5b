"""Discord's messages and interactions as JSON has them, so far as they are read here; everything else is skipped.

Discord's documentation of the message object says which keys there are; that any of them may be missing or null was
observed with servers that speak the same protocol.
"""

from collections.abc import Mapping
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

Payload = Mapping[str, object] | Raw
"""What a dispatch tells: as decoded from JSON, or the JSON itself."""

Shape = TypeVar("Shape", bound=Struct)


class Malformed(Exception):
    """A payload that has not the shape which is read."""


class User(Struct, omit_defaults=True):
    """A user; bots are users too."""

    id: str


class InteractionMetadata(Struct, omit_defaults=True):
    """The interaction that a message answers (`interaction_metadata`, formerly `interaction`)."""

    id: str
    name: str | None = None
    user: User | None = None


class MessageReference(Struct, omit_defaults=True):
    """The message that another one replies to."""

    message_id: str | None = None


class Attachment(Struct, omit_defaults=True):
    """A file."""

    filename: str | None = None
    url: str | None = None
    width: int | None = None
    height: int | None = None


class Emoji(Struct, omit_defaults=True):
    """An emoji: the character itself, or a custom emoji's name."""

    name: str | None = None


class Choice(Struct, omit_defaults=True):
    """An entry of a menu."""

    label: str
    value: str
    default: bool | None = None


class Component(Struct, omit_defaults=True):
    """A component: a button, a menu, a text field, or a row or container of others."""

    type: int
    custom_id: str | None = None
    label: str | None = None
    style: int | None = None
    emoji: Emoji | None = None
    url: str | None = None
    value: str | None = None
    options: list[Choice] | None = None
    components: "list[Component] | None" = None


class EmbedFooter(Struct, omit_defaults=True):
    """The line under an embed."""

    text: str | None = None


class EmbedImage(Struct, omit_defaults=True):
    """The image in an embed."""

    url: str | None = None
    width: int | None = None
    height: int | None = None


class Embed(Struct, omit_defaults=True):
    """A framed text."""

    type: str | None = None
    title: str | None = None
    description: str | None = None
    color: int | None = None
    footer: EmbedFooter | None = None
    image: EmbedImage | None = None


class Message(Struct, omit_defaults=True):
    """A message; in an update, possibly a part of one."""

    id: str
    channel_id: str | None = None
    guild_id: str | None = None
    author: User | None = None
    application_id: str | None = None
    content: str | None = None
    nonce: str | int | None = None
    flags: int | None = None
    edited_timestamp: str | None = None
    interaction_metadata: InteractionMetadata | None = None
    interaction: InteractionMetadata | None = None
    message_reference: MessageReference | None = None
    attachments: list[Attachment] | None = None
    components: list[Component] | None = None
    embeds: list[Embed] | None = None


class Deletion(Struct, omit_defaults=True):
    """MESSAGE_DELETE has an id, MESSAGE_DELETE_BULK has ids."""

    id: str | None = None
    ids: list[str] | None = None
    channel_id: str | None = None


class Interaction(Struct, omit_defaults=True):
    """INTERACTION_CREATE, INTERACTION_SUCCESS and INTERACTION_FAILURE."""

    id: str
    nonce: str | int | None = None
    reason_code: int | None = None


class Dialogue(Struct, omit_defaults=True):
    """INTERACTION_MODAL_CREATE and INTERACTION_IFRAME_MODAL_CREATE."""

    id: str
    custom_id: str
    nonce: str | int | None = None
    components: list[Component] | None = None


def read(payload: Payload, shape: type[Shape]) -> Shape:
    """Return what a payload tells.

    Raises:
        Malformed: It has not this shape.
    """
    try:
        if isinstance(payload, Raw):
            return msgspec.json.decode(payload, type=shape)
        return msgspec.convert(payload, shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(str(error)) from None
