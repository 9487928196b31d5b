"""Repeating what may be repeated: which failures are worth it, and how often."""

import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from mjproxy_server.discord.errors import DiscordError, DiscordUnavailable, RateLimited
from mjproxy_server.discord.timing import Backoff, Clock

MAX_TRIES = 5
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0

Result = TypeVar("Result")


def is_transient(failure: DiscordError) -> bool:
    """Tell whether the same request may succeed later."""
    return isinstance(failure, DiscordUnavailable | RateLimited)


class Repeater:
    """Tries a repeatable request several times, with growing pauses in between."""

    def __init__(self, *, clock: Clock, rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng

    async def __call__(self, attempt: Callable[[], Awaitable[Result]]) -> Result:
        """Return the first result; raise a failure that is not transient, or the last one.

        After a 429 the pause is short, since the rate-limit bucket makes the next try wait as long as it has to.
        """
        backoff = Backoff(self._rng, first=FIRST_PAUSE, longest=LONGEST_PAUSE)
        for _ in range(MAX_TRIES - 1):
            try:
                return await attempt()
            except DiscordError as failure:
                if not is_transient(failure):
                    raise
            await self._clock.sleep(next(backoff))
        return await attempt()
