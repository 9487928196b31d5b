import asyncio

import pytest

from mjproxy_server.model.errors import QueueFull, RequestIdReused
from mjproxy_server.model.facts import Taken
from mjproxy_server.model.vocabulary import Status
from mjproxy_server.store import Capacity, SqliteStore, TaskQuery
from tests.server.store.store_samples import HOUR, START, Clock, failed, submission, submit_many

SMALL = Capacity(core_size=2, queue_size=3)


async def test_a_submitted_task_can_be_read_at_its_revision(store: SqliteStore) -> None:
    admission = await store.submit(submission(state="mine"))
    assert admission.task.id == f"{START}000"
    assert admission.task.state == "mine"
    assert not admission.deduplicated
    assert await store.get(admission.task.id) == (admission.task, admission.revision)


async def test_positions_count_the_waiting_tasks_ahead(store: SqliteStore) -> None:
    positions = [(await store.submit(submission(capacity=SMALL))).queue_position for _ in range(5)]
    assert positions == [0, 0, 0, 1, 2]


async def test_a_full_queue_refuses_and_stores_nothing(store: SqliteStore) -> None:
    await submit_many(store, 5, capacity=SMALL)
    with pytest.raises(QueueFull) as refused:
        await store.submit(submission(capacity=SMALL))
    assert refused.value.account_id == "account"
    assert await store.get(refused.value.task_id) is None
    assert store.head == 5


async def test_the_id_and_the_revision_after_a_refusal(store: SqliteStore) -> None:
    await submit_many(store, 5, capacity=SMALL)
    with pytest.raises(QueueFull) as refused:
        await store.submit(submission(capacity=SMALL))
    later = await store.submit(submission(account_id="other", capacity=SMALL))
    assert later.task.id > refused.value.task_id
    assert later.revision == 6


async def test_accounts_do_not_share_a_queue(store: SqliteStore) -> None:
    await submit_many(store, 5, capacity=SMALL)
    assert (await store.submit(submission(account_id="other", capacity=SMALL))).queue_position == 0


async def test_running_tasks_hold_a_place_and_ended_ones_do_not(store: SqliteStore) -> None:
    tasks = await submit_many(store, 5, capacity=SMALL)
    await store.record(tasks[0].id, Taken(START, "nonce"))
    with pytest.raises(QueueFull):
        await store.submit(submission(capacity=SMALL))
    await store.record(tasks[0].id, failed(START))
    assert (await store.submit(submission(capacity=SMALL))).queue_position == 2


async def test_a_task_that_waits_for_its_caller_holds_no_place(store: SqliteStore) -> None:
    await submit_many(store, 9, capacity=SMALL, status=Status.MODAL)
    assert (await store.submit(submission(capacity=SMALL))).queue_position == 0


async def test_positions_are_exact_when_many_submit_at_once(store: SqliteStore) -> None:
    capacity = Capacity(core_size=10, queue_size=30)
    answers = await asyncio.gather(
        *(store.submit(submission(capacity=capacity)) for _ in range(64)), return_exceptions=True
    )
    admissions = [answer for answer in answers if not isinstance(answer, BaseException)]
    refusals = [answer for answer in answers if isinstance(answer, QueueFull)]
    assert sorted(admission.queue_position for admission in admissions) == [0] * 10 + list(range(30))
    assert [admission.revision for admission in admissions] == list(range(1, 41))
    ids = {admission.task.id for admission in admissions} | {refusal.task_id for refusal in refusals}
    assert len(ids) == 64
    assert len((await store.list(TaskQuery())).tasks) == 40


async def test_a_unit_that_fails_takes_nothing_of_its_neighbours_with_it(store: SqliteStore) -> None:
    answers = await asyncio.gather(
        store.submit(submission()),
        store.submit(submission(no_such_field=1)),
        store.submit(submission()),
        return_exceptions=True,
    )
    assert isinstance(answers[1], TypeError)
    assert [answer.revision for answer in answers if not isinstance(answer, BaseException)] == [1, 2]


async def test_a_repeated_request_gets_the_first_answer_as_it_was(store: SqliteStore) -> None:
    await submit_many(store, 3, capacity=SMALL)
    first = await store.submit(submission(capacity=SMALL, request_id="r"))
    await store.record(first.task.id, failed(START))
    again = await store.submit(submission(capacity=SMALL, request_id="r"))
    assert (again.task, again.queue_position, again.revision) == (first.task, 1, 4)
    assert again.deduplicated
    assert store.head == 5


async def test_a_repeated_request_gets_its_answer_when_the_queue_has_become_full(store: SqliteStore) -> None:
    first = await store.submit(submission(capacity=SMALL, request_id="r"))
    await submit_many(store, 4, capacity=SMALL)
    assert (await store.submit(submission(capacity=SMALL, request_id="r"))).task == first.task


async def test_two_at_once_with_one_request_id_make_one_task(store: SqliteStore) -> None:
    answers = await asyncio.gather(*(store.submit(submission(request_id="r")) for _ in range(8)))
    assert len({answer.task.id for answer in answers}) == 1
    assert sorted(answer.deduplicated for answer in answers) == [False] + [True] * 7
    assert store.head == 1


async def test_another_request_with_the_same_id_is_refused(store: SqliteStore) -> None:
    await store.submit(submission(request_id="r"))
    with pytest.raises(RequestIdReused):
        await store.submit(submission(request_id="r", digest=b"other"))
    with pytest.raises(RequestIdReused):
        await store.find_request("", "r", b"other")
    assert store.head == 1


async def test_request_ids_of_two_callers_do_not_meet(store: SqliteStore) -> None:
    first = await store.submit(submission(caller="anna", request_id="r"))
    second = await store.submit(submission(caller="ben", request_id="r", digest=b"other"))
    assert first.task.id != second.task.id


async def test_a_request_id_is_free_again_after_a_day(store: SqliteStore, clock: Clock) -> None:
    first = await store.submit(submission(request_id="r"))
    clock.now += 24 * HOUR
    second = await store.submit(submission(request_id="r", digest=b"other"))
    assert second.task.id != first.task.id
    assert (await store.submit(submission(request_id="r", digest=b"other"))).task == second.task


async def test_a_refused_request_may_be_repeated_with_its_id(store: SqliteStore) -> None:
    tasks = await submit_many(store, 5, capacity=SMALL)
    with pytest.raises(QueueFull):
        await store.submit(submission(capacity=SMALL, request_id="r"))
    await store.record(tasks[0].id, failed(START))
    assert not (await store.submit(submission(capacity=SMALL, request_id="r"))).deduplicated


async def test_find_request_tells_what_submit_would_repeat(store: SqliteStore, clock: Clock) -> None:
    assert await store.find_request("", "r", b"digest") is None
    await store.submit(submission(request_id="r"))
    assert await store.find_request("", "r", b"digest") == await store.submit(submission(request_id="r"))
    clock.now += 24 * HOUR
    assert await store.find_request("", "r", b"digest") is None
