"""Watching: every reader of the task log gets every revision after its own position, in order, whatever its speed.

There is no queue for a watcher. The hub keeps the newest revisions once, in a bounded window; a watcher is a
position. It reads from the window while it keeps up, and from the store when it has fallen behind the window. So a
slow watcher costs nothing but its own reads, and the writer never waits.
"""

import asyncio
import math
from collections import deque
from collections.abc import Sequence

from mjproxy_server.model.errors import RevisionGone
from mjproxy_server.store.interface import Revision, Store

WINDOW = 10_000
BATCH = 500


class WatchHub:
    """The newest revisions, and a bell that rings when there are more.

    Attributes:
        closed: Whether every watch is to end, since the server stops.
    """

    def __init__(self, store: Store, *, window: int = WINDOW) -> None:
        self._store = store
        self._recent: deque[Revision] = deque(maxlen=window)
        self._waiting: set[asyncio.Future[None]] = set()
        self.closed = False
        self._head = store.head
        self._unsubscribe = store.subscribe(self._publish)

    @property
    def head(self) -> int:
        """The newest revision."""
        return self._head

    @property
    def history_id(self) -> str:
        """The history that the revisions belong to."""
        return self._store.history_id

    async def start(self, after: int | None, history_id: str) -> int:
        """Returns the position from which a watch begins: `after`, or the newest revision if it is None.

        Raises:
            RevisionGone: The position is compacted away, in the future, or of another history.
        """
        if after is None:
            return self._head
        if history_id and history_id != self.history_id:
            raise RevisionGone(self._store.oldest, self._head, self.history_id)
        if not self._store.oldest <= after <= self._head:
            await self._store.revisions(after, 1)  # Whoever has just read may know of a revision before the hub does.
        return after

    async def read(self, after: int) -> Sequence[Revision]:
        """Returns the next revisions after the position, at most `BATCH`; none if there are none yet.

        Raises:
            RevisionGone: The reader was so slow that the store has compacted them away.
        """
        if after >= self._head:
            return ()
        first = self._recent[0].number if self._recent else self._head + 1
        if after + 1 >= first:
            start = after + 1 - first
            end = min(start + BATCH, len(self._recent))
            return tuple(self._recent[index] for index in range(start, end))  # Most read at the end, which is near.
        return await self._store.revisions(after, BATCH)

    async def wait(self, after: int, until: float = math.inf) -> None:
        """Returns when there is a revision after the position, when the hub is closed, or at a time of the loop.

        Thousands wait for the same revision, each with a time of its own, so this is one future and one timer.
        """
        loop = asyncio.get_running_loop()
        while after >= self._head and not self.closed and loop.time() < until:
            rung = loop.create_future()
            self._waiting.add(rung)
            timer = loop.call_at(until, _wake, rung) if until < math.inf else None
            try:
                await rung
            finally:
                self._waiting.discard(rung)
                if timer:
                    timer.cancel()

    def close(self) -> None:
        """Ends every watch."""
        self.closed = True
        self._unsubscribe()
        self._ring()

    def _publish(self, revisions: Sequence[Revision]) -> None:
        self._recent.extend(revisions)
        self._head = revisions[-1].number
        self._ring()

    def _ring(self) -> None:
        """Wakes those who wait now; those who come later wait for the next time."""
        waiting, self._waiting = self._waiting, set()
        for rung in waiting:
            _wake(rung)


def _wake(rung: asyncio.Future[None]) -> None:
    if not rung.done():
        rung.set_result(None)
