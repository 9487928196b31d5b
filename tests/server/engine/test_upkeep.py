"""Upkeep through a real store: what expires, and when."""

from msgspec.structs import replace

from mjproxy_server.engine.upkeep import MODAL_MINUTES, Retention, Upkeep
from mjproxy_server.model.facts import Cancelled
from mjproxy_server.model.task import Modal, Task
from mjproxy_server.model.vocabulary import Reason, Status
from mjproxy_server.store.ids import drawn_at
from mjproxy_server.store.interface import Capacity, Store, Submission
from tests.server.engine.test_watching import queued


class StandingClock:
    """A clock that is moved by hand."""

    def __init__(self, now: float) -> None:
        self.now = now

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def submitted(store: Store, **fields: object) -> Task:
    def build(task_id: str) -> Task:
        return replace(queued(task_id), submitted_at=drawn_at(task_id), **fields)

    capacity = Capacity(core_size=1, queue_size=10)
    submission = Submission(builds=(build,), account_id="11", capacity=capacity, caller="", request_id=None, digest=b"")
    return (await store.submit(submission)).task


async def test_a_modal_that_nobody_confirms_expires(store: Store) -> None:
    modal = await submitted(store, status=Status.MODAL, modal=Modal("a cat"))
    waiting = await submitted(store)
    clock = StandingClock(modal.submitted_at / 1000 + MODAL_MINUTES * 60 - 1)
    upkeep = Upkeep(store, Retention(), clock)
    await upkeep.step()
    assert (await store.get(modal.id))[0].status is Status.MODAL  # type: ignore[index]
    clock.now += 2
    await upkeep.step()
    expired = (await store.get(modal.id))[0]  # type: ignore[index]
    assert expired.failure is not None
    assert expired.failure.reason is Reason.MODAL_EXPIRED
    assert (await store.get(waiting.id))[0].status is Status.NOT_START  # type: ignore[index]


async def test_tasks_go_some_time_after_their_end(store: Store) -> None:
    ended, waiting = await submitted(store), await submitted(store)
    clock = StandingClock(ended.submitted_at / 1000)
    await store.record(ended.id, Cancelled(ended.submitted_at))
    upkeep = Upkeep(store, Retention(task_days=1), clock)
    clock.now += 86_300
    await upkeep.step()
    assert await store.get(ended.id)
    clock.now += 200
    await upkeep.step()
    assert await store.get(ended.id) is None
    assert await store.get(waiting.id)


async def test_old_revisions_are_compacted_and_the_task_stays(store: Store) -> None:
    task = await submitted(store)
    clock = StandingClock(task.submitted_at / 1000 + 7200)
    await Upkeep(store, Retention(revision_hours=1), clock).step()
    assert store.oldest == store.head == 1
    assert await store.get(task.id)
