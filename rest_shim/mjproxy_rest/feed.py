"""The watch that keeps the cache fresh, and knows all pictures."""

import asyncio
import logging
import math
from collections.abc import Callable, Iterable
from contextlib import suppress

from mjproxy.errors import ServerError
from mjproxy.v1.task_pb2 import Task
from mjproxy.v1.task_service_pb2 import TaskChange
from mjproxy.watch import Batch, Interrupted, Reset, TaskWatch, WatchEvent
from mjproxy_rest.cache import TaskCache

_log = logging.getLogger(__name__)

# A watch that was refused is refused again until an operator changes something, so there is no hurry.
_REFUSED_SECONDS = 30.0


class Feed:
    """Moves what the watch tells into the cache, for as long as it runs."""

    def __init__(
        self,
        open_watch: Callable[[], TaskWatch],
        cache: TaskCache,
        clock: Callable[[], float],
        pass_on: Callable[[Task], object] | None = None,
    ) -> None:
        """Prepares a feed.

        Args:
            open_watch: Opens a watch of all tasks of all callers, from now on.
            cache: What to keep fresh.
            clock: Monotonic seconds.
            pass_on: Called with each state of a task that it tells of.
        """
        self._open_watch = open_watch
        self._cache = cache
        self._clock = clock
        self._pass_on = pass_on
        self._heard = -math.inf
        self._has_begun = asyncio.Event()

    @property
    def silence(self) -> float:
        """The seconds since the watch last told anything; infinite at first. Nothing in the cache is older."""
        return self._clock() - self._heard

    async def begun(self, within: float) -> None:
        """Returns when the watch has told of its place in the log for the first time, or after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._has_begun.wait()

    async def run(self) -> None:
        """Runs until it is cancelled."""
        while True:
            try:
                await self._follow()
            except ServerError as error:
                self._cache.interrupt()
                _log.error("the watch was refused (%s): check service_key; every read goes to the server", error)
            await asyncio.sleep(_REFUSED_SECONDS)

    async def _follow(self) -> None:
        async with self._open_watch() as events:
            async for event in events:
                self.take(event)

    def take(self, event: WatchEvent) -> None:
        """Takes one event in."""
        was_live = self._cache.live
        if not isinstance(event, Interrupted):
            self._heard = self._clock()
        match event:
            case Batch(changes, position):
                self._cache.apply(changes, position)
                self._tell_of(changes)
            case Reset(position):
                self._cache.reset(position)
                self._has_begun.set()
            case Interrupted():
                self._cache.interrupt()
        if was_live != self._cache.live:
            _log.info(
                "reads are served %s", "from the cache" if self._cache.live else "by the server: the watch is down"
            )

    def _tell_of(self, changes: Iterable[TaskChange]) -> None:
        if self._pass_on is not None:
            for change in changes:
                self._pass_on(change.task)
