"""Watching the task log: in order, none skipped, none repeated, however slow the reader."""

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mjproxy_server.engine.watching import WatchHub
from mjproxy_server.model.command import Imagine
from mjproxy_server.model.errors import RevisionGone
from mjproxy_server.model.facts import Progressed
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Action
from mjproxy_server.store.interface import Capacity, Store, Submission
from mjproxy_server.store.sqlite import open_store


def queued(task_id: str) -> Task:
    return Task(
        id=task_id,
        account_id="11",
        action=Action.IMAGINE,
        command=Imagine("a cat"),
        description="/imagine a cat",
        submitted_at=1,
    )


async def submit(store: Store) -> str:
    admission = await store.submit(
        Submission(
            builds=(queued,),
            account_id="11",
            capacity=Capacity(1, 1000),
            caller="",
            request_id=None,
            digest=b"",
        )
    )
    return admission.task.id


async def write(store: Store, count: int) -> None:
    task_id = await submit(store)
    for percent in range(1, count):
        await store.record(task_id, Progressed(percent, "m", percent))


async def read_all(hub: WatchHub, after: int, until: int) -> list[int]:
    numbers = []
    while after < until:
        await hub.wait(after)
        revisions = await hub.read(after)
        numbers += [revision.number for revision in revisions]
        after = numbers[-1]
    return numbers


@pytest.mark.parametrize("window", [1, 3, 1000])
async def test_a_reader_gets_every_revision_from_window_and_store(store: Store, window: int) -> None:
    hub = WatchHub(store, window=window)
    await write(store, 20)
    assert await read_all(hub, 0, 20) == list(range(1, 21))
    assert await read_all(hub, 13, 20) == list(range(14, 21))


async def test_readers_of_different_speed_see_the_same_while_it_is_written(store: Store) -> None:
    hub = WatchHub(store, window=4)
    readers = [asyncio.create_task(read_all(hub, 0, 40)) for _ in range(5)]
    await write(store, 40)
    assert await asyncio.gather(*readers) == [list(range(1, 41))] * 5


async def test_a_watch_begins_now_unless_told_otherwise(store: Store) -> None:
    hub = WatchHub(store)
    await write(store, 5)
    assert await hub.start(None, "") == 5
    assert await hub.start(3, store.history_id) == 3
    assert await hub.start(0, "") == 0


@pytest.mark.parametrize(("after", "history_id"), [(6, ""), (3, "another")])
async def test_a_watch_cannot_begin_in_the_future_or_in_another_history(
    store: Store, after: int, history_id: str
) -> None:
    hub = WatchHub(store)
    await write(store, 5)
    with pytest.raises(RevisionGone) as gone:
        await hub.start(after, history_id)
    assert gone.value.details["newest_revision"] == "5"


async def test_a_watch_cannot_begin_before_what_was_compacted(store: Store) -> None:
    hub = WatchHub(store)
    await write(store, 10)
    await store.compact(keep_count=4, keep_after_ms=0)
    with pytest.raises(RevisionGone) as gone:
        await hub.start(5, "")
    assert gone.value.details["oldest_revision"] == "6"
    assert await hub.start(6, "") == 6


async def test_every_watch_ends_when_the_hub_closes(store: Store) -> None:
    hub = WatchHub(store)
    await write(store, 3)
    waiting = asyncio.create_task(hub.wait(3))
    await asyncio.sleep(0)
    assert not hub.closed
    hub.close()
    async with asyncio.timeout(5):
        await waiting
        await hub.wait(3)
    assert hub.closed


@settings(max_examples=30)
@given(steps=st.lists(st.integers(0, 3), max_size=60), window=st.integers(1, 6))
def test_any_interleaving_of_writing_and_reading(steps: list[int], window: int) -> None:
    asyncio.run(_interleave(steps, window))


async def _interleave(steps: list[int], window: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = await open_store(Path(folder), now=lambda: 1)
        try:
            hub, positions, percent = WatchHub(store, window=window), [0, 0, 0], 0
            task_id = await submit(store)
            for step in steps:
                if step == 3:
                    percent += 1
                    await store.record(task_id, Progressed(percent, "m", percent))
                else:
                    for revision in await hub.read(positions[step]):
                        assert revision.number == positions[step] + 1
                        positions[step] = revision.number
            for reader, position in enumerate(positions):
                positions[reader] = (await read_all(hub, position, hub.head) or [position])[-1]
            assert positions == [hub.head] * 3
        finally:
            await store.close()


async def test_a_wait_ends_at_its_time(store: Store) -> None:
    hub = WatchHub(store)
    await write(store, 3)
    soon = asyncio.get_running_loop().time() + 0.01
    await asyncio.wait_for(hub.wait(3, soon), 5)
    assert asyncio.get_running_loop().time() >= soon
    assert not await hub.read(3)


async def test_whoever_gives_up_waiting_takes_nobody_along(store: Store) -> None:
    hub = WatchHub(store)
    waiting = [asyncio.create_task(hub.wait(0)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    await write(store, 1)
    await asyncio.wait_for(asyncio.gather(waiting[0], waiting[2]), 5)
    assert waiting[1].cancelled()
