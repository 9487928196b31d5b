"""How Discord tells of messages: all of them at every change, or only what has changed."""

from collections.abc import Callable

from mjproxy_server.midjourney.messages import Event
from mjproxy_server.midjourney.versions import MessageReader, is_fragment
from tests.server.midjourney.midjourney_bot import Dispatch, Json, changes, observed


class Telling:
    """What stands in a channel, what is told of it, and what an account makes of that.

    Args:
        channel_id: The channel.
        fragments: Changes are told without what they leave as it was.
    """

    def __init__(self, channel_id: str, *, fragments: bool) -> None:
        self._fragments = fragments
        self._standing: dict[str, Json] = {}
        self._reader = MessageReader(channel_id)

    def told(self, dispatch: Dispatch, edited_at: Callable[[], str]) -> Dispatch:
        """The dispatch as it is told; edits that it does not date are made at the time that is handed in."""
        name, data = dispatch
        if not name.startswith("MESSAGE_") or "content" not in data:
            return dispatch
        before = self._standing.get(data["id"])
        if self._fragments and name == "MESSAGE_UPDATE":
            data["edited_timestamp"] = data["edited_timestamp"] or edited_at()
        self._standing[data["id"]] = {key: value for key, value in {**(before or {}), **data}.items() if key != "nonce"}
        if self._fragments and before and name == "MESSAGE_UPDATE":
            return changes((name, before), dispatch)
        return dispatch

    def shown(self, dispatch: Dispatch) -> Event | None:
        """What the channel's history shows after a dispatch: the message as it stands, or that it is gone."""
        name, data = dispatch
        if name.startswith("INTERACTION_"):
            return None
        return observed(dispatch if name == "MESSAGE_DELETE" else ("MESSAGE_CREATE", self._standing[data["id"]]))

    def heard(self, dispatch: Dispatch, awaits_change_of: Callable[[str], bool]) -> Event | None:
        """What an account makes of it: it reads a message of which it has heard a change only, if need be."""
        if not self._fragments:
            return observed(dispatch)
        name, data = dispatch
        event = self._reader.read(name, data)
        if event is None and awaits_change_of(data["id"]):
            event = self._reader.read("MESSAGE_CREATE", self._standing[data["id"]])
        return event

    @staticmethod
    def may_swap(first: Dispatch, second: Dispatch) -> bool:
        """What is told of one message comes in order: a change makes no sense otherwise."""
        same = first[1]["id"] == second[1]["id"]
        return not (same and any(is_fragment(*dispatch) for dispatch in (first, second)))
