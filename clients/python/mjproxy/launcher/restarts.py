"""When a part that ended is started again: the policy of the supervisor, without a process or a clock in it.

A part that ends before it has ever answered is not started again: its first start fails for a reason that waiting does
not mend (a port in use, a locked data folder), and the user is there to read it. One that has answered, or is known to
be able to, is always started again, after a delay that doubles while its runs are short. A run that lasts begins the
delays anew.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

FIRST_DELAY: Final = 0.2
LONGEST_DELAY: Final = 30.0

STEADY_SECONDS: Final = 10.0
"""A part that has answered for so long is healthy: what ended it is not what ended it before."""


@dataclass(frozen=True)
class StartAgain:
    """Start the part again."""

    after: float
    """Seconds from now."""


@dataclass(frozen=True)
class GiveUp:
    """Do not start the part again, and end everything."""


Decision: TypeAlias = StartAgain | GiveUp


class Restarts:
    """What to do about one part. Times are seconds on any clock that does not go back."""

    def __init__(self, *, is_able: bool = False) -> None:
        """Begins before the first start.

        Args:
            is_able: Whether it is known that nothing lasting keeps the part from starting.
        """
        self._delay = FIRST_DELAY
        self._is_able = is_able
        self._answers_since: float | None = None

    def answered(self, now: float) -> None:
        """The part has come to answer."""
        self._is_able = True
        self._answers_since = now

    def ended(self, now: float) -> Decision:
        """The part has ended, whatever its exit status: it was not asked to."""
        if not self._is_able:
            return GiveUp()
        since, self._answers_since = self._answers_since, None
        if since is not None and now - since >= STEADY_SECONDS:
            self._delay = FIRST_DELAY
        delay, self._delay = self._delay, min(self._delay * 2, LONGEST_DELAY)
        return StartAgain(delay)
