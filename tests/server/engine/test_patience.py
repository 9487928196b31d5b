"""Facts while the disk is full: they wait, in their order, and none is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

from mjproxy_server.engine.clock import SystemClock
from mjproxy_server.engine.patience import PAUSE, PatientStore, keep_trying
from mjproxy_server.model.facts import Progressed, Sending
from mjproxy_server.model.vocabulary import Status
from mjproxy_server.store import open_store
from tests.server.discord.discord_clock import VirtualClock
from tests.server.engine.test_watching import submit
from tests.server.full_disk import full_disk


async def let_time_pass(clock: VirtualClock) -> None:
    while True:
        await clock.skip()


async def test_a_fact_waits_for_room_on_the_disk(tmp_path: Path) -> None:
    clock, store = VirtualClock(), await open_store(tmp_path, now=lambda: 0)
    task_id = await submit(store)
    patient = PatientStore(store, clock)
    trying = asyncio.create_task(keep_trying(store, clock))
    with full_disk(tmp_path / "mjproxy.db-wal"):
        recording = asyncio.create_task(patient.record(task_id, Sending(1, "nonce"), Progressed(2, "m", 30)))
        for _ in range(5):
            await clock.skip()
        assert not recording.done()
        assert store.health.trouble
    passing = asyncio.create_task(let_time_pass(clock))
    async with asyncio.timeout(10):
        await recording
        await store.health.recovered()
    assert (await recording) == (await patient.get(task_id))[0]  # type: ignore[index]
    assert recording.result().status is Status.IN_PROGRESS  # type: ignore[union-attr]
    for task in (trying, passing):
        task.cancel()
    await asyncio.wait({trying, passing})
    await store.close()


async def test_it_ends_with_its_store(tmp_path: Path) -> None:
    store = await open_store(tmp_path, now=lambda: 0)
    task_id = await submit(store)
    await store.close()
    recording = asyncio.create_task(PatientStore(store, SystemClock()).record(task_id, Progressed(2, "m", 30)))
    done, _ = await asyncio.wait({recording}, timeout=PAUSE / 10)
    assert not done
    recording.cancel()
    await asyncio.wait({recording})
    assert recording.cancelled()
