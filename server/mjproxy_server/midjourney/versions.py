"""Messages as they stood last, which complete the updates that tell only what has changed.

What an update does not tell is as it was: Discord's documentation of MESSAGE_UPDATE promises no more than that. The
updates of the bots told everything, as observed between 2023 and 2026; that of a link's preview tells nothing else.

An update of a message that was not seen before cannot be completed: without an author it is nobody's. Its message has
to be read from the channel's history (`is_fragment`).
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from mjproxy_server.midjourney import wire
from mjproxy_server.midjourney.messages import BotMessage, Event, read

MOST_KEPT: Final = 100
"""For every account, of some 2 KB each."""

_CREATE: Final = "MESSAGE_CREATE"
_UPDATE: Final = "MESSAGE_UPDATE"
_MESSAGES: Final = frozenset({_CREATE, _UPDATE})
_LASTING: Final = frozenset(wire.Message.__struct_fields__) - {"nonce"}
"""What is kept of a message. Its nonce is told with the first version, and must not seem to be told with others."""

Data = Mapping[str, object]


def is_fragment(name: str, data: Data) -> bool:
    """Return True if a dispatch changes a message without telling whose it is."""
    return name == _UPDATE and not data.get("author") and not data.get("application_id")


class _Version(Struct, frozen=True):
    """A message as it stood last: when that was, in Unix milliseconds, and what was told of it, as JSON."""

    edited_at: int
    told: frozenset[str]
    text: bytes

    def data(self) -> dict[str, object]:
        """Return what was told of it."""
        return msgspec.json.decode(self.text, type=dict[str, object])


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

    def read(self, name: str, data: Data) -> Event | None:
        """Return what a dispatch means, as `messages.read` does; a message from the history counts as created.

        An update that is older than what is known of its message means what is known, unless it tells everything.
        """
        if name not in _MESSAGES:
            return read(name, data)
        known, told = self._versions.get(str(data.get("id"))), _told(data)
        if known and name == _UPDATE and not known.told <= told:
            told |= known.told
            whole = _with(known.data(), data)
        else:
            whole = data
        event = read(name, whole)
        if not isinstance(event, BotMessage):
            return event
        if known and event.edited_at < known.edited_at:
            return read(name, known.data()) if is_fragment(name, data) else event
        self._keep(event, whole, told)
        return event

    def _keep(self, message: BotMessage, whole: Data, told: frozenset[str]) -> None:
        if message.channel_id != self._channel_id and whole.get("guild_id"):
            return
        text = msgspec.json.encode({key: whole[key] for key in told})
        self._versions[message.id] = _Version(message.edited_at, told, text)
        self._versions.move_to_end(message.id)
        if len(self._versions) > MOST_KEPT:
            self._versions.popitem(last=False)


def _told(data: Data) -> frozenset[str]:
    """Return which of the lasting things a message tells; null says as little as a key that is missing."""
    told = _LASTING.intersection(data)
    return told if None not in data.values() else frozenset([key for key in told if data[key] is not None])


def _with(known: Data, update: Data) -> Data:
    """Return a message with an update."""
    return {**known, **{key: value for key, value in update.items() if value is not None}}
