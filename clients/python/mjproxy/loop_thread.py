"""An event loop in a thread of its own, for callers that have none or must not stop theirs."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine, Generator

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_END: Final = object()


class LoopThread:
    """Runs coroutines for other threads.

    The thread does not keep the process alive: a client that nobody closed ends with it.
    """

    def __init__(self) -> None:
        self._started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="mjproxy client", daemon=True)
        self._thread.start()
        self._loop, self._stopped = self._started.result()

    @property
    def closed(self) -> bool:
        """True if it runs nothing any more."""
        return not self._thread.is_alive()

    def run(self, coroutine: Coroutine[object, None, _Result]) -> _Result:
        """Runs a coroutine and waits for its result. Whoever interrupts the wait cancels the coroutine.

        Raises:
            RuntimeError: The thread has ended.
        """
        if self.closed:
            coroutine.close()
            raise RuntimeError("the client is closed: make a new one")
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def iterate(self, generator: AsyncGenerator[_Item, None]) -> Generator[_Item, None, None]:
        """Iterates over an asynchronous generator, and closes it at the end."""
        try:
            while (item := self.run(_next(generator))) is not _END:
                yield cast("_Item", item)
        finally:
            # Python's collector may come here on the loop's own thread, which must not wait for itself: the loop closes
            # each asynchronous generator that nobody holds any more, in a task.
            if not self.closed and threading.current_thread() is not self._thread:
                self.run(generator.aclose())

    def close(self) -> None:
        """Ends what runs in the thread, and the thread."""
        if not self.closed:
            self._loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join()

    async def _serve(self) -> None:
        stopped = asyncio.Event()
        self._started.set_result((asyncio.get_running_loop(), stopped))
        await stopped.wait()


async def _next(generator: AsyncGenerator[_Item, None]) -> _Item | object:
    return await anext(generator, _END)
