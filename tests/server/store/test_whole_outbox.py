"""Whatever happens to tasks, deliverers and the process, in whatever order: hooks are told as they were promised."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import TypeVar

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mjproxy_server.model.facts import Fact, Progressed, Sending, Started, Taken
from mjproxy_server.model.outbox import LEASE_MS, Change, Report, change_of, is_told
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import DeliveryOutcome
from mjproxy_server.store import SqliteStore, open_store
from mjproxy_server.store.deliveries import MOST_PER_HOST, Delivery, DeliveryQuery
from tests.server.store.store_samples import HOUR, LONG, Clock, failed, submission

T = TypeVar("T")

HOOKS = ("https://one.example/a", "https://one.example/b", "http://two.example", "")
OWN = "http://own.example"


class Told:
    """What is known of one task from outside: what its hook is to be told, and what it was."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.states: dict[int, Task] = {}
        self.statuses: list[int] = []
        self.delivered = 0
        self.failed = False

    @property
    def newest(self) -> int:
        return max(self.states, default=0)

    @property
    def is_settled(self) -> bool:
        return self.delivered == self.newest


class WholeOutbox(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.told: dict[str, Told] = {}
        self.held: list[Delivery] = []
        self._open()

    def teardown(self) -> None:
        self._deliver_all()
        self.run(self.store.close())
        self.runner.close()
        self.folder.cleanup()

    def run(self, coroutine: Coroutine[object, object, T]) -> T:
        return self.runner.run(coroutine)

    def _open(self) -> None:
        self.store: SqliteStore = self.run(open_store(Path(self.folder.name), now=self.clock, hook=OWN))

    @rule()
    def reopen(self) -> None:
        self.run(self.store.close())
        self._open()

    @rule(ms=st.sampled_from([1, LEASE_MS, HOUR, 30 * HOUR]))
    def let_time_pass(self, ms: int) -> None:
        self.clock.now += ms

    @rule(hook=st.sampled_from(HOOKS))
    def submit(self, hook: str) -> None:
        task = self.run(self.store.submit(submission(notify_hook=hook))).task
        self.told[task.id] = Told(task)

    @precondition(lambda self: self.told)
    @rule(data=st.data(), kind=st.integers(0, 4))
    def change(self, data: st.DataObject, kind: int) -> None:
        known = data.draw(st.sampled_from(list(self.told.values())))
        facts: tuple[Fact, ...] = (
            Sending(self.clock.now, "nonce"),
            Taken(self.clock.now, "nonce", "interaction"),
            Started(self.clock.now, "message"),
            Progressed(self.clock.now, "message", data.draw(st.integers(1, 99))),
            failed(self.clock.now),
        )
        before, head = known.task, self.store.head
        after = self.run(self.store.record(known.task.id, facts[kind]))
        assert after
        known.task = after
        change = change_of(before, after) if self.store.head > head else None
        if change:
            known.states[self.store.head] = after
        if change is Change.STATUS and not known.failed:
            known.statuses.append(self.store.head)

    @rule(most=st.integers(1, 3))
    def lease(self, most: int) -> None:
        deliveries = self.run(self.store.deliveries.lease(most)).deliveries
        assert len(deliveries) <= most
        for delivery in deliveries:
            self._check(delivery)
        self.held.extend(deliveries)

    def _check(self, delivery: Delivery) -> None:
        known = self.told[delivery.task.id]
        assert not known.failed
        assert delivery.lease.revision == (known.statuses[0] if known.statuses else known.newest)
        assert delivery.lease.revision > known.delivered
        assert delivery.task == known.states[delivery.lease.revision]
        assert delivery.entry.hook == (known.task.notify_hook or OWN)
        assert delivery.task.id not in {each.task.id for each in self._alive()}

    def _alive(self) -> list[Delivery]:
        return [each for each in self.held if each.lease.end_at > self.clock.now]

    @precondition(lambda self: self.held)
    @rule(data=st.data(), outcome=st.sampled_from(DeliveryOutcome))
    def report(self, data: st.DataObject, outcome: DeliveryOutcome) -> None:
        """Reports an attempt, perhaps too late."""
        delivery = data.draw(st.sampled_from(self.held))
        report = Report(lease_id=delivery.lease.id, outcome=outcome)
        lost = [record.task_id for record in self.run(self.store.deliveries.report([report]))]
        known = self.told[delivery.task.id]
        if delivery not in self._alive():
            assert not lost
            self.held.remove(delivery)
            return
        self.held.remove(delivery)
        known.statuses = [each for each in known.statuses if each > delivery.lease.revision]
        if outcome is DeliveryOutcome.DELIVERED:
            known.delivered = delivery.lease.revision
        if outcome is DeliveryOutcome.DROP:
            assert lost == [known.task.id]
        if lost:
            known.failed, known.statuses = True, []

    @precondition(lambda self: any(not known.is_settled for known in self.told.values()))
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        known = data.draw(st.sampled_from([each for each in self.told.values() if not each.is_settled]))
        self.run(self.store.deliveries.retry(known.task.id))
        known.failed = False

    @invariant()
    def what_is_not_delivered_is_listed(self) -> None:
        records = self.run(self.store.deliveries.list(DeliveryQuery())).records
        undelivered = {known.task.id: known for known in self.told.values() if not known.is_settled}
        assert {record.task_id: record.entry.newest for record in records} == {
            task_id: known.newest for task_id, known in undelivered.items()
        }
        assert {record.task_id for record in records if record.entry.due_at is None} == {
            task_id for task_id, known in undelivered.items() if known.failed
        }

    @invariant()
    def no_host_has_more_than_its_share(self) -> None:
        hosts = Counter(each.entry.hook.split("/")[2] for each in self._alive())
        assert max(hosts.values(), default=0) <= MOST_PER_HOST

    def _deliver_all(self) -> None:
        """Ends well: with hooks that take everything, all that has not failed arrives, and nothing else."""
        self.clock.now += 100 * HOUR
        self.held.clear()
        while deliveries := self.run(self.store.deliveries.lease(100)).deliveries:
            for delivery in deliveries:
                self._check(delivery)
                self.held.append(delivery)
                known = self.told[delivery.task.id]
                report = Report(lease_id=delivery.lease.id, outcome=DeliveryOutcome.DELIVERED)
                assert not self.run(self.store.deliveries.report([report]))
                self.held.clear()
                known.delivered = delivery.lease.revision
                known.statuses = [each for each in known.statuses if each > known.delivered]
        assert all(known.is_settled or known.failed for known in self.told.values())
        assert all(is_told(state) for known in self.told.values() for state in known.states.values())


TestWholeOutbox = pytest.mark.soak(pytest.mark.timeout(120 * LONG)(WholeOutbox.TestCase))
TestWholeOutbox.settings = settings(max_examples=25 * LONG, stateful_step_count=40, print_blob=True)
