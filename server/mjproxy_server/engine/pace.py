"""The pace of an account: the least time between two of its interactions, whatever they are for.

Discord sees a person who clicks and types; tasks, dialogues, stops and questions to the bot share that one hand.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mjproxy_server.discord.timing import Clock


class Pace:
    """Gives turns to the interactions of one account, in the order in which they are asked for.

    Attributes:
        interval: Seconds from the end of a turn to the next one; it may be set anew at any time.
    """

    def __init__(self, interval: float, clock: Clock) -> None:
        self.interval = interval
        self._clock = clock
        self._turn = asyncio.Lock()
        self._ended_at = float("-inf")
        self._open = asyncio.Event()
        self._open.set()
        self._idle = asyncio.Event()
        self._idle.set()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Waits for a turn, which lasts as long as the block: one interaction, from its sending to Discord's answer."""
        async with self._turn:
            await self._clock.sleep(self._ended_at + self.interval - self._clock.monotonic())
            await self._open.wait()
            self._idle.clear()
            try:
                yield
            finally:
                self._ended_at = self._clock.monotonic()
                self._idle.set()

    async def stop(self) -> None:
        """Gives no more turns, for good, so that who waits for one has to be cancelled.

        Returns when the turn that lasts has ended. What its holder then does without waiting is done, too.
        """
        self._open.clear()
        await self._idle.wait()
