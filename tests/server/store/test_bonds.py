"""Submissions of several tasks, tasks that may be made once only, and modals that are confirmed later."""

import asyncio

import pytest
from msgspec import structs
from msgspec.structs import replace

from mjproxy_server.model.errors import NotModal, QueueFull, TaskNotFound
from mjproxy_server.model.facts import Confirmed, Failed, Finished
from mjproxy_server.model.task import Confirmation, Failure, Modal, Result, Task
from mjproxy_server.model.vocabulary import Reason, Status
from mjproxy_server.store.interface import Capacity, Store, Submission, TaskQuery
from tests.server.store.store_samples import submission

CONFIRMED = Confirmed(
    at=1, prompt="a cat", prompt_en="a cat", description="/imagine a cat", confirmation=Confirmation(queue_position=0)
)
FAILED = Failed(1, Failure(Reason.BOT_ERROR, "Error", "It did not work."))
FINISHED = Finished(1, Result("7", "done", 0, "", "a cat", None, "", ()))


def made_with(held: Submission, **fields: object) -> Submission:
    """The submission, with tasks that have these fields besides."""
    return replace(held, builds=tuple(_with(build, fields) for build in held.builds))


def _with(build: object, fields: dict[str, object]) -> object:
    return lambda task_id: structs.replace(build(task_id), **fields)  # type: ignore[operator]


def several(count: int, **fields: object) -> Submission:
    one = made_with(submission(), **fields)
    return replace(one, builds=one.builds * count)


async def test_several_tasks_are_queued_together(store: Store) -> None:
    admission = await store.submit(several(4))
    assert len({task.id for task in admission.tasks}) == 4
    assert admission.revision == store.head == 4


async def test_several_tasks_are_all_refused_if_one_has_no_place(store: Store) -> None:
    held = replace(several(4), capacity=Capacity(core_size=1, queue_size=2))
    with pytest.raises(QueueFull):
        await store.submit(held)
    assert store.head == 0
    assert not (await store.list(TaskQuery())).tasks


async def test_a_task_that_may_be_made_once_is_answered_again_with_the_first(store: Store) -> None:
    first = await store.submit(several(1, once="U:1:2"))
    again = await store.submit(several(1, once="U:1:2"))
    other = await store.submit(several(1, once="U:1:3"))
    assert (again.existed, again.task.id) == (True, first.task.id)
    assert (other.existed, store.head) == (False, 2)


async def test_of_two_at_once_one_wins(store: Store) -> None:
    answers = await asyncio.gather(*(store.submit(several(1, once="U:1:2")) for _ in range(8)))
    assert sorted(answer.existed for answer in answers) == [False] + [True] * 7
    assert len({answer.task.id for answer in answers}) == 1


async def test_what_existed_is_answered_as_it_is_now(store: Store) -> None:
    first = await store.submit(several(1, once="U:1:2"))
    await store.record(first.task.id, FINISHED)
    assert (await store.submit(several(1, once="U:1:2"))).task.status is Status.SUCCESS


async def test_what_failed_may_be_made_again(store: Store) -> None:
    first = await store.submit(several(1, once="U:1:2"))
    await store.record(first.task.id, FAILED)
    again = await store.submit(several(1, once="U:1:2"))
    assert (again.existed, again.task.id != first.task.id) == (False, True)


async def test_a_repeated_request_of_what_existed_gets_the_first_answer(store: Store) -> None:
    await store.submit(several(1, once="U:1:2"))
    held = replace(several(1, once="U:1:2"), request_id="r")
    first, again = await store.submit(held), await store.submit(held)
    assert (first.existed, first.deduplicated) == (True, False)
    assert (again.existed, again.deduplicated, again.tasks) == (True, True, first.tasks)


def modal() -> Submission:
    return several(1, status=Status.MODAL, modal=Modal("a cat"))


async def test_a_modal_takes_no_place_until_it_is_confirmed(store: Store) -> None:
    capacity = Capacity(core_size=1, queue_size=1)
    waiting = [(await store.submit(replace(modal(), capacity=capacity))).task for _ in range(3)]
    answers = [await store.confirm(task.id, capacity, CONFIRMED) for task in waiting[:2]]
    assert [answer.queue_position for answer in answers] == [0, 0]
    assert [answer.task.status for answer in answers] == [Status.NOT_START] * 2
    with pytest.raises(QueueFull):
        await store.confirm(waiting[2].id, capacity, CONFIRMED)
    assert (await _get(store, waiting[2].id)).status is Status.MODAL


async def test_a_repeated_confirmation_gets_the_same_answer(store: Store) -> None:
    capacity = Capacity(core_size=1, queue_size=5)
    for _ in range(3):
        await store.submit(replace(submission(), capacity=capacity))
    task = (await store.submit(replace(modal(), capacity=capacity))).task
    first = await store.confirm(task.id, capacity, CONFIRMED)
    again = await store.confirm(task.id, capacity, CONFIRMED)
    assert (first.queue_position, first.deduplicated) == (2, False)
    assert (again.queue_position, again.deduplicated, again.task) == (2, True, first.task)


async def test_what_waits_for_no_modal_cannot_be_confirmed(store: Store) -> None:
    task = (await store.submit(submission())).task
    with pytest.raises(NotModal):
        await store.confirm(task.id, Capacity(1, 1), CONFIRMED)
    with pytest.raises(TaskNotFound):
        await store.confirm("1700000000000000", Capacity(1, 1), CONFIRMED)
    expired = (await store.submit(modal())).task
    await store.record(expired.id, FAILED)
    with pytest.raises(NotModal):
        await store.confirm(expired.id, Capacity(1, 1), CONFIRMED)


async def _get(store: Store, task_id: str) -> Task:
    found = await store.get(task_id)
    assert found is not None
    return found[0]
