"""Who may read which cached task.

The server decides that, and the cache must not go round it: users see only their own tasks, and a key may be withdrawn.
But the shim knows neither the name nor the role of a key, so it remembers the server's decisions themselves: that this
key was given this task, for a minute. Each answer that shows a task to a key grants that; a read without a grant goes
to the server, whether the task is cached or not. So does the first read in the second half of the minute, which renews
the grant: a client that polls costs two calls a minute, and has about half a minute left when the server goes away, in
which it can be answered from the cache. A withdrawn key reads for a minute more at most. A server without keys is no
special case: "no key" is a key like any other.

Keys are held as digests only.
"""

import hashlib
from collections.abc import Callable, Iterable

GRANT_SECONDS = 60.0
RENEWAL_SECONDS = 30.0
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
        # When each was made, the oldest first.
        self._grants: dict[tuple[bytes, str], float] = {}

    def __len__(self) -> int:
        return len(self._grants)

    def allows(self, key: str, task_id: str) -> bool:
        """True if the server has shown this task to this key in the last minute."""
        return self._is_younger(_digest(key), task_id, self._clock() - GRANT_SECONDS)

    def is_fresh(self, key: str, task_id: str) -> bool:
        """True if it has so lately that it need not be asked again."""
        return self._is_younger(_digest(key), task_id, self._clock() - RENEWAL_SECONDS)

    def fresh(self, key: str, task_ids: Iterable[str]) -> list[str]:
        """Returns those of these tasks for which `is_fresh` is true, at a lower price than by asking it for each."""
        digest, since = _digest(key), self._clock() - RENEWAL_SECONDS
        return [task_id for task_id in task_ids if self._is_younger(digest, task_id, since)]

    def grant(self, key: str, task_ids: Iterable[str]) -> None:
        """Remembers that the server has just shown these tasks to this key."""
        digest, now = _digest(key), self._clock()
        for task_id in task_ids:
            self._grants.pop((digest, task_id), None)
            self._grants[digest, task_id] = now
        self._forget(now)

    def revoke(self, key: str, task_ids: Iterable[str]) -> None:
        """Forgets grants, since the server has just refused to show these tasks to this key."""
        digest = _digest(key)
        for task_id in task_ids:
            self._grants.pop((digest, task_id), None)

    def _is_younger(self, digest: bytes, task_id: str, since: float) -> bool:
        made = self._grants.get((digest, task_id))
        return made is not None and made > since

    def _forget(self, now: float) -> None:
        """Drops what has ended, and what is too much."""
        while self._grants:
            oldest = next(iter(self._grants))
            if now - self._grants[oldest] < GRANT_SECONDS and len(self._grants) <= self._limit:
                return
            del self._grants[oldest]


def _digest(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=16).digest()
