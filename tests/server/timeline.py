"""Virtual time without an event loop: what is to happen, each at its moment, one after the other."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Awaitable, Callable, Generator, Sequence

EPOCH = 1_790_000_000.0

Deed = Callable[..., None]


class Timeline:
    """Lets deeds happen in the order of their times, and in the order in which they were planned at the same time.

    Attributes:
        now: Seconds since the beginning.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self._planned: list[tuple[float, int, Deed, tuple[object, ...]]] = []
        self._numbers = itertools.count()

    @property
    def unix_ms(self) -> int:
        return int((EPOCH + self.now) * 1000)

    def after(self, seconds: float, deed: Deed, *args: object) -> None:
        """Plans a deed."""
        self.at(self.now + seconds, deed, *args)

    def at(self, moment: float, deed: Deed, *args: object) -> None:
        """Plans a deed for a moment; one that has passed is now."""
        heapq.heappush(self._planned, (max(self.now, moment), next(self._numbers), deed, args))

    def run(self, seconds: float, is_over: Callable[[], bool] = lambda: False) -> None:
        """Lets one deed after the other happen, for so long or until it is over."""
        until, planned = self.now + seconds, self._planned
        while planned and planned[0][0] <= until:
            self.now, _, deed, args = heapq.heappop(planned)
            deed(*args)
            if is_over():
                return
        self.now = until


class Life:
    """What one process plans: nothing of it happens after its death.

    Args:
        timeline: The time.

    Attributes:
        ended: Whether the process is dead.
    """

    def __init__(self, timeline: Timeline) -> None:
        self.ended = False
        self._timeline = timeline

    @property
    def now(self) -> float:
        return self._timeline.now

    @property
    def unix_ms(self) -> int:
        return self._timeline.unix_ms

    def after(self, seconds: float, deed: Deed, *args: object) -> None:
        self._timeline.after(seconds, self._unless_ended, deed, args)

    def at(self, moment: float, deed: Deed, *args: object) -> None:
        self._timeline.at(moment, self._unless_ended, deed, args)

    def _unless_ended(self, deed: Deed, args: Sequence[object]) -> None:
        if not self.ended:
            deed(*args)


class _Sleep(Awaitable[None]):
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __await__(self) -> Generator[_Sleep, None, None]:
        yield self


class TimelineClock:
    """The clock of a life, for code that only sleeps: whoever runs it is told for how long."""

    def __init__(self, life: Life) -> None:
        self._life = life

    def monotonic(self) -> float:
        return self._life.now

    def time(self) -> float:
        return EPOCH + self._life.now

    async def sleep(self, seconds: float) -> None:
        await _Sleep(seconds)
