"""The delivery desk: what ends a wait for callbacks."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mjproxy_server.engine.clock import SteadyTime, SystemClock, now_ms
from mjproxy_server.engine.deliveries import DeliveryDesk
from mjproxy_server.model.command import Imagine
from mjproxy_server.model.errors import Unavailable
from mjproxy_server.model.facts import Started
from mjproxy_server.model.outbox import LEASE_MS, Report
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Action, DeliveryOutcome
from mjproxy_server.store import Capacity, SqliteStore, Submission, open_store
from mjproxy_server.store.deliveries import DeliveryQuery

HOOK = "https://host.example/hook"


class SetClock(SystemClock):
    """The machine's clock, which can be set and stopped, and whose time can be let pass."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.ahead = time.time() - time.monotonic()
        self._stopped_at: float | None = None

    def monotonic(self) -> float:
        return (time.monotonic() if self._stopped_at is None else self._stopped_at) + self.passed

    def time(self) -> float:
        return self.monotonic() + self.ahead

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Lets no time pass during the block."""
        self._stopped_at = time.monotonic()
        yield
        self.passed -= time.monotonic() - self._stopped_at
        self._stopped_at = None

    def pass_until(self, at_ms: float) -> None:
        self.passed += at_ms / 1000 - self.time()


@pytest.fixture
def set_clock() -> SetClock:
    return SetClock()


@pytest.fixture
def steady(set_clock: SetClock) -> SteadyTime:
    return SteadyTime(set_clock)


@pytest.fixture
async def set_store(tmp_path: Path, set_clock: SetClock, steady: SteadyTime) -> AsyncIterator[SqliteStore]:
    opened = await open_store(tmp_path / "data", now=lambda: now_ms(set_clock), steady=steady.now_ms)
    yield opened
    await opened.close()


@pytest.fixture
def desk(set_store: SqliteStore, set_clock: SetClock, steady: SteadyTime) -> DeliveryDesk:
    return DeliveryDesk(set_store, "", set_clock, steady, random.Random(1))


async def start_task(store: SqliteStore, hook: str = HOOK) -> str:
    def build(task_id: str) -> Task:
        return Task(
            id=task_id,
            account_id="1",
            action=Action.IMAGINE,
            command=Imagine("a cat"),
            description="/imagine a cat",
            submitted_at=1,
            notify_hook=hook,
        )

    submission = Submission(
        builds=(build,), account_id="1", capacity=Capacity(9, 9), caller="", request_id=None, digest=b""
    )
    task = (await store.submit(submission)).task
    await store.record(task.id, Started(2, "message"))
    return task.id


async def lease_one(desk: DeliveryDesk) -> str:
    """Waits for a callback for longer than any test may take; returns the id of its lease."""
    async with asyncio.timeout(10):
        (handed,) = await desk.lease(10, wait_seconds=60)
    return handed.delivery.lease.id


async def test_a_wait_ends_when_a_lease_does(desk: DeliveryDesk, set_store: SqliteStore, set_clock: SetClock) -> None:
    await start_task(set_store)
    (handed,) = await desk.lease(10, wait_seconds=0)
    with set_clock.stopped():
        set_clock.pass_until(handed.delivery.lease.end_at - 50)
        assert await desk.lease(10, wait_seconds=0) == ()
    assert await lease_one(desk) != handed.delivery.lease.id


async def test_a_lease_is_counted_from_when_it_was_asked_for(
    desk: DeliveryDesk, set_store: SqliteStore, set_clock: SetClock
) -> None:
    """So that whoever waited for it may count from when he began to wait."""
    waiting = asyncio.create_task(desk.lease(10, wait_seconds=60))
    assert await desk.lease(10, wait_seconds=0) == ()
    set_clock.passed += 30
    await start_task(set_store)
    (handed,) = await waiting
    assert handed.lasting_ms == pytest.approx(30_000 + LEASE_MS, abs=10_000)


async def test_a_wait_ends_when_the_next_try_is_due(
    desk: DeliveryDesk, set_store: SqliteStore, set_clock: SetClock
) -> None:
    await start_task(set_store)
    lease_id = await lease_one(desk)
    await desk.report([Report(lease_id=lease_id, outcome=DeliveryOutcome.RETRY)])
    with set_clock.stopped():
        set_clock.pass_until(await due_at(desk) - 50)
        assert await desk.lease(10, wait_seconds=0) == ()
    assert await lease_one(desk) != lease_id


async def due_at(desk: DeliveryDesk) -> int:
    """Returns when the only callback becomes due, as operators see it."""
    (record,) = (await desk.list(DeliveryQuery())).records
    assert record.entry.due_at
    return record.entry.due_at


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_clock_that_is_set_changes_nothing_about_when_a_callback_is_due(
    desk: DeliveryDesk, set_store: SqliteStore, set_clock: SetClock, hours: int
) -> None:
    await start_task(set_store)
    (handed,) = await desk.lease(10, wait_seconds=0)
    lease = handed.delivery.lease
    set_clock.ahead += hours * 3600.0
    assert await desk.lease(10, wait_seconds=0) == (), "the attempt is being made"
    assert await due_at(desk) == pytest.approx(lease.end_at + hours * 3600_000, abs=1)
    await desk.report([Report(lease_id=lease.id, outcome=DeliveryOutcome.RETRY)])
    assert await desk.lease(10, wait_seconds=0) == ()
    set_clock.pass_until(await due_at(desk))
    (again,) = await desk.lease(10, wait_seconds=0)
    assert again.lasting_ms == pytest.approx(LEASE_MS, abs=10_000)


async def test_tries_that_fail_together_are_spread(desk: DeliveryDesk, set_store: SqliteStore) -> None:
    for _ in range(5):
        await start_task(set_store)
    found = await desk.lease(10, wait_seconds=0)
    await desk.report([Report(lease_id=each.delivery.lease.id, outcome=DeliveryOutcome.RETRY) for each in found])
    due = {record.entry.due_at for record in (await desk.list(DeliveryQuery())).records}
    assert len(due) == 5


async def test_a_task_without_a_hook_wakes_nobody(desk: DeliveryDesk, set_store: SqliteStore) -> None:
    waiting = asyncio.create_task(desk.lease(10, wait_seconds=60))
    await start_task(set_store, hook="")
    await start_task(set_store)
    assert len(await waiting) == 1


async def test_who_waits_is_told_that_the_server_stops(desk: DeliveryDesk) -> None:
    waiting = asyncio.create_task(desk.lease(10, wait_seconds=60))
    assert await desk.lease(10, wait_seconds=0) == ()
    desk.close()
    with pytest.raises(Unavailable):
        await waiting
