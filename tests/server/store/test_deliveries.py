"""The outbox in the store: what is written with a revision of a task, leased, reported, listed, and left by a crash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from mjproxy_server.model.errors import NothingToDeliver
from mjproxy_server.model.facts import Progressed, Sending, Started
from mjproxy_server.model.outbox import LEASE_MS, SCHEDULE_MS, Report
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import DeliveryOutcome, Status
from mjproxy_server.store import SqliteStore, open_store
from mjproxy_server.store.deliveries import MOST_PER_HOST, Delivery, DeliveryQuery
from tests.server.store.store_samples import HOUR, Clock, failed, submission, submit_many

HOOK = "https://host.example/hook"
OWN = "http://127.0.0.1:1/own"


@pytest.fixture
async def hooked(folder: Path, clock: Clock) -> AsyncIterator[SqliteStore]:
    """A store whose operator has a hook for all tasks."""
    opened = await open_store(folder, now=clock, hook=OWN)
    yield opened
    await opened.close()


async def started(store: SqliteStore, hook: str = HOOK) -> Task:
    """Submits a task and starts it: its hook is to be told of that."""
    task = (await store.submit(submission(notify_hook=hook))).task
    await store.record(task.id, Sending(1, "nonce"))
    return await change(store, task, Started(2, "message"))


async def change(store: SqliteStore, task: Task, *facts: Started | Progressed) -> Task:
    changed = await store.record(task.id, *facts)
    assert changed
    return changed


async def lease(store: SqliteStore, most: int = 100) -> Sequence[Delivery]:
    return (await store.deliveries.lease(most)).deliveries


async def report(store: SqliteStore, delivery: Delivery, outcome: DeliveryOutcome, **fields: object) -> None:
    wanted = Report(lease_id=delivery.lease.id, outcome=outcome, **fields)  # type: ignore[arg-type]
    await store.deliveries.report([wanted])


async def test_a_change_is_leased_with_the_task_as_it_became(store: SqliteStore, clock: Clock) -> None:
    task = await started(store)
    (delivery,) = await lease(store)
    assert (delivery.task, delivery.lease.revision) == (task, store.head)
    assert (delivery.entry.hook, delivery.entry.trusted) == (HOOK, False)
    assert delivery.lease.end_at == clock.now + LEASE_MS
    assert await lease(store) == ()


async def test_a_task_without_a_hook_and_one_that_waits_have_nothing_to_deliver(store: SqliteStore) -> None:
    await started(store, hook="")
    await store.submit(submission(notify_hook=HOOK))
    assert await store.deliveries.lease(100) == await store.deliveries.lease(100)
    assert await lease(store) == ()


async def test_the_operators_hook_is_for_tasks_without_one_and_is_trusted(hooked: SqliteStore) -> None:
    for hook in ("", HOOK, OWN):
        await started(hooked, hook)
    found = await lease(hooked)
    assert [(each.entry.hook, each.entry.trusted) for each in found] == [(OWN, True), (OWN, True), (HOOK, False)]


async def test_each_status_is_told_as_it_was_and_of_progress_the_newest(store: SqliteStore, clock: Clock) -> None:
    task = await started(store)
    for percent in (10, 20):
        await change(store, task, Progressed(3, "message", percent))
    ended = await store.record(task.id, failed(4))
    told = []
    while found := await lease(store):
        told.append((found[0].task.status, found[0].task.progress))
        await report(store, found[0], DeliveryOutcome.DELIVERED)
    assert told == [(Status.IN_PROGRESS, 0), (Status.FAILURE, 20)]
    assert ended
    assert (await store.deliveries.list(DeliveryQuery())).records == ()


async def test_a_status_is_told_as_the_task_is_when_the_log_no_longer_holds_it(store: SqliteStore) -> None:
    task = await started(store)
    await change(store, task, Progressed(3, "message", 10))
    ended = await store.record(task.id, failed(4))
    await store.compact(keep_count=0, keep_after_ms=0)
    (delivery,) = await lease(store)
    assert (delivery.task, delivery.lease.revision) == (ended, store.head)
    await report(store, delivery, DeliveryOutcome.DELIVERED)
    assert await lease(store) == ()


async def test_what_is_not_reported_is_offered_again_and_the_late_report_changes_nothing(
    store: SqliteStore, clock: Clock
) -> None:
    await started(store)
    (first,) = await lease(store)
    clock.now += LEASE_MS
    await report(store, first, DeliveryOutcome.DELIVERED)
    (second,) = await lease(store)
    assert second.lease.revision == first.lease.revision
    await report(store, first, DeliveryOutcome.DELIVERED)
    await report(store, second, DeliveryOutcome.RETRY)
    clock.now += SCHEDULE_MS[0]
    assert len(await lease(store)) == 1


@pytest.mark.parametrize("lease_id", ["", "nonsense", "1700000000000000-1-1"])
async def test_a_report_on_an_unknown_lease_changes_nothing(store: SqliteStore, lease_id: str) -> None:
    await started(store)
    (delivery,) = await lease(store)
    unknown = Report(lease_id=lease_id, outcome=DeliveryOutcome.DROP)
    assert await store.deliveries.report([unknown]) == ()
    assert await store.deliveries.report([Report(lease_id=delivery.lease.id, outcome=DeliveryOutcome.DELIVERED)]) == ()


async def test_it_is_said_when_time_alone_makes_something_due(store: SqliteStore, clock: Clock) -> None:
    assert (await store.deliveries.lease(1)).due_in_ms is None
    await started(store)
    (delivery,) = await lease(store)
    assert (await store.deliveries.lease(1)).due_in_ms == LEASE_MS
    await report(store, delivery, DeliveryOutcome.RETRY)
    assert (await store.deliveries.lease(1)).due_in_ms == SCHEDULE_MS[0]


async def test_what_becomes_due_while_the_store_looks_is_not_missed(
    store: SqliteStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await started(store)
    (delivery,) = await lease(store)
    end = delivery.lease.end_at
    ticks = iter(range(end - 1, end + 100))
    monkeypatch.setattr(Clock, "__call__", lambda _: next(ticks))
    assert (await store.deliveries.lease(1)).due_in_ms == 1


async def test_no_host_has_more_than_its_share_of_leases(store: SqliteStore, clock: Clock) -> None:
    for _ in range(MOST_PER_HOST + 2):
        await started(store, "https://dead.example/1")
    clock.now += 1
    await started(store, "https://DEAD.example:99/2")
    await started(store, "https://good.example")
    found = await lease(store)
    assert [each.entry.hook for each in found] == ["https://dead.example/1"] * MOST_PER_HOST + ["https://good.example"]
    assert await lease(store) == ()
    await report(store, found[0], DeliveryOutcome.RETRY)
    assert len(await lease(store)) == 1
    clock.now += LEASE_MS
    assert len(await lease(store)) == MOST_PER_HOST + 1


async def test_no_more_is_leased_than_was_asked_for_and_what_waited_longest_goes_first(
    store: SqliteStore, clock: Clock
) -> None:
    for host in ("b", "c", "a", "b"):
        await started(store, f"https://{host}.example")
        clock.now += 1
    parts = [await lease(store, 3), await lease(store, 3)]
    hosts = [[each.entry.hook[8] for each in part] for part in parts]
    assert hosts == [["b", "b", "c"], ["a"]]


async def test_two_who_lease_at_once_do_not_get_the_same(store: SqliteStore) -> None:
    for number in range(10):
        await started(store, f"https://host{number}.example")
    parts = await asyncio.gather(*(lease(store, 4) for _ in range(4)))
    ids = [each.task.id for part in parts for each in part]
    assert len(ids) == len(set(ids)) == 10
    assert max(map(len, parts)) == 4


async def test_what_was_to_be_delivered_is_so_in_the_next_process(folder: Path, clock: Clock) -> None:
    first = await open_store(folder, now=clock)
    task = await started(first)
    await lease(first)
    await first.close()
    second = await open_store(folder, now=clock)
    assert await lease(second) == ()
    clock.now += LEASE_MS
    assert [each.task.id for each in await lease(second)] == [task.id]
    await second.close()


async def test_nothing_waits_longer_than_it_was_put_off_though_the_next_process_has_a_clock_that_was_set_back(
    folder: Path, clock: Clock
) -> None:
    first = await open_store(folder, now=clock)
    for _ in range(3):
        await started(first)
    failed_once, wishing, leased = await lease(first)
    await report(first, failed_once, DeliveryOutcome.RETRY)
    await report(first, wishing, DeliveryOutcome.RETRY, retry_after_ms=HOUR)
    await first.close()
    clock.now -= 5 * HOUR
    second = await open_store(folder, now=clock)
    offered = []
    for pause in (SCHEDULE_MS[0], LEASE_MS - SCHEDULE_MS[0], HOUR - LEASE_MS):
        assert await lease(second) == ()
        clock.now += pause
        (again,) = await lease(second)
        await report(second, again, DeliveryOutcome.DELIVERED)
        offered.append(again.task.id)
    assert offered == [failed_once.task.id, leased.task.id, wishing.task.id]
    await second.close()


@pytest.mark.parametrize(
    ("now_own", "expected"),
    [
        (OWN, {(OWN, True), (HOOK, False)}),
        ("http://other.example", {("http://other.example", True), (OWN, False), (HOOK, False)}),
        ("", {(OWN, False), (HOOK, False)}),
    ],
)
async def test_what_waits_for_the_operators_hook_goes_where_that_is_in_the_next_process(
    folder: Path, clock: Clock, now_own: str, expected: set[tuple[str, bool]]
) -> None:
    first = await open_store(folder, now=clock, hook=OWN)
    for hook in ("", OWN, HOOK):
        await started(first, hook)
    await first.close()
    second = await open_store(folder, now=clock, hook=now_own)
    assert {(each.entry.hook, each.entry.trusted) for each in await lease(second)} == expected
    await second.close()


async def test_what_failed_for_good_is_kept_and_can_be_retried_and_dropped(store: SqliteStore) -> None:
    task = await started(store)
    (delivery,) = await lease(store)
    gone = Report(lease_id=delivery.lease.id, outcome=DeliveryOutcome.DROP, http_status=410, error="Gone")
    (record,) = await store.deliveries.report([gone])
    assert (record.task_id, record.entry.last_http_status, record.entry.last_error) == (task.id, 410, "Gone")
    ended = await store.record(task.id, failed(4))
    assert await lease(store) == ()
    await store.deliveries.retry(task.id)
    (again,) = await lease(store)
    assert again.task == ended
    await report(store, again, DeliveryOutcome.DROP)
    await store.deliveries.drop(task.id)
    assert (await store.deliveries.list(DeliveryQuery())).records == ()


async def test_what_was_given_up_while_it_was_tried_is_gone_when_the_lease_ends(
    store: SqliteStore, clock: Clock
) -> None:
    task = await started(store)
    await lease(store)
    await store.deliveries.drop(task.id)
    assert (await store.deliveries.list(DeliveryQuery())).records == ()
    with pytest.raises(NothingToDeliver):
        await store.deliveries.retry(task.id)
    clock.now += LEASE_MS
    assert await store.deliveries.lease(1) == await store.deliveries.lease(1)


async def test_a_later_change_of_a_task_that_was_given_up_is_delivered(store: SqliteStore) -> None:
    task = await started(store)
    await store.deliveries.drop(task.id)
    await store.record(task.id, failed(4))
    assert [each.task.status for each in await lease(store)] == [Status.FAILURE]


async def test_a_task_that_has_nothing_to_deliver_is_neither_retried_nor_dropped(store: SqliteStore) -> None:
    task = await started(store)
    await store.deliveries.drop(task.id)
    for task_id in (task.id, "1", "1700000000000000"):
        for method in (store.deliveries.retry, store.deliveries.drop):
            with pytest.raises(NothingToDeliver):
                await method(task_id)


async def test_pages_have_the_oldest_task_first_and_can_be_of_one_state(store: SqliteStore) -> None:
    tasks = [await started(store) for _ in range(4)]
    (first, second) = await lease(store, 2)
    await report(store, first, DeliveryOutcome.DROP)

    async def ids(**wanted: object) -> tuple[list[str], bool]:
        listing = await store.deliveries.list(DeliveryQuery(**wanted))  # type: ignore[arg-type]
        return [record.task_id for record in listing.records], listing.more

    everything = [task.id for task in tasks]
    assert await ids() == (everything, False)
    assert await ids(limit=3) == (everything[:3], True)
    assert await ids(limit=3, after_id=everything[2]) == (everything[3:], False)
    assert await ids(failed=True) == (everything[:1], False)
    assert await ids(failed=False) == (everything[1:], False)
    assert second.task.id == everything[1]


async def test_what_is_not_delivered_goes_with_its_task(store: SqliteStore, clock: Clock) -> None:
    task = await started(store)
    await store.record(task.id, failed(clock.now))
    await store.expire(clock.now + HOUR)
    assert (await store.deliveries.list(DeliveryQuery())).records == ()


async def test_a_change_that_is_not_stored_is_not_told(store: SqliteStore) -> None:
    await submit_many(store, 2, notify_hook=HOOK)
    assert (await store.deliveries.list(DeliveryQuery())).records == ()
