"""Who may read which cached task.

The server decides that, and the cache must not go round it: users see only their own tasks, and a key may be withdrawn.
But the shim knows neither the name nor the role of a key, so it remembers the server's decisions themselves: that this
key was given this task, for a minute. Each answer that shows a task to a key grants that; a read without a grant goes
to the server, whether the task is cached or not. A polling client so costs one call a minute, and a withdrawn key reads
for a minute more at most. A server without keys is no special case: "no key" is a key like any other.

Keys are held as digests only.
"""

import hashlib
from collections.abc import Callable, Iterable

GRANT_SECONDS = 60.0
MAX_GRANTS = 65_536


class Permissions:
    """The server's decisions of the last minute. Bounded: the oldest go first."""

    def __init__(self, clock: Callable[[], float], limit: int = MAX_GRANTS) -> None:
        """Begins without any.

        Args:
            clock: Monotonic seconds.
            limit: How many are remembered.
        """
        self._clock = clock
        self._limit = limit
        # In the order of their ends, since all last equally long.
        self._ends: dict[tuple[bytes, str], float] = {}

    def __len__(self) -> int:
        return len(self._ends)

    def allows(self, key: str, task_id: str) -> bool:
        """True if the server has lately shown this task to this key."""
        return self._ends.get((_digest(key), task_id), 0.0) > self._clock()

    def grant(self, key: str, task_ids: Iterable[str]) -> None:
        """Remembers that the server has just shown these tasks to this key."""
        digest, now = _digest(key), self._clock()
        for task_id in task_ids:
            self._ends.pop((digest, task_id), None)
            self._ends[digest, task_id] = now + GRANT_SECONDS
        self._forget(now)

    def _forget(self, now: float) -> None:
        """Drops what has ended, and what is too much."""
        while self._ends:
            oldest = next(iter(self._ends))
            if self._ends[oldest] > now and len(self._ends) <= self._limit:
                return
            del self._ends[oldest]


def _digest(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=16).digest()
