"""The real clock, and the one form in which the engine writes times down."""

import asyncio
import time

from mjproxy_server.discord.timing import Clock


class SystemClock:
    """The machine's clock, as `mjproxy_server.discord.timing.Clock` asks for it."""

    def monotonic(self) -> float:
        """Returns seconds since some fixed moment; never goes back."""
        return time.monotonic()

    def time(self) -> float:
        """Returns seconds since the Unix epoch."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Returns after the given time."""
        await asyncio.sleep(max(0.0, seconds))


def now_ms(clock: Clock) -> int:
    """Returns Unix milliseconds."""
    return int(clock.time() * 1000)
