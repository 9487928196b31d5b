"""How long to wait before the next try."""

import random
from collections.abc import Callable, Iterator


class Backoff(Iterator[float]):
    """An endless iterator of delays in seconds: doubling, jittered, bounded.

    Each delay lies between half of the present step and the whole of it, so that clients that lost their server
    together do not return to it together.

    Example:
        >>> delays = Backoff(first=1, limit=4, uniform=lambda low, high: high)
        >>> [next(delays) for _ in range(4)]
        [1, 2, 4, 4]
        >>> delays.reset()
        >>> next(delays)
        1
    """

    def __init__(
        self, *, first: float = 0.2, limit: float = 10.0, uniform: Callable[[float, float], float] = random.uniform
    ) -> None:
        self._first = first
        self._limit = limit
        self._uniform = uniform
        self._step = first

    def __next__(self) -> float:
        step, self._step = self._step, min(self._step * 2, self._limit)
        return self._uniform(step / 2, step)

    def reset(self) -> None:
        """Begins again with the first delay; call it when a try succeeded."""
        self._step = self._first
