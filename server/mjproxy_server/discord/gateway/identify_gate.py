"""Spacing of IDENTIFY: Discord lets a token begin one session in five seconds, and invalidates what comes faster."""

import asyncio
import math

from mjproxy_server.discord.timing import Clock

# Five seconds by Discord's gateway reference, "Rate Limiting" of IDENTIFY with a `max_concurrency` of 1, and a little
# more, since what leaves so far apart may arrive less apart.
IDENTIFY_INTERVAL = 5.5


class IdentifyGate:
    """Lets one IDENTIFY through at a time; to be shared by all that use the same token.

    Args:
        clock: The time.
        opens_at: The time, by `clock.monotonic`, at which the first may pass.
    """

    def __init__(self, clock: Clock, opens_at: float = -math.inf) -> None:
        self._clock = clock
        self._lock = asyncio.Lock()
        self._opens_at = opens_at

    async def turn(self) -> None:
        """Return when the caller may send IDENTIFY; callers are served in the order in which they came."""
        async with self._lock:
            await self._clock.sleep(max(0.0, self._opens_at - self._clock.monotonic()))
            self._opens_at = self._clock.monotonic() + IDENTIFY_INTERVAL
