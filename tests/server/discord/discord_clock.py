"""A clock that stands still until the test moves it, and a record of facts to wait for."""

import asyncio
import heapq
from collections.abc import Callable
from typing import Generic, TypeVar

# Bounds every wait for a fact, so that a fact that never comes fails the test instead of hanging it.
PATIENCE = 5.0

Fact = TypeVar("Fact")


class VirtualClock:
    def __init__(self) -> None:
        self._now = 1_000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0
        self._somebody_sleeps = asyncio.Event()

    def monotonic(self) -> float:
        return self._now

    def time(self) -> float:
        return 1_780_000_000.0 + self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        self._count += 1
        sleeper = (self._now + seconds, self._count, asyncio.get_running_loop().create_future())
        heapq.heappush(self._sleepers, sleeper)
        self._somebody_sleeps.set()
        try:
            await sleeper[2]
        finally:
            if sleeper in self._sleepers:
                self._sleepers.remove(sleeper)
                heapq.heapify(self._sleepers)

    def move(self, seconds: float) -> None:
        """Let time pass without waking anybody; for code that does not sleep."""
        self._now += seconds

    async def until_asleep(self) -> None:
        """Wait until somebody sleeps."""
        async with asyncio.timeout(PATIENCE):
            while not self._sleepers:
                self._somebody_sleeps.clear()
                await self._somebody_sleeps.wait()

    async def skip(self) -> float:
        """Wait until somebody sleeps, move to the moment at which the first wakes, and return how far that was."""
        await self.until_asleep()
        before = self._now
        due, _, future = heapq.heappop(self._sleepers)
        self._now = max(self._now, due)
        if not future.done():
            future.set_result(None)
        return self._now - before


class Record(Generic[Fact]):
    """Keeps what it is called with, and lets a test wait for it."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self._changed = asyncio.Event()

    def __call__(self, fact: Fact) -> None:
        self.facts.append(fact)
        self._changed.set()

    async def take(self, fact: Fact) -> None:
        self(fact)

    async def until_there_are(self, count: int) -> None:
        """Return when there are so many facts."""
        await self.until(lambda _: len(self.facts) >= count)

    async def until(self, is_wanted: Callable[[Fact], bool]) -> Fact:
        """Return the first fact that is wanted, as soon as there is one."""
        async with asyncio.timeout(PATIENCE):
            while not (found := [fact for fact in self.facts if is_wanted(fact)]):
                self._changed.clear()
                await self._changed.wait()
        return found[0]
