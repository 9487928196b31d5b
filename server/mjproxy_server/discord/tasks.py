"""Structured concurrency in two forms: all together until one fails, and whichever comes first."""

import asyncio
from collections.abc import Coroutine


async def run_together(*coroutines: Coroutine[object, object, None]) -> None:
    """Run coroutines side by side until all have returned or one has failed.

    The first failure cancels the others and is raised as it is, not in an `ExceptionGroup`, so that the caller can
    have one `except` clause for each class of it.
    """
    try:
        async with asyncio.TaskGroup() as group:
            for coroutine in coroutines:
                group.create_task(coroutine)
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None


async def first_of(*coroutines: Coroutine[object, object, object]) -> None:
    """Run coroutines side by side until one has ended; cancel the others, and raise if the first one did."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
