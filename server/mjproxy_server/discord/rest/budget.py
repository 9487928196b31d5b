"""How many refused requests we allow ourselves before Discord blocks the address they come from.

Discord counts answers 401, 403 and 429 (but not 429 of a shared limit) by IP address, and blocks an address that had
10,000 of them within ten minutes (Discord API reference, "Invalid Request Limit"). The block falls on everybody behind
the address, so we stop at a tenth of that: it is far more than a healthy service ever gets, and leaves room for others.

Nobody knows what the processes before this one were refused. So a process begins as if it had been refused all along: a
few refusals are free, and the others become so evenly, within ten minutes. Processes that die and begin again and again
stay below Discord's limit together, even if one begins each second: 600 times those few, and a thousand.
"""

import math
from collections import deque

from mjproxy_server.discord.errors import Forbidden, RateLimited, Rejected, Unauthorized

INVALID_REQUEST_LIMIT = 1_000
INVALID_REQUEST_PERIOD = 600.0
FREE_AT_FIRST = 10


class InvalidRequestBudget:
    """A sliding window over refusals; one is shared by all accounts that go out by the same address.

    Args:
        began_at: When this process has begun; long ago unless told.
    """

    def __init__(self, began_at: float = -math.inf) -> None:
        feigned = INVALID_REQUEST_LIMIT - FREE_AT_FIRST
        ages = (INVALID_REQUEST_PERIOD * number / feigned for number in range(feigned, 0, -1))
        self._refused: deque[float] = deque((began_at - age for age in ages), maxlen=INVALID_REQUEST_LIMIT)

    def wait(self, now: float) -> float:
        """Return the seconds until a request may be risked again; 0.0 if it may be now."""
        if len(self._refused) < INVALID_REQUEST_LIMIT:
            return 0.0
        return max(0.0, self._refused[0] + INVALID_REQUEST_PERIOD - now)

    def charge(self, refusal: Rejected, now: float) -> None:
        """Count a refusal if Discord does."""
        if counts_as_invalid(refusal):
            self._refused.append(now)


def counts_as_invalid(refusal: Rejected) -> bool:
    """Tell whether Discord holds a refusal against the address."""
    if isinstance(refusal, RateLimited):
        return not refusal.is_shared
    return isinstance(refusal, Unauthorized | Forbidden) and refusal.http_status in {401, 403}
