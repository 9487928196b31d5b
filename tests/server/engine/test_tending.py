"""A part that is not needed may fail without ending the engine."""

from __future__ import annotations

import asyncio
import logging

import pytest

from mjproxy_server.engine.tending import tend
from tests.server.engine.engine_world import FastClock


async def test_a_part_that_failed_begins_anew(caplog: pytest.LogCaptureFixture) -> None:
    begun = 0
    runs = asyncio.Event()

    async def part() -> None:
        nonlocal begun
        begun += 1
        if begun < 3:
            raise RuntimeError("a fault")
        runs.set()
        await asyncio.Event().wait()

    tending = asyncio.create_task(tend(part, FastClock(10_000)))
    await asyncio.wait_for(runs.wait(), 10)
    tending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await tending
    assert begun == 3
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
