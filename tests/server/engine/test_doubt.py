"""Interactions in doubt, while the connection that would tell of them is not what it seems."""

from __future__ import annotations

from pathlib import Path

from mjproxy_server.engine.requests import ImagineRequest
from mjproxy_server.model.vocabulary import Status
from tests.server.engine.engine_world import running_engine_world


async def test_the_silence_of_a_connection_that_is_gone_proves_nothing(tmp_path: Path) -> None:
    """Nothing tells that it is gone until a heartbeat stays unanswered, which takes longer than the silence."""
    async with running_engine_world(tmp_path, clock_factor=20) as world:
        await world.engine.fleet.lanes[0].link.wait_until_ready()
        await world.fault("interaction_lost_answer")
        await world.fault("half_open")
        task = await world.ended((await world.submit(ImagineRequest("a cat"))).id)
        assert task.status is Status.SUCCESS, task.failure
        assert len(await world.ledger()) == 1
        assert await world.owns(task)
