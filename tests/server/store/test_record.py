import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from mjproxy_server.model.errors import QueueFull
from mjproxy_server.model.facts import Moved, Progressed, Reported, Sending, Started, Taken
from mjproxy_server.model.outbox import Report
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import DeliveryOutcome, Status
from mjproxy_server.store import Capacity, SqliteStore, TaskQuery, open_store
from tests.server.store.store_samples import START, Clock, failed, submission, whole_log


async def test_facts_are_applied_in_order_as_one_revision(store: SqliteStore) -> None:
    task = (await store.submit(submission())).task
    facts = (Sending(START, "nonce"), Taken(START + 1, "nonce"), Started(START + 2, "message"))
    expected = task
    for fact in facts:
        expected = transition(expected, fact)
    assert await store.record(task.id, *facts) == expected
    assert await store.get(task.id) == (expected, 2)
    assert [revision.task for revision in await whole_log(store)] == [task, expected]


async def test_each_of_several_reports_that_changes_something_is_a_revision(folder: Path, clock: Clock) -> None:
    store = await open_store(folder, now=clock, hook="http://127.0.0.1:1/own")
    task = (await store.submit(submission())).task
    percents = (15, 15, 31, 46)
    reported = await store.record(task.id, Reported(tuple(Progressed(START, "message", each) for each in percents)))
    assert reported is not None
    assert [revision.subject.progress for revision in await whole_log(store)] == [0, 15, 31, 46]
    assert await store.get(task.id) == (reported, 4)
    assert (await whole_log(store))[-1].task == reported
    (delivery,) = (await store.deliveries.lease(10)).deliveries
    assert (delivery.task.progress, delivery.lease.revision) == (15, 2), "the first report has changed the status"
    await store.deliveries.report([Report(lease_id=delivery.lease.id, outcome=DeliveryOutcome.DELIVERED)])
    (delivery,) = (await store.deliveries.lease(10)).deliveries
    assert (delivery.task, delivery.lease.revision) == (reported, 4), "of the others the newest is told"
    assert await store.record(task.id, Reported((Progressed(START, "message", 46),))) == reported
    assert await store.record(task.id, Reported(())) == reported
    assert store.head == 4
    await store.close()


async def test_reports_that_fail_half_way_leave_nothing(store: SqliteStore) -> None:
    task = (await store.submit(submission())).task
    with pytest.raises(TypeError):
        await store.record(task.id, Reported((Progressed(START, "message", 15), object())))  # type: ignore[arg-type]
    assert await store.get(task.id) == (task, 1)


async def test_facts_that_change_nothing_make_no_revision(store: SqliteStore) -> None:
    task = (await store.submit(submission())).task
    ended = await store.record(task.id, failed(START))
    assert await store.record(task.id, Started(START, "message")) == ended
    assert await store.record(task.id) == ended
    assert store.head == 2


async def test_no_task_comes_of_facts_about_an_unknown_one(store: SqliteStore) -> None:
    assert await store.record("1782000000000000", failed(START)) is None
    assert await store.record("no id at all", failed(START)) is None
    assert store.head == 0


async def test_what_is_no_fact_changes_nothing(store: SqliteStore) -> None:
    task = (await store.submit(submission())).task
    with pytest.raises(TypeError):
        await store.record(task.id, Started(START, "message"), object())  # type: ignore[arg-type]
    assert await store.get(task.id) == (task, 1)


async def test_facts_of_many_writers_are_all_kept(store: SqliteStore) -> None:
    task = (await store.submit(submission())).task
    await store.record(task.id, Started(START, "message"))
    await asyncio.gather(*(store.record(task.id, Progressed(START, "message", percent)) for percent in range(1, 65)))
    found = await store.get(task.id)
    assert found is not None
    assert found[0].status is Status.IN_PROGRESS
    assert [revision.subject.progress for revision in await whole_log(store)] == [0, *range(65)]
    assert found == ((await whole_log(store))[-1].task, 66)


async def test_a_task_that_moved_is_counted_and_found_where_it_is(store: SqliteStore) -> None:
    room_for_one = Capacity(core_size=1, queue_size=0)
    task = (await store.submit(submission(account_id="one", capacity=room_for_one))).task
    await store.record(task.id, Moved(START, "two"))
    assert (await store.list(TaskQuery(account_id="two"))).tasks == (replace(task, account_id="two"),)
    assert (await store.submit(submission(account_id="one", capacity=room_for_one))).queue_position == 0
    with pytest.raises(QueueFull):
        await store.submit(submission(account_id="two", capacity=room_for_one))
