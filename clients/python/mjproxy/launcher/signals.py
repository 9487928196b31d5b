"""Ends a process's work when it is told to end."""

import asyncio
import os
import signal
import threading
from collections.abc import Coroutine
from typing import Any, Final

_LEAVE_SECONDS: Final = 2.0


async def until_signalled(work: Coroutine[Any, Any, None]) -> None:
    """Runs the work, and cancels it at the first SIGINT or SIGTERM; returns when it has closed, to let the process end.

    From then on SIGINT has its usual effect, so that a second Ctrl-C ends a process that is slow to close. SIGTERM has
    none any more: a process manager may send it to every process that there is, and then the supervisor and the
    `lifeline` do once more. All mean the same, and whoever can wait no longer has SIGKILL.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(work)
    signalled = asyncio.Event()

    def end() -> None:
        if not signalled.is_set():
            loop.remove_signal_handler(signal.SIGINT)
            signalled.set()
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    try:
        await task
    except asyncio.CancelledError:
        if not signalled.is_set():
            raise
    if signalled.is_set():
        _end_soon()


def _end_soon() -> None:
    """Ends the process in two seconds, unless it has ended by then.

    Everything is closed, but Python waits for its threads: one that looks up a name whose name server does not answer
    lasts for minutes, and cannot be stopped.
    """
    timer = threading.Timer(_LEAVE_SECONDS, os._exit, (0,))
    timer.daemon = True
    timer.start()
