"""Messages as they stood last, which complete the updates that tell only what has changed.

What an update does not tell is as it was: Discord's documentation of MESSAGE_UPDATE promises no more than that. The
updates of the bots told everything, as observed between 2023 and 2026; that of a link's preview tells nothing else.

An update of a message that was not seen before cannot be completed: without an author it is nobody's. Its message has
to be read from the channel's history (`is_fragment`).
"""

from collections import OrderedDict
from collections.abc import Mapping
from operator import attrgetter
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from mjproxy_server.midjourney import wire
from mjproxy_server.midjourney.messages import MESSAGES, BotMessage, Event, MessageKind, message_of, read

MOST_KEPT: Final = 100
"""For every account, of some 2 KB each."""

_LASTING: Final = tuple(name for name in wire.Message.__struct_fields__ if name not in {"id", "nonce"})
"""What is kept of a message. Its nonce is told with the first version, and must not seem to be told with others."""
_lasting: Final = attrgetter(*_LASTING)
_decode: Final = msgspec.json.Decoder(wire.Message).decode


def is_fragment(name: str, data: Mapping[str, object]) -> bool:
    """Return True if a dispatch changes a message without telling whose it is."""
    return name == "MESSAGE_UPDATE" and not data.get("author") and not data.get("application_id")


class _Version(Struct, frozen=True):
    """A message as it stood last: since when, in Unix milliseconds, what was not told of it, and the rest as JSON."""

    edited_at: int
    untold: frozenset[str]
    text: bytes


class MessageReader:
    """Reads the dispatches that an account hears; of updates, with what is known of their messages.

    What is known is read again only where an update does not tell it.

    Args:
        channel_id: The account's channel. Messages of other channels are not kept, except those outside of any guild,
            as the bots' direct messages are.
    """

    def __init__(self, channel_id: str) -> None:
        self._channel_id = channel_id
        self._versions: OrderedDict[str, _Version] = OrderedDict()

    def read(self, name: str, payload: wire.Payload) -> Event | None:
        """Return what a dispatch means, as `messages.read` does; a message from the history counts as created.

        An update that is older than what is known of its message means what is known, unless it tells everything.
        """
        kind = MESSAGES.get(name)
        if kind is None:
            return read(name, payload)
        try:
            return self._read_message(kind, wire.read(payload, wire.Message))
        except wire.Malformed:
            return None

    def _read_message(self, kind: MessageKind, told: wire.Message) -> BotMessage | None:
        known, untold = self._versions.get(told.id), _untold(told)
        whole = told
        if known and kind is MessageKind.UPDATED and not untold <= known.untold:
            whole, untold = _completed(told, _decode(known.text)), untold & known.untold
        message = message_of(kind, whole)
        if message is None:
            return None
        if known and message.edited_at < known.edited_at:
            return message if told.author or told.application_id else message_of(kind, _decode(known.text))
        if whole.channel_id == self._channel_id or not whole.guild_id:
            self._keep(message.id, _Version(message.edited_at, untold, msgspec.json.encode(_without_nonce(whole))))
        return message

    def _keep(self, message_id: str, version: _Version) -> None:
        self._versions[message_id] = version
        self._versions.move_to_end(message_id)
        if len(self._versions) > MOST_KEPT:
            self._versions.popitem(last=False)


def _untold(message: wire.Message) -> frozenset[str]:
    """Return which of the lasting things a message does not tell; null says as little as a key that is missing."""
    return frozenset([name for name, value in zip(_LASTING, _lasting(message), strict=True) if value is None])


def _completed(told: wire.Message, known: wire.Message) -> wire.Message:
    """Return what is told of a message, with what is known of it where nothing is told."""
    return replace(told, **{name: getattr(known, name) for name in _untold(told)})


def _without_nonce(message: wire.Message) -> wire.Message:
    return message if message.nonce is None else replace(message, nonce=None)
