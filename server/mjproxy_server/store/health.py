"""Whether the store takes writes, as the last one has shown. It lives on the event loop."""

import asyncio


class Health:
    """Tells whether writes succeed, and when that changes.

    Attributes:
        trouble: Why the last write failed; "" if it did not.
    """

    def __init__(self) -> None:
        self.trouble = ""
        self._changed = asyncio.Event()

    def note(self, trouble: str) -> None:
        """Takes note of how a write went."""
        if trouble != self.trouble:
            self.trouble = trouble
            self._changed.set()
            self._changed = asyncio.Event()

    async def failed(self) -> None:
        """Returns as soon as writes fail."""
        while not self.trouble:
            await self._changed.wait()

    async def recovered(self) -> None:
        """Returns as soon as writes succeed."""
        while self.trouble:
            await self._changed.wait()
