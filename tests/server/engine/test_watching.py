"""Watching the task log: in order, none skipped, none repeated, however slow the reader."""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mjproxy_server.engine import watching
from mjproxy_server.engine.watching import Watch, WatchHub
from mjproxy_server.model.command import Imagine
from mjproxy_server.model.errors import RevisionGone
from mjproxy_server.model.facts import Progressed
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Action
from mjproxy_server.store.interface import Capacity, Revision, Store, Submission
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


async def read_all(watch: Watch, until: int) -> list[int]:
    numbers: list[int] = []
    async with asyncio.timeout(20):
        while watch.position < until:
            numbers += [revision.number for revision in await watch.next()]
    return numbers


async def resting(watch: Watch) -> asyncio.Task[Sequence[Revision]]:
    """Has a watch wait for what comes next."""

    async def rest() -> Sequence[Revision]:
        return await watch.next()

    task = asyncio.create_task(rest())
    await asyncio.sleep(0)
    assert not task.done()
    return task


def even(revision: Revision) -> bool:
    return revision.number % 2 == 0


@pytest.mark.parametrize("window", [1, 3, 1000])
async def test_a_reader_gets_every_revision_from_window_and_store(store: Store, window: int) -> None:
    hub = WatchHub(store, window=window)
    await write(store, 20)
    assert await read_all(await hub.watch(0, ""), 20) == list(range(1, 21))
    assert await read_all(await hub.watch(13, ""), 20) == list(range(14, 21))


@pytest.mark.parametrize("window", [1, 3, 1000])
async def test_a_reader_gets_what_it_wants_from_window_and_store(store: Store, window: int) -> None:
    hub = WatchHub(store, window=window)
    await write(store, 20)
    assert await read_all(await hub.watch(0, "", even), 20) == list(range(2, 21, 2))


async def test_readers_of_different_speed_see_the_same_while_it_is_written(store: Store) -> None:
    hub = WatchHub(store, window=4)
    watches = [await hub.watch(0, "") for _ in range(5)]
    readers = [asyncio.create_task(read_all(watch, 40)) for watch in watches]
    await write(store, 40)
    assert await asyncio.gather(*readers) == [list(range(1, 41))] * 5


async def test_a_watch_begins_now_unless_told_otherwise(store: Store) -> None:
    hub = WatchHub(store)
    await write(store, 5)
    assert (await hub.watch(None, "")).position == 5
    assert (await hub.watch(3, store.history_id)).position == 3
    assert (await hub.watch(0, "")).position == 0


@pytest.mark.parametrize(("after", "history_id"), [(6, ""), (3, "another")])
async def test_a_watch_cannot_begin_in_the_future_or_in_another_history(
    store: Store, after: int, history_id: str
) -> None:
    hub = WatchHub(store)
    await write(store, 5)
    with pytest.raises(RevisionGone) as gone:
        await hub.watch(after, history_id)
    assert gone.value.details["newest_revision"] == "5"


async def test_a_watch_begins_after_a_revision_that_the_hub_is_yet_to_be_told_of(store: Store, tmp_path: Path) -> None:
    hub = WatchHub(store)
    task_id = await submit(store)
    writing = asyncio.create_task(store.record(task_id, Progressed(1, "m", 1)))
    while not stored(tmp_path, 2):  # noqa: ASYNC110 - the loop stands still while this looks: the hub is told later
        await asyncio.sleep(0)
    watch = await hub.watch(2, "")
    await writing
    later = await resting(watch)
    await store.record(task_id, Progressed(2, "m", 2))
    assert [revision.number for revision in await later] == [3]


def stored(folder: Path, revision: int) -> bool:
    """Tells whether the database gets a revision within a twentieth of a second."""
    (path,) = folder.rglob("mjproxy.db")
    end = time.monotonic() + 0.05
    with closing(sqlite3.connect(path)) as database:
        while time.monotonic() < end:
            if database.execute("SELECT max(number) FROM revisions").fetchone() == (revision,):
                return True
    return False


async def test_a_watch_cannot_begin_before_what_was_compacted(store: Store) -> None:
    hub = WatchHub(store)
    await write(store, 10)
    await store.compact(keep_count=4, keep_after_ms=0)
    with pytest.raises(RevisionGone) as gone:
        await hub.watch(5, "")
    assert gone.value.details["oldest_revision"] == "6"
    assert (await hub.watch(6, "")).position == 6


async def test_every_watch_ends_when_the_hub_closes(store: Store) -> None:
    hub = WatchHub(store)
    await write(store, 3)
    watch = await hub.watch(3, "")
    waiting = await resting(watch)
    assert not hub.closed
    hub.close()
    async with asyncio.timeout(5):
        assert not await waiting
        assert not await watch.next()
    assert hub.closed


@settings(max_examples=30)
@given(steps=st.lists(st.integers(0, 3), max_size=60), window=st.integers(1, 6))
def test_any_interleaving_of_writing_and_reading(steps: list[int], window: int) -> None:
    asyncio.run(_interleave(steps, window))


async def _interleave(steps: list[int], window: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = await open_store(Path(folder), now=lambda: 1)
        try:
            hub, percent = WatchHub(store, window=window), 0
            watches = [await hub.watch(0, "") for _ in range(3)]
            read: list[list[int]] = [[], [], []]
            task_id = await submit(store)
            for step in steps:
                if step == 3:
                    percent += 1
                    await store.record(task_id, Progressed(percent, "m", percent))
                elif watches[step].position < hub.head:
                    read[step] += [revision.number for revision in await watches[step].next()]
            for numbers, watch in zip(read, watches, strict=True):
                assert numbers + await read_all(watch, hub.head) == list(range(1, hub.head + 1))
        finally:
            await store.close()


async def test_whoever_waits_gets_a_bookmark_at_its_time_and_nobody_before(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = WatchHub(store)
    await write(store, 3)
    waiting = []
    begun = asyncio.get_running_loop().time()
    for seconds in (0.05, 0.1, 30):
        monkeypatch.setattr(watching, "BOOKMARK_SECONDS", seconds)
        waiting.append(await resting(await hub.watch(3, "")))
    async with asyncio.timeout(5):
        assert not await waiting[0]
        assert asyncio.get_running_loop().time() >= begun + 0.049
        assert not await waiting[1]
        assert asyncio.get_running_loop().time() >= begun + 0.099
    assert not waiting[2].done()
    await write(store, 1)
    assert [revision.number for revision in await waiting[2]] == [4]


async def test_who_does_not_want_a_revision_is_moved_on_without_being_woken(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "BOOKMARK_SECONDS", 0.2)
    hub = WatchHub(store)
    watch = await hub.watch(None, "", lambda _: False)
    waiting = await resting(watch)
    await write(store, 3)
    assert (waiting.done(), watch.position) == (False, 3)
    assert not await asyncio.wait_for(waiting, 5)


async def test_whoever_gives_up_waiting_takes_nobody_along(store: Store) -> None:
    hub = WatchHub(store)
    waiting = [await resting(await hub.watch(0, "")) for _ in range(3)]
    waiting[1].cancel()
    await write(store, 1)
    await asyncio.wait_for(asyncio.gather(waiting[0], waiting[2]), 5)
    assert waiting[1].cancelled()


async def test_whoever_gives_up_waiting_is_passed_over_when_bookmarks_are_given(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "BOOKMARK_SECONDS", 0.05)
    hub = WatchHub(store)
    waiting = [await resting(await hub.watch(0, "")) for _ in range(3)]
    waiting[0].cancel()
    assert await asyncio.wait_for(asyncio.gather(*waiting[1:]), 5) == [(), ()]
