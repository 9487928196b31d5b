"""Watching: every reader of the task log gets every revision after its own position, in order, whatever its speed.

There is no queue for a watcher. The hub keeps the newest revisions once, in a bounded window; a watch is a position. It
reads from the window while it keeps up, and from the store when it has fallen behind the window. So a slow watcher
costs nothing but its own reads, and the writer never waits.

A watch that has come to the end of the log rests. A new revision wakes those that want it, and moves the others on in
their sleep. All rest equally long before they get a bookmark, so they come due in the order in which they lay down: one
timer, for the first of them, is enough for all.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import takewhile
from typing import Final

from mjproxy_server.model.errors import RevisionGone
from mjproxy_server.store.interface import Revision, Store

BOOKMARK_SECONDS: Final = 15.0
"""How long nothing is told to a watcher before it is told how far it has come."""

WINDOW: Final = 10_000
BATCH: Final = 500

RevisionFilter = Callable[[Revision], bool]
_Told = asyncio.Future[Sequence[Revision]]


class WatchHub:
    """The newest revisions, and the watches that wait for more.

    Attributes:
        closed: Whether every watch is to end, since the server stops.
    """

    def __init__(self, store: Store, *, window: int = WINDOW) -> None:
        self._store = store
        self._recent: deque[Revision] = deque(maxlen=window)
        self._resting: dict[Watch, _Told] = {}  # Who has rested longest comes first.
        self._reminder: asyncio.TimerHandle | None = None
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

    async def watch(self, after: int | None, history_id: str, wants: RevisionFilter | None = None) -> "Watch":
        """Begins a watch.

        Args:
            after: The revision after which it begins; the newest one if it is None.
            history_id: The history that `after` belongs to; "" for this one.
            wants: What it is told of; None for everything.

        Raises:
            RevisionGone: The revision is compacted away, in the future, or of another history.
        """
        if after is None:
            return Watch(self, self._head, wants)
        if history_id and history_id != self.history_id:
            raise RevisionGone(self._store.oldest, self._head, self.history_id)
        if not self._store.oldest <= after <= self._head:
            await self._store.revisions(after, 1)
            await self._store.wait_for(after)  # Whoever has just read may know of a revision before the hub does.
        return Watch(self, after, wants)

    def keeps(self, after: int) -> bool:
        """Tells whether the window has everything after the position."""
        return after + len(self._recent) >= self._head

    def kept(self, after: int) -> Sequence[Revision]:
        """Returns the next revisions from the window, at most `BATCH`."""
        start = len(self._recent) - (self._head - after)
        end = min(start + BATCH, len(self._recent))
        return [self._recent[index] for index in range(start, end)]  # Most read at the end, which is near.

    async def stored(self, after: int) -> Sequence[Revision]:
        """Returns the next revisions from the store, at most `BATCH`.

        Raises:
            RevisionGone: They have been compacted away.
        """
        return await self._store.revisions(after, BATCH)

    def rest(self, watch: "Watch") -> _Told:
        """Returns what will have what a watch wants of the revisions to come, as soon as there is anything.

        It is nothing, for a bookmark, after some idle time and when the hub is closed.
        """
        loop = asyncio.get_running_loop()
        told: _Told = loop.create_future()
        if self.closed:
            told.set_result(())
            return told
        watch.bookmark_at = loop.time() + BOOKMARK_SECONDS
        if self._reminder is None:
            self._reminder = loop.call_at(watch.bookmark_at, self._remind)
        self._resting[watch] = told
        return told

    def close(self) -> None:
        """Ends every watch."""
        self.closed = True
        self._unsubscribe()
        if self._reminder is not None:
            self._reminder.cancel()
        for told in self._resting.values():
            _tell(told, ())

    def _publish(self, revisions: Sequence[Revision]) -> None:
        self._recent.extend(revisions)
        self._head = revisions[-1].number
        resting, self._resting = self._resting, {}
        for watch, told in resting.items():
            if told.done():
                continue  # Its reader has left.
            if wanted := watch.pass_over(revisions):
                told.set_result(wanted)
            else:
                self._resting[watch] = told

    def _remind(self) -> None:
        """Gives those a bookmark who have rested long enough, and comes again for the next one."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        for watch in list(takewhile(lambda watch: watch.bookmark_at <= now, self._resting)):
            _tell(self._resting.pop(watch), ())
        first = next(iter(self._resting), None)
        self._reminder = loop.call_at(first.bookmark_at, self._remind) if first else None


class Watch:
    """One watcher. The hub makes it, and one task reads it.

    Attributes:
        position: How far it has come: every revision up to there was told, or is not wanted.
        bookmark_at: The time of the loop until which it rests.
    """

    __slots__ = ("_hub", "_wants", "bookmark_at", "position")

    def __init__(self, hub: WatchHub, position: int, wants: RevisionFilter | None) -> None:
        self._hub = hub
        self._wants = wants
        self.position = position
        self.bookmark_at = 0.0

    def next(self) -> Awaitable[Sequence[Revision]]:
        """Returns what it wants of the next revisions; its position is behind them then.

        It is nothing, for a bookmark, after some idle time, after a read of the store that found nothing, and when the
        hub is closed.

        Raises:
            RevisionGone: It was so slow that the store has compacted away what comes next.
        """
        return self._hub.rest(self) if self.position == self._hub.head else self._catch_up()

    async def _catch_up(self) -> Sequence[Revision]:
        if not self._hub.keeps(self.position):
            return self.pass_over(await self._hub.stored(self.position))
        while self.position < self._hub.head:
            if wanted := self.pass_over(self._hub.kept(self.position)):
                return wanted
        return await self._hub.rest(self)

    def pass_over(self, revisions: Sequence[Revision]) -> Sequence[Revision]:
        """Moves on behind the next revisions, and returns what it wants of them."""
        self.position = revisions[-1].number
        return revisions if self._wants is None else list(filter(self._wants, revisions))


def _tell(told: _Told, revisions: Sequence[Revision]) -> None:
    if not told.done():
        told.set_result(revisions)
