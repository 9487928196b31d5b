"""The history of an account's channel, which tells what was not heard as it happened.

It is read from before the first of the tasks on that it is read for. What happened then belongs to the picture: jobs
that the account's user began elsewhere, for instance, must be known when their results come.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Final

from mjproxy_server.discord.errors import DiscordError
from mjproxy_server.discord.snowflake import TIMESTAMP_SHIFT
from mjproxy_server.engine.link import Link
from mjproxy_server.midjourney.families import Ending, family_of
from mjproxy_server.model.task import Task

_logger = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 8
"""So many channels are read at the same time, however many accounts there are."""
LEAD_MS: Final = 15 * 60 * 1000
"""So long before the first of its tasks the reading begins. It also covers a clock that is ahead of Discord's."""
PAGE: Final = 100

Observe = Callable[[Mapping[str, object]], Awaitable[None]]
"""Takes in a message as Discord tells it."""


class History:
    """Reads the channel of one account.

    Args:
        channel_id: The channel.
        link: The account's way to Discord.
        turns: Bounds how many channels are read at the same time.
    """

    def __init__(self, channel_id: str, link: Link, turns: asyncio.Semaphore) -> None:
        self._channel_id = channel_id
        self._link = link
        self._turns = turns
        self._observe: Observe | None = None

    def join(self, observe: Observe) -> None:
        """Lets the account observe what is read."""
        self._observe = observe

    async def read_for(self, tasks: Collection[Task]) -> bool:
        """Has observed what the channel holds about the tasks; returns whether it could be read."""
        sent = [task for task in tasks if task.trace.steps]
        if not sent:
            return True
        try:
            async with self._turns:
                for message_id in sorted(map(int, _rewritten(sent))):
                    await self._read_page(str(message_id - 1), limit=1)
                await self._read_on(_beginning(sent))
        except DiscordError as error:
            _logger.warning("The history of channel %s could not be read: %s", self._channel_id, error)
            return False
        return True

    async def read_again(self, message_id: str) -> None:
        """Has observed how one message stands now; one that is not there, or cannot be read, is none."""
        try:
            await self._read_page(str(int(message_id) - 1), limit=1)
        except DiscordError as error:
            _logger.warning("Message %s in channel %s could not be read: %s", message_id, self._channel_id, error)

    async def _read_on(self, after: str) -> None:
        """Reads to the end, where the newest results are, however much of other people's comes before them."""
        ids = await self._read_page(after, limit=PAGE)
        while len(ids) == PAGE:
            ids = await self._read_page(ids[-1], limit=PAGE)

    async def _read_page(self, after: str, *, limit: int) -> list[str]:
        """Has a page observed, the oldest message first; returns the ids of its messages in that order."""
        page = await self._link.rest.history(self._channel_id, after=after, limit=limit)
        page.reverse()
        for message in page:
            if self._observe is not None:
                await self._observe(message)
        return [str(message["id"]) for message in page]


def _rewritten(tasks: Iterable[Task]) -> set[str]:
    """The messages of other tasks that these are to change: those bear ids of their own times."""
    return {task.source.message_id for task in tasks if task.source and family_of(task).ending is Ending.REWRITE}


def _beginning(tasks: Iterable[Task]) -> str:
    """The id after which to read, so that nothing about the tasks is older."""
    known = min(_first_known_id(task) for task in tasks)
    return str(max(0, known - (LEAD_MS << TIMESTAMP_SHIFT)))


def _first_known_id(task: Task) -> int:
    """The oldest of Discord's ids that the task is known by: what belongs to it in the channel comes after."""
    known = (task.trace.interaction_id, task.trace.progress_message_id, task.trace.nonce)
    return min(int(each) for each in known if each.isdecimal())
