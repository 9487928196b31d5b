"""Nonces in the form of Discord's snowflakes.

A snowflake counts milliseconds since the first second of 2015 in its upper 42 bits (Discord API reference,
"Snowflakes"). The web client makes its nonces of the time alone; the server takes them as opaque strings of at most 25
characters.
"""

import random

from mjproxy_server.discord.timing import Clock

DISCORD_EPOCH_MS = 1_420_070_400_000
TIMESTAMP_SHIFT = 22


class NonceSource:
    """Gives nonces of which no two are equal, even within one millisecond or after the wall clock was set back.

    The lower bits begin at chance, so that those of another process, by whose clock it was as late, are others as well:
    nonces are stored, and tell after a restart whose message it is.
    """

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        self._clock = clock
        self._mark = rng.getrandbits(TIMESTAMP_SHIFT)
        self._last = 0

    def next(self) -> str:
        """Return a fresh nonce: the snowflake of this moment, or the successor of the last nonce if that is higher."""
        elapsed_ms = int(self._clock.time() * 1000) - DISCORD_EPOCH_MS
        self._last = max(elapsed_ms << TIMESTAMP_SHIFT | self._mark, self._last + 1)
        return str(self._last)
