"""Spacing of IDENTIFY: Discord lets a token begin one session in five seconds, and invalidates what comes faster."""

import asyncio
import math

from mjproxy_server.discord.timing import Clock

# Discord's gateway reference, "Rate Limiting" of IDENTIFY with a `max_concurrency` of 1.
IDENTIFY_INTERVAL = 5.0


class IdentifyGate:
    """Lets one IDENTIFY through at a time; to be shared by all that use the same token."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = asyncio.Lock()
        self._opens_at = -math.inf

    async def turn(self) -> None:
        """Return when the caller may send IDENTIFY; callers are served in the order in which they came."""
        async with self._lock:
            await self._clock.sleep(max(0.0, self._opens_at - self._clock.monotonic()))
            self._opens_at = self._clock.monotonic() + IDENTIFY_INTERVAL
