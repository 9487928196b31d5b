import asyncio

import pytest

from mjproxy_server.discord.tasks import first_of, run_together


class Breakdown(Exception):
    pass


async def fail() -> None:
    raise Breakdown


async def test_first_failure_is_raised_bare_and_cancels_the_others() -> None:
    cancelled = asyncio.Event()

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with pytest.raises(Breakdown):
        await run_together(wait(), fail())
    assert cancelled.is_set()


async def test_cancellation_wins_when_a_failure_happens_during_it() -> None:
    started = asyncio.Event()

    async def fail_when_cancelled() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise Breakdown

    task = asyncio.create_task(run_together(fail_when_cancelled()))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_first_of_returns_with_the_first_and_cancels_the_rest() -> None:
    event = asyncio.Event()
    waiting = asyncio.create_task(first_of(event.wait(), asyncio.Event().wait()))
    event.set()
    await asyncio.wait_for(waiting, 1)
    assert len(asyncio.all_tasks()) == 1


async def test_first_of_raises_what_the_first_raised() -> None:
    with pytest.raises(Breakdown):
        await first_of(fail(), asyncio.Event().wait())
