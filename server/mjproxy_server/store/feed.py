"""The feed: who is told of new revisions, and how far the log has got. It lives on the event loop."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from mjproxy_server.store.interface import Listener, Revision

logger = logging.getLogger(__name__)


class Feed:
    """Tells listeners of revisions, each batch whole and in order.

    Args:
        head: The newest revision so far.

    Attributes:
        head: The newest revision that the listeners were told of.
    """

    def __init__(self, head: int) -> None:
        self.head = head
        self._listeners: dict[object, Listener] = {}

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Has the listener told from now on; returns what ends that, and may be called more than once."""
        key = object()
        self._listeners[key] = listener

        def unsubscribe() -> None:
            self._listeners.pop(key, None)

        return unsubscribe

    def publish(self, revisions: Sequence[Revision]) -> None:
        """Tells all listeners of the next revisions, of which there is at least one."""
        self.head = revisions[-1].number
        for key in tuple(self._listeners):
            if listener := self._listeners.get(key):
                self._tell(listener, revisions)

    async def wait_for(self, revision: int) -> None:
        """Returns when the head has reached the revision."""
        if self.head >= revision:
            return
        reached = asyncio.Event()

        def look(_: Sequence[Revision]) -> None:
            if self.head >= revision:
                reached.set()

        unsubscribe = self.subscribe(look)
        try:
            await reached.wait()
        finally:
            unsubscribe()

    @staticmethod
    def _tell(listener: Listener, revisions: Sequence[Revision]) -> None:
        try:
            listener(revisions)
        except Exception:
            # The revisions are on the disk: neither the other listeners nor the writers may suffer for this one.
            logger.exception("A listener failed on revisions %d to %d", revisions[0].number, revisions[-1].number)
