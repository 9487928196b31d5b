"""The JSON forms of Discord's objects, as a user account receives them.

Source: https://discord.com/developers/docs/resources/message and https://docs.discord.food. Ids are strings, and keys
that may be absent are absent rather than null, since clients exist that stumble over either slip.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

from mjproxy_simulator.discord.links import Links
from mjproxy_simulator.faults import ExpiredLinks, FaultBoard
from mjproxy_simulator.model.accounts import Account, Channel, Directory, User
from mjproxy_simulator.model.applications import Application, Command, Option, application
from mjproxy_simulator.model.dialogs import Frame, Modal, TextField
from mjproxy_simulator.model.messages import (
    Attachment,
    Button,
    Component,
    Embed,
    EmbeddedImage,
    Invocation,
    Message,
    MessageType,
    Row,
    Select,
)
from mjproxy_simulator.model.snowflakes import created_ms
from mjproxy_simulator.uncertain import Switches

Json = dict[str, object]

CUSTOM_EMOJI = {"upscale_1": 1252023542219276328}
_BIG = 3  # The largest of three sizes of a frame.
_MENTION = re.compile(r"<@(\d+)>")


def timestamp(unix_ms: int) -> str:
    """Return a time as Discord writes it."""
    return datetime.fromtimestamp(unix_ms / 1000, UTC).isoformat(timespec="microseconds")


def user(person: User) -> Json:
    """Return a user as others see it."""
    form: Json = {
        "id": str(person.id),
        "username": person.username,
        "global_name": person.global_name,
        "discriminator": person.discriminator,
        "avatar": person.avatar,
        "public_flags": 0,
    }
    return form | {"bot": True} if person.bot else form


def own_user(person: User) -> Json:
    """Return a user as it sees itself."""
    private: Json = {
        "verified": True,
        "mfa_enabled": False,
        "flags": 0,
        "premium_type": 0,
        "email": f"{person.username}@example.com",
        "phone": None,
        "locale": "en-US",
    }
    return user(person) | private


@lru_cache(maxsize=1024)
def member(person: User) -> Json:
    """Return the membership of a user in a guild, without the user itself; always the same object."""
    return {
        "roles": [],
        "joined_at": timestamp(created_ms(person.id)),
        "nick": None,
        "avatar": None,
        "mute": False,
        "deaf": False,
        "flags": 0,
    }


def guild(account: Account) -> Json:
    """Return an account's guild as READY lists it."""
    name = f"{account.user.global_name}'s studio"
    identifier = str(account.guild_id)
    return {
        "id": identifier,
        "name": name,
        "owner_id": str(account.user.id),
        "joined_at": timestamp(created_ms(account.guild_id)),
        "member_count": 3,
        "large": False,
        "properties": {"id": identifier, "name": name, "owner_id": str(account.user.id), "icon": None},
        "roles": [{"id": identifier, "name": "@everyone", "permissions": "2251799813685247", "position": 0}],
        "channels": [
            {
                "id": str(account.channel_id),
                "type": 0,
                "name": "drawing",
                "position": 0,
                "permission_overwrites": [],
            }
        ],
        "threads": [],
        "emojis": [],
        "stickers": [],
        "premium_subscription_count": 0,
    }


def private_channel(channel: Channel, partner: User, last_message_id: int | None) -> Json:
    """Return a private channel as REST lists it."""
    return {
        "id": str(channel.id),
        "type": 1,
        "last_message_id": None if last_message_id is None else str(last_message_id),
        "flags": 0,
        "recipients": [user(partner)],
    }


def command_index(applications: tuple[Application, ...], version: int, *, backwards: bool = False) -> Json:
    """Return the application commands that can be called in a place; `backwards`, those of the last application first.

    The order matters to clients that keep the last command of a name.
    """
    owners = reversed(applications) if backwards else applications
    commands = [command(each, owner) for owner in owners for each in owner.commands]
    return {
        "applications": [application_form(each) for each in applications],
        "application_commands": commands,
        "version": str(version),
    }


def application_form(owner: Application) -> Json:
    """Return an application."""
    return {
        "id": str(owner.id),
        "name": owner.user.username,
        "description": owner.description,
        "icon": owner.user.avatar,
        "bot_id": str(owner.id),
        "bot": user(owner.user),
        "flags": "0",
    }


def command(each: Command, owner: Application) -> Json:
    """Return an application command."""
    return {
        "id": str(each.id),
        "type": int(each.type),
        "application_id": str(owner.id),
        "version": str(each.version),
        "name": each.name,
        "description": each.description,
        "options": [_option(option) for option in each.options],
        "dm_permission": True,
        "contexts": [0, 1, 2],
        "integration_types": [0],
    }


def _option(option: Option) -> Json:
    form: Json = {
        "type": int(option.type),
        "name": option.name,
        "description": option.description,
        "required": option.required,
    }
    return form | {"options": [_option(each) for each in option.options]} if option.options else form


class MessageForms:
    """Writes messages, with links that are signed at the moment of writing."""

    def __init__(self, directory: Directory, links: Links, faults: FaultBoard, switches: Switches) -> None:
        self._directory = directory
        self._links = links
        self._faults = faults
        self._switches = switches

    def message(self, message: Message, referenced: Message | None = None) -> Json:
        """Return a message; `referenced` is the one it answers, None when that is gone."""
        if message.verbatim is not None:
            return dict(message.verbatim)
        form: Json = {
            "id": str(message.id),
            "type": self._type(message),
            "channel_id": str(message.channel_id),
            "author": user(self._user(message.author_id)),
            "content": message.content,
            "flags": int(message.flags),
            "tts": False,
            "pinned": False,
            "timestamp": timestamp(message.created_ms),
            "edited_timestamp": None if message.edited_ms is None else timestamp(message.edited_ms),
            "mention_everyone": False,
            "mention_roles": [],
            "mentions": self._mentions(message.content),
            "attachments": [self._attachment(message.channel_id, each) for each in message.attachments],
            "embeds": [self._embed(each) for each in message.embeds],
            "components": [_row(each) for each in message.components],
        }
        form |= self._bot(message) | self._invocation(message)
        if message.reference is not None:
            form |= self._reference(message, referenced)
        return form

    def dispatch(self, message: Message, referenced: Message | None = None) -> Json:
        """Return a message as the gateway sends it: in a guild, with the guild and the author's membership."""
        form = self.message(message, referenced)
        channel = self._channel(message.channel_id)
        if channel.guild_id is None:
            return form | {"channel_type": 1}
        form["channel_type"] = 0
        if not message.ephemeral:
            form |= {"guild_id": str(channel.guild_id), "member": member(self._user(message.author_id))}
        return form

    def deletion(self, message: Message) -> Json:
        """Return what is told when a message is deleted."""
        form: Json = {"id": str(message.id), "channel_id": str(message.channel_id)}
        guild_id = self._channel(message.channel_id).guild_id
        return form if guild_id is None else form | {"guild_id": str(guild_id)}

    def _type(self, message: Message) -> int:
        if message.type is MessageType.CHAT_INPUT_COMMAND:
            return int(self._switches.now.command_message_type)
        return int(message.type)

    def _channel(self, channel_id: int) -> Channel:
        channel = self._directory.channel(channel_id)
        if channel is None:
            raise LookupError(f"no channel {channel_id}")
        return channel

    def _user(self, user_id: int) -> User:
        return self._directory.user(user_id) or User(user_id, "Deleted User")

    def _bot(self, message: Message) -> Json:
        if application(message.author_id) is None:
            return {}
        return {"webhook_id": str(message.author_id), "application_id": str(message.author_id)}

    def _mentions(self, content: str) -> list[Json]:
        mentioned = dict.fromkeys(int(digits) for digits in _MENTION.findall(content))
        return [user(self._user(user_id)) for user_id in mentioned]

    def _attachment(self, channel_id: int, attachment: Attachment) -> Json:
        expired = self._faults.take(ExpiredLinks, self._channel(channel_id).owner_id) is not None
        url = self._links.attachment(channel_id, attachment.id, attachment.filename, expired=expired)
        form: Json = {
            "id": str(attachment.id),
            "filename": attachment.filename,
            "content_type": attachment.content_type,
            "size": attachment.size,
            "url": url,
            "proxy_url": url,
        }
        if attachment.width is None:
            return form
        return form | {"width": attachment.width, "height": attachment.height}

    def _reference(self, message: Message, referenced: Message | None) -> Json:
        reference: Json = {"type": 0, "message_id": str(message.reference), "channel_id": str(message.channel_id)}
        guild_id = self._channel(message.channel_id).guild_id
        if guild_id is not None:
            reference["guild_id"] = str(guild_id)
        return {
            "message_reference": reference,
            "referenced_message": None if referenced is None else self.message(referenced),
        }

    def _invocation(self, message: Message) -> Json:
        invocation = message.invocation
        if invocation is None or (invocation.name is None and self._switches.now.interaction_fields == "legacy"):
            return {}
        metadata = self._metadata(invocation, message.channel_id)
        if invocation.opener_id is not None:
            return {"interaction_metadata": metadata | self._opener(invocation, message.channel_id)}
        if invocation.name is None:
            return {"interaction_metadata": metadata | {"interacted_message_id": str(invocation.message_id)}}
        told: Json = {"interaction_metadata": metadata | {"name": invocation.name, "command_type": 1}}
        if self._switches.now.interaction_fields == "metadata":
            return told
        # The deprecated `interaction` accompanies commands only; clients still read its name and user.
        legacy: Json = {
            "id": str(invocation.id),
            "type": invocation.type,
            "name": invocation.name,
            "user": user(self._user(invocation.user_id)),
        }
        return {"interaction": legacy} | (told if self._switches.now.interaction_fields == "both" else {})

    def _opener(self, invocation: Invocation, channel_id: int) -> Json:
        """Return by which interaction a form was opened, and on which message."""
        opener = self._metadata(replace(invocation, id=invocation.opener_id or 0, type=3), channel_id)
        if invocation.message_id is not None:
            opener["interacted_message_id"] = str(invocation.message_id)
        return {"triggering_interaction_metadata": opener}

    def _embed(self, embed: Embed) -> Json:
        form: Json = {"type": "rich", "description": embed.description, "color": embed.color}
        if embed.title is not None:
            form["title"] = embed.title
        if embed.footer is not None:
            form["footer"] = {"text": embed.footer}
        return form if embed.image is None else form | {"image": self._embedded_image(embed.image)}

    def _embedded_image(self, image: EmbeddedImage) -> Json:
        url = self._links.renewed(image.url)
        form: Json = {"url": url, "proxy_url": url}
        return form if image.width is None else form | {"width": image.width, "height": image.height}

    def _metadata(self, invocation: Invocation, channel_id: int) -> Json:
        guild_id = self._channel(channel_id).guild_id
        owners = {} if guild_id is None else {"0": str(guild_id)}
        return {
            "id": str(invocation.id),
            "type": invocation.type,
            "user": user(self._user(invocation.user_id)),
            "authorizing_integration_owners": owners,
        }


def modal(dialog: Modal) -> Json:
    """Return a form as INTERACTION_MODAL_CREATE carries it."""
    rows = [_field_row(field, number) for number, field in enumerate(dialog.fields)]
    return {"custom_id": dialog.custom_id, "title": dialog.title, "components": rows}


def _field_row(field: TextField, number: int) -> Json:
    return {"type": 1, "id": 2 * number + 1, "components": [_field(field, 2 * number + 2)]}


def frame(dialog: Frame) -> Json:
    """Return a page in a frame as INTERACTION_IFRAME_MODAL_CREATE carries it."""
    return {
        "custom_id": dialog.custom_id,
        "title": dialog.title,
        "iframe_path": dialog.path,
        "modal_size": _BIG,
    }


def _field(field: TextField, number: int) -> Json:
    return {
        "type": 4,
        "id": number,
        "style": 2,
        "label": field.label,
        "custom_id": field.custom_id,
        "value": field.value,
        "min_length": 1,
        "max_length": 4000,
        "required": True,
    }


def _row(row: Row) -> Json:
    return {"type": 1, "components": [_component(each) for each in row]}


def _component(component: Component) -> Json:
    return _select(component) if isinstance(component, Select) else _button(component)


def _select(select: Select) -> Json:
    options: list[Json] = [
        {"label": choice.label, "value": choice.value, "default": choice.chosen} for choice in select.choices
    ]
    return {"type": 3, "custom_id": select.custom_id, "options": options, "min_values": 1, "max_values": 1}


def _button(button: Button) -> Json:
    form: Json = {"type": 2, "style": int(button.style)}
    if button.label is not None:
        form["label"] = button.label
    if button.emoji is not None:
        form["emoji"] = _emoji(button.emoji)
    if button.url is not None:
        return form | {"url": button.url}
    return form | {"custom_id": button.custom_id}


def _emoji(name: str) -> Json:
    identifier = CUSTOM_EMOJI.get(name)
    return {"name": name} if identifier is None else {"id": str(identifier), "name": name}
