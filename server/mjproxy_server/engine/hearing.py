"""What an account hears of its channel: what Discord sends, and what the channel's history holds, as sightings."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from mjproxy_server.discord.gateway.types import Dispatch
from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.asking import Inquiries
from mjproxy_server.engine.clock import now_ms
from mjproxy_server.engine.history import History
from mjproxy_server.engine.unknown_messages import UnknownCollector
from mjproxy_server.midjourney.correlate import Correlator, Sighting
from mjproxy_server.midjourney.messages import BotMessage, Deleted, Event
from mjproxy_server.midjourney.scrubbing import Place
from mjproxy_server.midjourney.versions import MessageReader, is_fragment
from mjproxy_server.model.account import Account

Report = Callable[[Event, Sequence[Sighting]], Awaitable[None]]
"""Takes in an event and what it tells of the account's tasks."""


class Hearing:
    """Reads what Discord sends to one account, and has reported what that tells of its tasks.

    Args:
        account: The account.
        correlator: Knows whose a message is.
        history: Has heard what was missed, or was not told in full.
        inquiries: What is asked of the bot besides; it hears every event first.
        unknown: Collects what is heard and not understood.
        clock: The time.
        report: Takes in what was heard.

    Attributes:
        account: The account; it may be replaced by itself with other settings at any time.
    """

    def __init__(
        self,
        account: Account,
        *,
        correlator: Correlator,
        history: History,
        inquiries: Inquiries,
        unknown: UnknownCollector,
        clock: Clock,
        report: Report,
    ) -> None:
        self.account = account
        self._correlator = correlator
        self._history = history
        self._inquiries = inquiries
        self._unknown = unknown
        self._clock = clock
        self._report = report
        self._reader = MessageReader(account.channel_id)
        history.join(self._hear_again)

    async def hear(self, dispatch: Dispatch) -> None:
        """Takes in what Discord sent, and returns when what it tells of the account's tasks is reported."""
        event = self._reader.read(dispatch.type, dispatch.data)
        self._unknown.hear(dispatch, event, self._place)
        if event is None:
            await self._complete(dispatch)
        elif not self._inquiries.hear(event) and self._concerns(event):
            await self._observe(event, dispatch.session_id)

    @property
    def _place(self) -> Place:
        return Place(
            guild_id=self.account.guild_id,
            channel_id=self.account.channel_id,
            user_id=self._correlator.user_id,
        )

    def _concerns(self, event: Event) -> bool:
        """Interactions come without a channel: the correlator knows its own nonces."""
        if isinstance(event, BotMessage | Deleted):
            return event.channel_id == self.account.channel_id
        return True

    async def _complete(self, dispatch: Dispatch) -> None:
        """Reads the message of a change that does not tell enough, if that may be about a task.

        What comes after it waits for that: the change may be the last word.
        """
        message_id, channel_id = str(dispatch.data.get("id")), dispatch.data.get("channel_id")
        here = is_fragment(dispatch.type, dispatch.data) and channel_id == self.account.channel_id
        if here and self._correlator.awaits_change_of(message_id):
            await self._history.read_again(message_id)

    async def _hear_again(self, message: Mapping[str, object]) -> None:
        """Takes in a message of the channel's history."""
        event = self._reader.read("MESSAGE_CREATE", message)
        if event is not None:
            await self._observe(event)

    async def _observe(self, event: Event, session_id: str = "") -> None:
        await self._report(event, self._correlator.observe(event, now_ms(self._clock), session_id))
