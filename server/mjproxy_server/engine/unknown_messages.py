"""The messages of the bots that nobody understands: all are counted, some of each sort are kept.

Hearing goes on as if they had not come: they wait in a short queue, and what finds no place there is counted only. Of
those that differ in numbers and prompts alone, one is kept a minute, so that the reports on one job do not drive out
the rest.
"""

import asyncio
import json
import logging
from dataclasses import dataclass
from typing import Final

from mjproxy_server.discord.gateway.types import Dispatch
from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.clock import now_ms
from mjproxy_server.midjourney.messages import BotMessage, Event
from mjproxy_server.midjourney.scrubbing import Place, scrubbed, shape
from mjproxy_server.midjourney.unknown import JUDGED, gap_in, why_unknown
from mjproxy_server.store.unknown_messages import UnknownMessage, UnknownMessageStore

_logger = logging.getLogger(__name__)

PAUSE: Final = 1.0
"""Seconds between two writes."""
MOST_WAITING: Final = 20
"""How many messages may wait for the next write; it bounds what scrubbing costs."""
MOST_OF_A_SORT: Final = 5
"""How many messages of one account and one reason are kept in a minute."""
_MINUTE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class _Heard:
    """What was heard and not understood."""

    dispatch: Dispatch
    reason: str
    place: Place
    at_ms: int


class UnknownCollector:
    """Collects what the accounts hear and do not understand.

    Args:
        store: Where it is kept.
        clock: The time.
    """

    def __init__(self, store: UnknownMessageStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: list[_Heard] = []
        self._seen = 0
        self._arrived = asyncio.Event()
        self._kept_at: dict[tuple[str, str, str], int] = {}

    def hear(self, dispatch: Dispatch, event: Event | None, place: Place) -> None:
        """Takes note of a dispatch if it belongs to the place and is not understood.

        Args:
            dispatch: The dispatch.
            event: What was read in it.
            place: The account that heard it. Another one may hear the same: they may be one user's.
        """
        reason = _reason(dispatch, event, place.channel_id)
        if reason is None:
            return
        self._seen += 1
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(_Heard(dispatch, reason, place, now_ms(self._clock)))
        self._arrived.set()

    async def run(self) -> None:
        """Keeps what is heard, until cancelled, and then what waits."""
        try:
            while True:
                await self._arrived.wait()
                await self.keep()
                await self._clock.sleep(PAUSE)
        finally:
            await self.keep()

    async def keep(self) -> None:
        """Keeps and counts what waits. What goes wrong here is no reason for an account to stop."""
        heard, seen = self._waiting, self._seen
        self._waiting, self._seen = [], 0
        self._arrived.clear()
        if not seen:
            return
        try:
            await self._store.add([each for each in map(_unknown_message, heard) if self._is_news(each)], seen)
        except Exception:
            _logger.exception("%d messages that were not understood could not be kept", seen)

    def _is_news(self, message: UnknownMessage) -> bool:
        """Tells whether a message is one to keep, and takes note of it."""
        since = message.at_ms - _MINUTE_MS
        self._kept_at = {sort: at_ms for sort, at_ms in self._kept_at.items() if at_ms >= since}
        sort = (message.account_id, message.reason, shape(message.json))
        of_this_sort = sum(kept[:2] == sort[:2] for kept in self._kept_at)
        if sort in self._kept_at or of_this_sort >= MOST_OF_A_SORT:
            return False
        self._kept_at[sort] = message.at_ms
        _logger.warning("A message in channel %s was not understood: %s", message.account_id, message.reason)
        return True


def _reason(dispatch: Dispatch, event: Event | None, channel_id: str) -> str | None:
    """Returns why a dispatch is not understood; None if it is, or belongs to another channel."""
    if isinstance(event, BotMessage):
        return gap_in(event) if event.channel_id == channel_id else None
    data = dispatch.data if dispatch.type in JUDGED else {}
    return why_unknown(dispatch.type, data, event) if data.get("channel_id") == channel_id else None


def _unknown_message(heard: _Heard) -> UnknownMessage:
    return UnknownMessage(
        account_id=heard.place.channel_id,
        at_ms=heard.at_ms,
        event=heard.dispatch.type,
        reason=heard.reason,
        json=json.dumps(scrubbed(heard.dispatch.data, heard.place), separators=(",", ":")),
    )
