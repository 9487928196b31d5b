"""Structured concurrency in two forms: all together until one fails, and whichever comes first.

`asyncio.TaskGroup` does not fit: it wraps a single failure in an `ExceptionGroup`, so that the caller cannot have one
`except` clause for each class, and before Python 3.13 it lets a failure win over a cancellation at the same moment.
"""

import asyncio
from collections.abc import Coroutine


async def run_together(*coroutines: Coroutine[object, object, object]) -> None:
    """Run coroutines side by side until all have returned; the first failure cancels the others and is raised."""
    await _run(coroutines, until=asyncio.FIRST_EXCEPTION)


async def first_of(*coroutines: Coroutine[object, object, object]) -> None:
    """Run coroutines side by side until one has ended; cancel the others, and raise if the first one did."""
    await _run(coroutines, until=asyncio.FIRST_COMPLETED)


async def _run(coroutines: tuple[Coroutine[object, object, object], ...], *, until: str) -> None:
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=until)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if task in done:
            task.result()
