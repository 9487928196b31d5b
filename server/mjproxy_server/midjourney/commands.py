"""What is posted to Discord's `/interactions` for a task: the payloads of the web client.

Types and fields as in Discord's documentation of interactions; the envelope of a user's client (`session_id`, `nonce`,
`message_flags`) as observed between 2023 and 2026.
"""

from dataclasses import dataclass

from mjproxy_server.model.task import Source

Payload = dict[str, object]

_APPLICATION_COMMAND = 2
_MESSAGE_COMPONENT = 3
_CHAT_INPUT = 1
_STRING_OPTION = 3
_BUTTON = 2


@dataclass(frozen=True, slots=True)
class CommandRef:
    """A slash command as the channel's application-command index lists it.

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


def imagine(command: CommandRef, prompt: str, *, place: Place, session_id: str, nonce: str) -> Payload:
    """Return the interaction that draws a composed prompt.

    Args:
        command: The bot's `imagine`.
        prompt: The whole text, image URLs and flags included.
        place: Where to draw.
        session_id: The gateway session that shall hear of the interaction.
        nonce: At most 25 characters; the answer carries it.
    """
    data: Payload = {
        "version": command.version,
        "id": command.id,
        "name": "imagine",
        "type": _CHAT_INPUT,
        "options": [{"type": _STRING_OPTION, "name": "prompt", "value": prompt}],
        "attachments": [],
    }
    return {"type": _APPLICATION_COMMAND, **_envelope(command.application_id, place, session_id, nonce), "data": data}


def press(source: Source, *, place: Place, application_id: str, session_id: str, nonce: str) -> Payload:
    """Return the interaction that presses a button of a message.

    Args:
        source: The button and its message.
        place: Where the message is.
        application_id: The bot whose message it is.
        session_id: The gateway session that shall hear of the interaction.
        nonce: At most 25 characters; the answer carries it.
    """
    return {
        "type": _MESSAGE_COMPONENT,
        **_envelope(application_id, place, session_id, nonce),
        "message_id": source.message_id,
        "message_flags": source.message_flags,
        "data": {"component_type": _BUTTON, "custom_id": source.custom_id},
    }


def _envelope(application_id: str, place: Place, session_id: str, nonce: str) -> Payload:
    guild: Payload = {"guild_id": place.guild_id} if place.guild_id else {}
    return {
        **guild,
        "channel_id": place.channel_id,
        "application_id": application_id,
        "session_id": session_id,
        "nonce": nonce,
    }
