"""The pace of an account: the least time between two of its interactions, whatever they are for.

Discord sees a person who clicks and types; tasks, dialogues, stops and questions to the bot share that one hand.

While Discord turns interactions away or does not answer them, the hand rests, for longer each time in a row: whoever
waits, one after the other, is what finds out whether Discord is back, and however many wait, the requests are few.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from mjproxy_server.discord.timing import Clock

FIRST_RESPITE: Final = 1.0
LONGEST_RESPITE: Final = 60.0


class Pace:
    """Gives turns to the interactions of one account, in the order in which they are asked for.

    Args:
        interval: See below.
        clock: The time.
        on_change: Called when the obstacle is another one than before.

    Attributes:
        interval: Seconds from the end of a turn to the next one; it may be set anew at any time.
        obstacle: Why Discord did not take the last interaction, if that passes; "" if it took it.
    """

    def __init__(self, interval: float, clock: Clock, on_change: Callable[[], None] = lambda: None) -> None:
        self.interval = interval
        self.obstacle = ""
        self._respite = 0.0
        self._rested_at = float("-inf")
        self._clock = clock
        self._on_change = on_change
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
            while (seconds := self._seconds_to_the_next()) > 0:  # A respite may begin meanwhile.
                await self._clock.sleep(seconds)
            await self._open.wait()
            self._idle.clear()
            try:
                yield
            finally:
                self._ended_at = self._clock.monotonic()
                self._idle.set()

    def back_off(self, seconds: float, obstacle: str) -> None:
        """Gives no turn for so many seconds, and for longer if this is not the first time in a row.

        Args:
            seconds: What Discord asks for; 0 if it does not.
            obstacle: Why, for the operator.
        """
        self._note(obstacle)
        self._rested_at = max(self._rested_at, self._clock.monotonic() + max(seconds, self._respite))
        self._respite = min(max(FIRST_RESPITE, 2 * self._respite), LONGEST_RESPITE)

    def go_on(self) -> None:
        """Takes note that Discord answers."""
        self._note("")
        self._respite = 0.0

    async def stop(self) -> None:
        """Gives no more turns, for good, so that who waits for one has to be cancelled.

        Returns when the turn that lasts has ended. What its holder then does without waiting is done, too.
        """
        self._open.clear()
        await self._idle.wait()

    def _seconds_to_the_next(self) -> float:
        return max(self._ended_at + self.interval, self._rested_at) - self._clock.monotonic()

    def _note(self, obstacle: str) -> None:
        if obstacle != self.obstacle:
            self.obstacle = obstacle
            self._on_change()
