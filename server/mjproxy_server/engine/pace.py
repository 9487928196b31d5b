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

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Waits for a turn, which lasts as long as the block: one interaction, from its sending to Discord's answer."""
        async with self._turn:
            await self._clock.sleep(self._ended_at + self.interval - self._clock.monotonic())
            try:
                yield
            finally:
                self._ended_at = self._clock.monotonic()
