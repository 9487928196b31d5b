"""Time and chance as the Discord client sees them: a clock that is handed in, and the pauses between tries."""

import random
from collections.abc import Iterator
from typing import Protocol


class Clock(Protocol):
    """What the Discord client asks of a clock; tests hand in one that they move by hand."""

    def monotonic(self) -> float:
        """Return seconds since some fixed moment; never goes back."""
        ...

    def time(self) -> float:
        """Return seconds since the Unix epoch."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after the given time; zero or less only gives way to other tasks."""
        ...


class Backoff(Iterator[float]):
    """Endless pauses in seconds that double up to a ceiling, each drawn between half of its step and the whole.

    The lower half keeps a dead server from being hammered, the drawn half keeps many clients from coming back together.
    """

    def __init__(self, rng: random.Random, *, first: float, longest: float) -> None:
        self._rng = rng
        self._first = first
        self._longest = longest
        self._step = first

    def __next__(self) -> float:
        step, self._step = self._step, min(self._step * 2, self._longest)
        return step * (0.5 + 0.5 * self._rng.random())

    def reset(self) -> None:
        """Begin again with the first step."""
        self._step = self._first
