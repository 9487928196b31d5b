"""Tasks in memory are those of the store, at every revision."""

import asyncio

import pytest

from mjproxy_server.engine.recent import RecentTasks
from mjproxy_server.model.command import Imagine
from mjproxy_server.model.facts import CancelRequested, Fact, Progressed, Sending, Taken
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Action
from mjproxy_server.store.interface import Capacity, Store, Submission


def new_task(task_id: str) -> Task:
    return Task(
        id=task_id,
        account_id="1",
        action=Action.IMAGINE,
        command=Imagine("a cat"),
        description="/imagine a cat",
        submitted_at=1,
    )


async def submit(store: Store) -> str:
    submission = Submission(
        builds=(new_task,),
        account_id="1",
        capacity=Capacity(1_000, 0),
        caller="",
        request_id=None,
        digest=b"",
    )
    return (await store.submit(submission)).task.id


def progress(percent: int) -> tuple[Fact, ...]:
    return Sending(1, "5"), Taken(1, "5"), Progressed(1, "7", percent)


@pytest.fixture
def recent(store: Store) -> RecentTasks:
    return RecentTasks(store, most=2)


async def test_a_change_is_seen_as_soon_as_it_is_made(store: Store, recent: RecentTasks) -> None:
    task_id = await submit(store)
    for percent in (10, 20, 30):
        await store.record(task_id, *progress(percent))
        assert await recent.get(task_id) == await store.get(task_id)


async def test_a_task_of_before_is_read_from_the_store_and_followed_from_then_on(store: Store) -> None:
    task_id = await submit(store)
    recent = RecentTasks(store)
    assert await recent.get(task_id) == await store.get(task_id)
    await store.record(task_id, *progress(10))
    assert await recent.get(task_id) == await store.get(task_id)


async def test_a_task_that_was_removed_is_gone(store: Store, recent: RecentTasks) -> None:
    task_id = await submit(store)
    await store.record(task_id, CancelRequested(5))
    assert await recent.get(task_id)
    assert await store.expire(10) == 1
    assert await recent.get(task_id) is None


async def test_an_unknown_task_is_none(recent: RecentTasks) -> None:
    assert await recent.get("1234567890123456") is None


async def test_more_tasks_than_are_kept_are_found_all_the_same(store: Store, recent: RecentTasks) -> None:
    ids = [await submit(store) for _ in range(5)]
    for task_id in [*ids, *ids]:
        assert await recent.get(task_id) == await store.get(task_id)


async def test_what_is_read_is_never_older_than_what_was_read_before(store: Store) -> None:
    task_id = await submit(store)
    recent = RecentTasks(store)

    async def read() -> None:
        seen = (0, 0)
        while seen[0] < 90:
            found = await recent.get(task_id)
            assert found
            newer = (found[0].progress, found[1])
            assert newer[0] >= seen[0]
            assert newer[1] >= seen[1]
            seen = newer
            await asyncio.sleep(0)

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(read())
        for percent in range(1, 91):
            await store.record(task_id, *progress(percent))
