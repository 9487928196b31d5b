"""Discord's ids: 42 bits of milliseconds since 2015, then 22 bits that tell ids of one millisecond apart.

Source: https://discord.com/developers/docs/reference#snowflakes
"""

from collections.abc import Callable

EPOCH_MS = 1_420_070_400_000
LARGEST_ID = 2**63 - 1
"""Where Discord's ids end, and those of SQLite."""
_TIME_SHIFT = 22


def snowflake(unix_ms: int, low_bits: int = 0) -> int:
    """Return the id made at `unix_ms`, with `low_bits` (22 bits) below the time."""
    return (unix_ms - EPOCH_MS) << _TIME_SHIFT | low_bits


def created_ms(identifier: int) -> int:
    """Return when an id was made, in Unix milliseconds."""
    return (identifier >> _TIME_SHIFT) + EPOCH_MS


class Snowflakes:
    """Draws ids that always grow, even when the clock stands still or goes back.

    Args:
        now: The wall clock, in Unix seconds.
        last: The greatest id drawn before.
    """

    def __init__(self, now: Callable[[], float], last: int = 0) -> None:
        self._now = now
        self._last = last

    def next(self) -> int:
        """Draw the next id."""
        self._last = max(snowflake(int(self._now() * 1000)), self._last + 1)
        return self._last
