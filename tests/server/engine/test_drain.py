"""A drain: what is being sent to Discord gets its answer, and nothing else is sent."""

from __future__ import annotations

import asyncio
from pathlib import Path

from mjproxy_server.engine.requests import ImagineRequest
from mjproxy_server.model.vocabulary import Status
from mjproxy_server.store import open_store
from tests.server.engine.engine_world import EngineWorld, running_engine_world

SLOW = 1.0


async def sent(world: EngineWorld, task_id: str) -> None:
    """Waits until the task's interaction is on its way."""
    watch = await world.engine.hub.watch(None, "")
    async with asyncio.timeout(20):
        while not (found := await world.engine.store.get(task_id)) or not found[0].trace.in_doubt:
            await watch.next()


async def test_an_interaction_that_is_being_sent_gets_its_answer_and_no_other_is_sent(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, speed=1) as world:
        await world.fault("http_latency", method="POST", route="/interactions", seconds=SLOW)
        begun = await world.submit(ImagineRequest("a cat"))
        await sent(world, begun.id)
        drained = asyncio.create_task(world.engine.fleet.drain())
        waiting = await world.submit(ImagineRequest("a dog"))
        async with asyncio.timeout(20):
            await drained
    store = await open_store(tmp_path / "server", now=lambda: 0)
    first, second = [await store.get(task.id) for task in (begun, waiting)]
    await store.close()
    assert first
    assert first[0].trace.steps
    assert not first[0].trace.in_doubt
    assert second
    assert second[0].status is Status.NOT_START
    assert not second[0].trace.steps
