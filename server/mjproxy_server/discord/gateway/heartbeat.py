"""The heartbeat of one gateway connection: when the next beat is due, and which of them were answered.

An answer tells more than that somebody is there. The connection is ordered: whoever has the answer has all that was
sent before it. So an answered beat says up to which moment nothing was missed, which no silence can.
"""

import math
from collections import deque

from mjproxy_server.discord.gateway.endings import Unanswered

# Discord's gateway takes 120 commands a minute. So far apart, in seconds, a few are left for anything else.
LEAST_GAP = 5.0


class Heartbeat:
    """Bookkeeping of beats and answers; times are seconds of a monotonic clock.

    Attributes:
        due: When the next beat is due.
    """

    def __init__(self, interval: float, *, first_due: float) -> None:
        self._interval = interval
        self._earliest = -math.inf
        self._is_awaited = False
        self._unanswered: deque[float] = deque()
        self.due = first_due

    def beat(self, now: float) -> None:
        """Note that the beat that is due goes out now.

        Raises:
            Unanswered: If nothing was answered since the one before: the connection is a zombie.
        """
        if self._is_awaited:
            raise Unanswered("Discord did not answer a heartbeat")
        self._is_awaited = True
        self._earliest = now + LEAST_GAP
        self.due = now + self._interval
        self.beat_besides(now)

    def beat_besides(self, now: float) -> None:
        """Note that a beat goes out now that the schedule knows nothing of."""
        self._unanswered.append(now)

    def hasten(self, now: float) -> None:
        """Have the next beat due as soon as may be, unless an answer is on its way."""
        if not self._is_awaited:
            self.due = min(self.due, max(now, self._earliest))

    def answered(self) -> float | None:
        """Note that the server acknowledged a beat, the oldest that it has not; return when that went out."""
        self._is_awaited = False
        return self._unanswered.popleft() if self._unanswered else None
