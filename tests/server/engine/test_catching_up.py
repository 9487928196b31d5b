"""A session begins: what was missed before it is read from the channel's history before anything is sent."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import pytest

from mjproxy_server.api.accounts_out import account_message
from mjproxy_server.engine.requests import ImagineRequest
from mjproxy_server.model.vocabulary import Reason, Status
from tests.server.engine.engine_world import EngineWorld, running_engine_world

HISTORY: Final[dict[str, Any]] = {
    "name": "http_status",
    "method": "GET",
    "route": "/channels/*/messages",
    "count": None,
}


async def complaint(world: EngineWorld, text: str) -> None:
    """Waits until the account says so."""
    lane = world.engine.fleet.lanes[0]
    await world.seen(lambda: text in account_message(lane).health.last_error)


async def test_nothing_is_sent_before_the_history_was_read(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, clock_factor=50) as world:
        await world.done(ImagineRequest("a cat"))
        await world.fault(**HISTORY, status=503)
        await world.fault("invalidate_session", resumable=False)
        await complaint(world, "history")
        task = await world.submit(ImagineRequest("a dog"))
        assert len(await world.ledger()) == 1
        await world.control.delete("/control/faults")
        assert (await world.ended(task.id)).status is Status.SUCCESS
        await world.seen(lambda: not account_message(world.engine.fleet.lanes[0]).health.last_error)


async def test_an_account_that_may_not_read_its_history_works_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_engine_world(tmp_path) as world:
        link = world.engine.fleet.lanes[0].link
        await world.done(ImagineRequest("a cat"))
        session_id = link.session_id
        await world.fault(**HISTORY, status=403)
        await world.fault("invalidate_session", resumable=False)
        await world.seen(lambda: link.ready and link.session_id != session_id)
        assert (await world.done(ImagineRequest("a dog"))).status is Status.SUCCESS
        assert "may not read its channel's history" in caplog.text


@pytest.mark.parametrize("profile", [2026, 2023])
@pytest.mark.parametrize("twin", [False, True])
async def test_what_nobody_heard_of_is_given_only_where_it_can_be_nobody_elses(
    tmp_path: Path, profile: int, twin: bool
) -> None:
    """Our job, and one with its prompt that the account's user began elsewhere, come and end in silence."""
    patience = 10 if twin else 100
    async with running_engine_world(
        tmp_path, speed=200, profile=profile, clock_factor=100, timeout_minutes=patience
    ) as world:
        await world.done(ImagineRequest("a fox"))
        await world.fault("drop_dispatch", count=None)
        task = await world.submit(ImagineRequest("a cat"))
        if twin:
            await world.fault("foreign_jobs", prompt="a cat", own=True)
        await finished_jobs(world, 3 if twin else 2)
        await world.control.delete("/control/faults")
        await world.fault("invalidate_session", resumable=False)
        ended = await world.ended(task.id)
        if twin:
            assert ended.failure is not None
            assert ended.failure.reason is Reason.TIMED_OUT
        else:
            assert ended.status is Status.SUCCESS
            assert await world.owns(ended)


async def finished_jobs(world: EngineWorld, count: int) -> None:
    """Waits until so many jobs have ended at the bot."""
    async with asyncio.timeout(30):
        while len((await world.control.get("/control/jobs?status=finished")).json()) < count:
            pass
