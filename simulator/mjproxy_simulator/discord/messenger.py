"""The only place where messages come to be: each change is kept first, and then told to those who may see it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from mjproxy_simulator.discord.forms import Json, MessageForms
from mjproxy_simulator.discord.readings import PlaceReading, read_message
from mjproxy_simulator.model.accounts import Directory
from mjproxy_simulator.model.messages import Message
from mjproxy_simulator.store import Store
from mjproxy_simulator.uncertain import Switches

_PLACE: Final = {"id", "channel_id", "guild_id"}


class Publisher(Protocol):
    """Carries events to the sessions of a user."""

    def publish(self, user_id: int, event: str, data: Json) -> None:
        """Dispatch an event to every session of a user."""


class Messenger:
    """Posts, edits and deletes messages.

    Args:
        store: Keeps them.
        publisher: Tells them.
        forms: Writes them.
        directory: Knows who may see a channel.
        switches: How what is uncertain is played.
        now: The wall clock, in Unix seconds.
    """

    def __init__(
        self,
        *,
        store: Store,
        publisher: Publisher,
        forms: MessageForms,
        directory: Directory,
        switches: Switches,
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._forms = forms
        self._directory = directory
        self._switches = switches
        self._now = now

    def post(self, message: Message, nonce: str | None = None) -> None:
        """Post a new message; the nonce is told with it and then forgotten, as on the real Discord."""
        self._store.put_message(message)
        self._tell(message, "MESSAGE_CREATE", {} if nonce is None else {"nonce": nonce})

    def edit(self, message: Message) -> None:
        """Replace a message by its new content."""
        edited = replace(message, edited_ms=int(self._now() * 1000))
        before = self._store.message(message.id) if self._switches.now.message_updates == "partial" else None
        self._store.put_message(edited)
        if before is None:
            self._tell(edited, "MESSAGE_UPDATE", {})
        else:
            self._tell_changes(before, edited)

    def delete(self, message: Message) -> None:
        """Delete a message."""
        self._store.delete_message(message.id)
        if (audience := self._audience(message)) is not None:
            self._publisher.publish(audience, "MESSAGE_DELETE", self._forms.deletion(message))

    def tell_reaction(self, event: str, message: Message, emoji: str, user_id: int) -> None:
        """Tell that a user has put an emoji on a message, or taken it off."""
        if (audience := self._audience(message)) is not None:
            told = self._forms.deletion(message)
            place = {"message_id": told.pop("id"), "user_id": str(user_id), "emoji": {"id": None, "name": emoji}}
            self._publisher.publish(audience, event, told | place | {"type": 0, "burst": False})

    def relay(self, user_id: int, event: str, data: Json) -> None:
        """Tell a user an event of a scenario as it is written there, and keep what it does to messages."""
        match event:
            case "MESSAGE_CREATE":
                self._store.put_message(read_message(data))
            case "MESSAGE_UPDATE":
                self._amend(data)
            case "MESSAGE_DELETE":
                self._store.delete_message(PlaceReading.model_validate(data).id)
        self._publisher.publish(user_id, event, data)

    def _amend(self, told: Json) -> None:
        """Keep an update, which may tell of a part alone; one of a message that is not there changes nothing."""
        if message := self._store.message(PlaceReading.model_validate(told).id):
            self._store.put_message(read_message(self._forms.message(message) | told))

    def _tell(self, message: Message, event: str, more: Json) -> None:
        if (audience := self._audience(message)) is not None:
            referenced = None if message.reference is None else self._store.message(message.reference)
            self._publisher.publish(audience, event, self._forms.dispatch(message, referenced) | more)

    def _tell_changes(self, before: Message, after: Message) -> None:
        """Tell of an edited message only what is not as it was."""
        if (audience := self._audience(after)) is not None:
            old, new = self._forms.dispatch(before), self._forms.dispatch(after)
            changed = {key: value for key, value in new.items() if key in _PLACE or old.get(key) != value}
            self._publisher.publish(audience, "MESSAGE_UPDATE", changed)

    def _audience(self, message: Message) -> int | None:
        """Return who sees a message; nobody, if its channel is not there since seed or accounts were changed."""
        channel = self._directory.channel(message.channel_id)
        if channel is None:
            return None
        if message.ephemeral and message.invocation is not None:
            return message.invocation.user_id
        return channel.owner_id
