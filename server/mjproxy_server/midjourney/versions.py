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

from mjproxy_server.midjourney import wire
from mjproxy_server.midjourney.messages import BotMessage, Event, milliseconds, read

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


class MessageReader:
    """Reads the dispatches that an account hears; of updates, with what is known of their messages.

    Args:
        channel_id: The account's channel. Messages of other channels are not kept, except those outside of any guild,
            as the bots' direct messages are.
    """

    def __init__(self, channel_id: str) -> None:
        self._channel_id = channel_id
        self._versions: OrderedDict[str, bytes] = OrderedDict()

    def read(self, name: str, data: Data) -> Event | None:
        """Return what a dispatch means, as `messages.read` does; a message from the history counts as created.

        An update that is older than what is known of its message means what is known, unless it tells everything.
        """
        known = self._known(str(data.get("id"))) if name in _MESSAGES else None
        whole = _with(known, data) if known and name == _UPDATE else data
        outdated = bool(known and _edited_at(whole) < _edited_at(known))
        if known and outdated and is_fragment(name, data):
            return read(name, known)
        event = read(name, whole)
        if isinstance(event, BotMessage) and not outdated:
            self._keep(event.id, whole)
        return event

    def _known(self, message_id: str) -> Data | None:
        version = self._versions.get(message_id)
        return msgspec.json.decode(version, type=dict[str, object]) if version else None

    def _keep(self, message_id: str, whole: Data) -> None:
        if whole.get("channel_id") != self._channel_id and whole.get("guild_id"):
            return
        lasting = {key: value for key, value in whole.items() if key in _LASTING}
        self._versions[message_id] = msgspec.json.encode(lasting)
        self._versions.move_to_end(message_id)
        if len(self._versions) > MOST_KEPT:
            self._versions.popitem(last=False)


def _with(known: Data, update: Data) -> Data:
    """Return a message with an update; null says as little as a key that is missing."""
    return {**known, **{key: value for key, value in update.items() if value is not None}}


def _edited_at(data: Data) -> int:
    told = data.get("edited_timestamp")
    return milliseconds(told) if isinstance(told, str) else 0
