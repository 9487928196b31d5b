"""Bells: they wake those who wait for something to change, without keeping a queue for any of them."""

import asyncio
from itertools import takewhile


class Bell:
    """Rings when something has changed. Whoever looks after each ring sees every last state, if not every state.

    Attributes:
        rings: How often it has rung.
        closed: Whether nothing changes any more.
    """

    def __init__(self) -> None:
        self.rings = 0
        self.closed = False
        self._next: asyncio.Event | None = None  # There is one while somebody waits: most rings are heard by nobody.

    def ring(self) -> None:
        """Wakes everybody."""
        self.rings += 1
        rung, self._next = self._next, None
        if rung:
            rung.set()

    def close(self) -> None:
        """Rings for the last time."""
        self.closed = True
        self.ring()

    async def wait(self, seen: int) -> int:
        """Returns the number of rings as soon as it is another one than was seen; -1 has seen none."""
        while self.rings == seen:
            self._next = self._next or asyncio.Event()
            await self._next.wait()
        return self.rings


class NamedBell(Bell):
    """A bell that also tells what has changed, to whoever knows up to which ring he has looked."""

    def __init__(self) -> None:
        super().__init__()
        self._last_rings: dict[str, int] = {}  # What was named last is at the end.

    def ring_for(self, name: str) -> None:
        """Wakes everybody, because of what has this name."""
        self.ring()
        self._last_rings.pop(name, None)
        self._last_rings[name] = self.rings

    def named_since(self, seen: int) -> list[str]:
        """Returns what was named after so many rings; -1 has seen none."""
        return list(takewhile(lambda name: self._last_rings[name] > seen, reversed(self._last_rings)))
