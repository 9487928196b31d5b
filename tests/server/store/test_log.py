import asyncio
from collections.abc import Sequence

import pytest

from mjproxy_server.model.errors import RevisionGone
from mjproxy_server.store import Revision, SqliteStore, TaskQuery
from tests.server.store.store_samples import HOUR, Clock, failed, replay, submission, submit_many, whole_log


async def test_listeners_are_told_every_revision_in_order(store: SqliteStore) -> None:
    told: list[Revision] = []
    store.subscribe(told.extend)
    await asyncio.gather(*(store.submit(submission()) for _ in range(64)))
    assert [revision.number for revision in told] == list(range(1, 65))
    assert tuple(told) == await whole_log(store)


async def test_a_burst_is_committed_together(store: SqliteStore) -> None:
    batches: list[Sequence[Revision]] = []
    store.subscribe(batches.append)
    await asyncio.gather(*(store.submit(submission()) for _ in range(64)))
    assert len(batches) == 1


async def test_a_listener_knows_of_a_write_before_its_writer_goes_on(store: SqliteStore) -> None:
    told: list[int] = []
    store.subscribe(lambda revisions: told.extend(revision.number for revision in revisions))

    async def submit() -> None:
        admission = await store.submit(submission())
        assert admission.revision in told
        assert store.head >= admission.revision

    await asyncio.gather(*(submit() for _ in range(10)))


async def test_a_listener_is_told_nothing_after_it_has_gone(store: SqliteStore) -> None:
    told: list[Revision] = []
    unsubscribe = store.subscribe(told.extend)
    await store.submit(submission())
    unsubscribe()
    unsubscribe()
    await store.submit(submission())
    assert [revision.number for revision in told] == [1]


async def test_a_listener_that_another_one_sends_away_is_told_nothing(store: SqliteStore) -> None:
    told: list[Revision] = []
    store.subscribe(lambda _: unsubscribe())
    unsubscribe = store.subscribe(told.extend)
    await store.submit(submission())
    assert told == []


async def test_a_listener_that_fails_is_no_burden_to_others(
    store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[Revision] = []

    def fail(_: Sequence[Revision]) -> None:
        raise ValueError("broken")

    store.subscribe(fail)
    store.subscribe(told.extend)
    assert (await store.submit(submission())).revision == 1
    assert len(told) == 1
    assert "A listener failed on revisions 1 to 1" in caplog.text


async def test_wait_for_returns_when_the_head_has_got_there(store: SqliteStore) -> None:
    await store.wait_for(0)
    waiting = asyncio.create_task(store.wait_for(3))
    await submit_many(store, 2)
    assert not waiting.done()
    await store.submit(submission())
    await asyncio.wait_for(waiting, timeout=5)
    await store.wait_for(3)


async def test_revisions_are_read_in_parts(store: SqliteStore) -> None:
    await submit_many(store, 5)
    parts = [await store.revisions(after, limit=2) for after in (0, 2, 4, 5)]
    assert [[revision.number for revision in part] for part in parts] == [[1, 2], [3, 4], [5], []]


@pytest.mark.parametrize("after", [-1, 1, 3])
async def test_revisions_that_are_not_there_are_refused(store: SqliteStore, after: int) -> None:
    await submit_many(store, 2)
    await store.compact(keep_count=0, keep_after_ms=0)
    with pytest.raises(RevisionGone) as gone:
        await store.revisions(after, limit=1)
    assert gone.value.details == {"oldest_revision": "2", "newest_revision": "2", "history_id": store.history_id}
    assert await store.revisions(2, limit=1) == ()


async def test_the_log_is_compacted_by_count(store: SqliteStore) -> None:
    tasks = await submit_many(store, 450)
    await store.compact(keep_count=7, keep_after_ms=0)
    assert (store.oldest, store.head) == (443, 450)
    assert [revision.number for revision in await whole_log(store)] == list(range(444, 451))
    assert await store.get(tasks[0].id) == (tasks[0], 450)


async def test_the_log_is_compacted_by_age(store: SqliteStore, clock: Clock) -> None:
    await submit_many(store, 2)
    clock.now += HOUR
    await submit_many(store, 2)
    await store.compact(keep_count=100, keep_after_ms=clock.now)
    assert store.oldest == 2


async def test_revisions_go_on_when_the_whole_log_was_compacted(store: SqliteStore) -> None:
    await submit_many(store, 3)
    await store.compact(keep_count=0, keep_after_ms=0)
    assert (store.oldest, store.head) == (3, 3)
    assert (await store.submit(submission())).revision == 4
    assert store.oldest == 3


async def test_tasks_that_ended_before_a_time_expire(store: SqliteStore, clock: Clock) -> None:
    tasks = await submit_many(store, 3)
    old = await store.record(tasks[0].id, failed(clock.now + 1))
    await store.record(tasks[1].id, failed(clock.now + 2))
    assert await store.expire(clock.now + 2) == 1
    assert await store.get(tasks[0].id) is None
    removal = (await whole_log(store))[-1]
    assert (removal.task_id, removal.task, removal.subject, removal.removed) == (tasks[0].id, None, old, True)


async def test_expiry_of_many_is_done_to_the_end(store: SqliteStore, clock: Clock) -> None:
    tasks = await submit_many(store, 450)
    await asyncio.gather(*(store.record(task.id, failed(clock.now)) for task in tasks[:-1]))
    assert await store.expire(clock.now + 1) == 449
    assert await store.expire(clock.now + 1) == 0
    assert (await store.list(TaskQuery())).tasks == (tasks[-1],)
    assert replay(await whole_log(store)) == {tasks[-1].id: tasks[-1]}


async def test_an_id_does_not_return_when_its_task_expired_and_the_clock_went_back(
    store: SqliteStore, clock: Clock
) -> None:
    first = (await store.submit(submission())).task
    await store.record(first.id, failed(clock.now))
    await store.expire(clock.now + 1)
    clock.now -= HOUR
    assert (await store.submit(submission())).task.id > first.id


async def test_compaction_forgets_old_request_ids(store: SqliteStore, clock: Clock) -> None:
    await store.submit(submission(request_id="old"))
    clock.now += 1
    await store.submit(submission(request_id="new"))
    clock.now += 24 * HOUR - 1
    await store.compact(keep_count=100, keep_after_ms=0)
    clock.now -= 23 * HOUR  # Even for a clock that was set back, the old one is gone.
    assert await store.find_request("", "old", b"digest") is None
    assert await store.find_request("", "new", b"digest") is not None
