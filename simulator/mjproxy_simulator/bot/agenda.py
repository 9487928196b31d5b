"""When what is due: a clock that runs faster than the real one, and a list of appointments."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Cue:
    """A step that is no job's: an event of the scenario `owner`."""

    owner: str
    act: Callable[[], None]


class PacedClock:
    """A clock whose pace can be changed without a jump, and which can be stopped.

    Args:
        real: A clock that never goes back, in seconds.
        speed: How many seconds of this clock pass in one of the real one.
    """

    def __init__(self, real: Callable[[], float], speed: float) -> None:
        self._real = real
        self._speed = speed
        self._real_origin = real()
        self._origin = 0.0
        self._paused = False

    @property
    def speed(self) -> float:
        """How many seconds of this clock pass in one of the real one."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self._origin, self._real_origin = self.now(), self._real()
        self._speed = speed

    @property
    def paused(self) -> bool:
        """Whether this clock stands still."""
        return self._paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        self._origin, self._real_origin = self.now(), self._real()
        self._paused = paused

    def now(self) -> float:
        """Return the time on this clock."""
        if self._paused:
            return self._origin
        return self._origin + (self._real() - self._real_origin) * self._speed

    def skip_to(self, time: float) -> None:
        """Set this clock forward; a time that has passed changes nothing."""
        self._origin, self._real_origin = max(time, self.now()), self._real()

    def real_seconds_until(self, time: float) -> float:
        """Return how long it really takes until this clock shows `time`, if it runs; 0 if it has."""
        return max(0.0, (time - self.now()) / self._speed)


class Agenda(Generic[_T]):
    """What is to be done at what time; what is due at the same time is done in the order of its entry."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, _T]] = []
        self._entered = 0

    def enter(self, due: float, what: _T) -> None:
        """Enter an appointment."""
        self._entered += 1
        heapq.heappush(self._heap, (due, self._entered, what))

    def next_due(self) -> float | None:
        """Return the time of the next appointment, None when there is none."""
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: float) -> tuple[float, _T] | None:
        """Take the next appointment off, if its time has come; return it with its time."""
        if not self._heap or self._heap[0][0] > now:
            return None
        due, _, what = heapq.heappop(self._heap)
        return due, what

    def clear(self) -> None:
        """Cancel all appointments."""
        self._heap.clear()
