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


class SteadyTime:
    """The time as it goes on evenly from what the clock shows at first, whatever the clock is set to meanwhile.

    What waits by it neither comes all at once nor hours too late because somebody sets the clock.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead = self._clock_ahead()

    def now_ms(self) -> int:
        """Returns Unix milliseconds."""
        return int((self._clock.monotonic() + self._ahead) * 1000)

    def shown(self, ms: int) -> int:
        """Returns what the clock, as it is set now, shows at a time of this one; in Unix milliseconds."""
        return ms + round((self._clock_ahead() - self._ahead) * 1000)

    def _clock_ahead(self) -> float:
        return self._clock.time() - self._clock.monotonic()


def now_ms(clock: Clock) -> int:
    """Returns Unix milliseconds."""
    return int(clock.time() * 1000)
