"""The history of an account's channel, which tells what was not heard as it happened.

It is read from before the first of the tasks on that it is read for. What happened then belongs to the picture: jobs
that the account's user began elsewhere, for instance, must be known when their results come.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain
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

Message = Mapping[str, object]
LookBack = Callable[[Sequence[Message], Collection[Task]], Awaitable[bool]]
"""Takes in what the history holds about tasks, the oldest first; returns whether that could be done."""


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
        self._look_back: LookBack | None = None

    def join(self, look_back: LookBack) -> None:
        """Lets the account take in what is read."""
        self._look_back = look_back

    async def read_for(self, tasks: Collection[Task]) -> bool:
        """Has taken in what the channel holds about the tasks; returns whether that could be done."""
        if not any(task.trace.steps for task in tasks):
            return True
        try:
            messages = await self.read(tasks)
        except DiscordError as error:
            _logger.warning("The history of channel %s could not be read: %s", self._channel_id, error)
            return False
        return self._look_back is not None and await self._look_back(messages, tasks)

    async def read(self, tasks: Collection[Task]) -> list[Message]:
        """Returns what the channel holds about the tasks, the oldest first; what it holds of late if none was sent.

        Raises:
            DiscordError: It could not be read.
        """
        sent = [task for task in tasks if task.trace.steps]
        async with self._turns:
            rewritten = [await self._page(str(id_ - 1), limit=1) for id_ in sorted(map(int, _rewritten(sent)))]
            return [*chain(*rewritten), *await self._read_on(_beginning(sent) if sent else None)]

    async def message(self, message_id: str) -> Message | None:
        """Returns how one message stands now; None if it is not there, or cannot be read."""
        try:
            return next(iter(await self._page(str(int(message_id) - 1), limit=1)), None)
        except DiscordError as error:
            _logger.warning("Message %s in channel %s could not be read: %s", message_id, self._channel_id, error)
            return None

    async def _read_on(self, after: str | None) -> list[Message]:
        """Reads to the end, where the newest results are, however much of other people's comes before them."""
        messages = page = await self._page(after, limit=PAGE)
        while after is not None and len(page) == PAGE:
            page = await self._page(str(page[-1]["id"]), limit=PAGE)
            messages += page
        return messages

    async def _page(self, after: str | None, *, limit: int) -> list[Message]:
        """Returns the messages after an id, or the newest; the oldest of them first."""
        return (await self._link.rest.history(self._channel_id, after=after, limit=limit))[::-1]


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
