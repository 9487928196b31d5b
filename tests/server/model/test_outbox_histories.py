"""Whole histories of callbacks in virtual time: what a hook is told, when, and by whom, whatever fails meanwhile.

A history is made of one seed, by which it can be lived again. It goes through what the server keeps (`model.outbox`
and its table) and what the shim makes of an answer (`callbacks.results`), with neither sockets nor threads between
them. What the documentation promises is written down here a second time: the schedule, and the order of what is told.
"""

from __future__ import annotations

import os
import random
import sqlite3
from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from importlib.resources import files

import pytest
from msgspec.structs import replace

from mjproxy.v1.delivery_service_pb2 import DeliveryResult
from mjproxy_rest.callbacks import results
from mjproxy_server.api import deliveries
from mjproxy_server.model import outbox
from mjproxy_server.model.outbox import LEASE_MS, Change, Entry, Lease
from mjproxy_server.model.vocabulary import DeliveryOutcome
from mjproxy_server.store import outbox_rows
from mjproxy_server.store.deliveries import MOST_PER_HOST, DeliveryQuery, Record

FULL = bool(os.environ.get("MJPROXY_SOAK"))
SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
DAY = 24 * HOUR
PAUSES = (5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, DAY)
EPOCH = 1_790_000_000
GOOD, BAD, GONE = (200, 201, 204), (302, 400, 404, 429, 500, 503), 410
WISHES = (0, 0, 0, 1, 7, 400, 9 * 3600, 86_400, 86_401, 10**6)
TASK_ID = "1700000000000000"


def seeds(count: int) -> Iterator[int]:
    """Yields the same seeds each time; under `make soak`, new ones, and more."""
    first = random.SystemRandom().randrange(2**32) if FULL else 0
    return iter(range(first, first + count * (100 if FULL else 1)))


@contextmanager
def told_by_its_seed(seed: int) -> Iterator[None]:
    """Has a failure say which history it was."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"this was the history of seed {seed}; with the same seed it is lived again")
        raise


class Hook:
    """Answers in its own way, and may wish for a pause.

    Attributes:
        outcome: What the last answer meant.
        wish: For how many seconds it wished then.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._good, self._gone = rng.choice((0.0, 0.1, 0.5, 0.9)), rng.choice((0.0, 0.05))
        self.outcome = DeliveryOutcome.RETRY
        self.wish = 0

    def result(self, lease_id: str, at: int) -> DeliveryResult:
        """Returns what the shim makes of the answer, or of there being none."""
        draw, unix = self._rng.random(), EPOCH + at / 1000
        self.outcome = DeliveryOutcome.RETRY
        self.wish = self._rng.choice(WISHES)
        if draw < self._good:
            self.outcome = DeliveryOutcome.DELIVERED
            return results.answered(lease_id, self._rng.choice(GOOD), self._headers(unix), unix)
        if draw > 1 - self._gone:
            self.outcome = DeliveryOutcome.DROP
            return results.answered(lease_id, GONE, self._headers(unix), unix)
        if draw > 0.9:
            self.wish = 0
            return results.failed(lease_id, "no answer within 15 s")
        return self._wishing(results.answered(lease_id, self._rng.choice(BAD), self._headers(unix), unix))

    def _wishing(self, result: DeliveryResult) -> DeliveryResult:
        """Returns the result as this shim makes it, or as another might that passes on every wish as it is."""
        assert result.retry_after.seconds * SECOND <= DAY
        if self._rng.random() < 0.2:
            result.retry_after.seconds = self.wish
        return result

    def _headers(self, unix: float) -> dict[str, str]:
        dated = 0 < self.wish <= DAY and self._rng.random() < 0.3
        text = formatdate(int(unix) + self.wish, usegmt=True) if dated else str(self.wish)
        return {"retry-after": text} if self.wish else {}


class History:
    """The callbacks of one task.

    What begins with `expected` is what the documentation promises of the entry: the changes of status that are to be
    attempted, the newest state, how often that has failed, and the span in which the next attempt becomes due.
    """

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.hook = Hook(self.rng)
        self.now = 0
        self.revision = 0
        self.entry: Entry | None = None
        self.given: list[Lease] = []
        self.holder: Lease | None = None
        self.delivered = 0
        self.expected_statuses: list[int] = []
        self.expected_newest = 0
        self.expected_failures = 0
        self.expected_due: tuple[int, int] | None = (0, 0)
        self.steps: list[Callable[[], None]] = [
            *[self.change] * self.rng.choice((1, 5)),
            *[self.wait] * 3,
            *[self.lease] * 5,
            *[self.report] * 5,
            *[self.attempt] * self.rng.choice((0, 20)),
            self.restart,
            self.operate,
        ]

    def live(self, steps: int = 40) -> None:
        """Lives through so many steps; then the hook takes everything, and hears of the newest state."""
        for step in self.rng.choices(self.steps, k=steps):
            step()
            self._judge()
        self._end()

    def change(self) -> None:
        """The task changes, and the transaction notes that."""
        change = self.rng.choice(tuple(Change))
        self.revision += self.rng.randint(1, 3)
        fresh = self.entry is None
        entry = self.entry or Entry(hook="http://host/hook", trusted=False, due_at=self.now)
        self.entry = outbox.note(entry, self.revision, change, self.now)
        self.expected_newest = self.revision
        if fresh:
            self.expected_due, self.expected_failures = (self.now, self.now), 0
        if change is Change.STATUS and self.expected_due:
            self.expected_statuses.append(self.revision)
            self.expected_failures = 0
            if not self.holder:
                self.expected_due = self.now, self.now

    def wait(self) -> None:
        """Time passes: any, or until just before or after something becomes due."""
        due_at = self.entry.due_at if self.entry else None
        near = max(0, (due_at or self.now) - self.now)
        self.now += self.rng.choice((1, SECOND, MINUTE, HOUR, 30 * HOUR, near, near, max(0, near - 1)))

    def lease(self) -> None:
        """Somebody asks for work."""
        entry = self.entry
        if entry is None or entry.due_at is None or entry.due_at > self.now:
            return
        if not entry.newest:
            self._forget()
            return
        self._judge_time()
        self.entry, self.holder = outbox.lease(entry, TASK_ID, self.now, oldest=0)
        assert self.holder.revision == (self.expected_statuses or [self.expected_newest])[0]
        assert self.holder.revision > self.delivered
        assert self.holder.id not in {lease.id for lease in self.given}
        self.given.append(self.holder)
        self.expected_due = self.holder.end_at, self.holder.end_at

    def attempt(self) -> None:
        """An attempt is made as soon as it may, and reported; now and then something changes meanwhile."""
        if self.entry and self.entry.due_at is not None:
            self.now = max(self.now, self.entry.due_at)
            self.lease()
            if self.rng.random() < 0.2:
                self.change()
            self.report()

    def _judge_time(self) -> None:
        assert self.expected_due
        assert self.now >= self.expected_due[0], "an attempt is made before its time"
        assert self.holder is None or self.now >= self.holder.end_at, "two attempts at a time"

    def report(self) -> None:
        """An attempt ends: the one that is made, or one that nobody waits for any more, or that was reported before."""
        if not self.given:
            return
        lease = self.given[-1] if self.rng.random() < 0.8 else self.rng.choice(self.given)
        result = self.hook.result(lease.id, self.now)
        entry, counts = self.entry, lease is self.holder and self.now < lease.end_at
        assert counts == bool(entry and entry.leased(self.now, lease.id))
        if entry and counts:
            report = replace(deliveries.report(result), chance=self.rng.random())
            self.entry, self.holder = outbox.report(entry, report, self.now), None
            self._expect(lease.revision, self.hook.outcome)

    def _expect(self, told: int, outcome: DeliveryOutcome) -> None:
        self.expected_statuses = [each for each in self.expected_statuses if each > told]
        if outcome is DeliveryOutcome.DELIVERED:
            self.delivered = told
        if not self.expected_newest or (outcome is DeliveryOutcome.DELIVERED and self.expected_newest == told):
            self._forget(self.entry)
        elif outcome is DeliveryOutcome.DROP:
            self.expected_statuses, self.expected_due = [], None
        elif self.expected_statuses or outcome is DeliveryOutcome.DELIVERED:
            self.expected_due, self.expected_failures = (self.now, self.now), 0
        else:
            self._expect_a_pause()

    def _expect_a_pause(self) -> None:
        self.expected_failures += 1
        if self.expected_failures > len(PAUSES):
            self.expected_due = None
            return
        pause, wish = PAUSES[self.expected_failures - 1], min(self.hook.wish * SECOND, DAY)
        # A wish that is a date has whole seconds, and so up to one less than was meant.
        self.expected_due = self.now + max(pause, wish - SECOND), self.now + max(pause * 12 // 10, wish)

    def operate(self) -> None:
        """An operator has the newest state told again, or gives it up."""
        if self.entry is None or not self.entry.newest:
            return
        if self.rng.random() < 0.7:
            self.entry = outbox.retry(self.entry, self.now)
            self.expected_failures = 0
            self.expected_due = self.expected_due if self.holder else (self.now, self.now)
        else:
            self.entry = outbox.drop(self.entry, self.now)
            assert (self.entry is None) == (self.holder is None or self.now >= self.holder.end_at)
            self.expected_statuses, self.expected_newest = [], 0
            if self.entry is None:
                self._forget()

    def restart(self) -> None:
        """The server begins anew, perhaps with a clock that was set back: nothing waits for longer than it would."""
        self.now -= self.rng.choice((0, 0, MINUTE, DAY))
        if self.entry is None:
            return
        before = self.entry
        self.entry = outbox.bound(before, self.now)
        longest = self.now + (LEASE_MS if before.lease else before.pause_ms)
        assert self.entry.due_at is None or self.entry.due_at <= max(longest, self.now)
        if self.holder:
            self.holder = self.entry.lease
            self.given[-1:] = [self.holder] if self.holder else []
        if self.expected_due:
            first, last = self.expected_due
            self.expected_due = min(first, longest), min(last, longest)

    def _judge(self) -> None:
        """What is left is due when it should be, and nothing is left only if the newest state was told or given up."""
        if self.entry is None:
            assert self.expected_newest in {0, self.delivered}
        elif self.expected_due is None or self.entry.due_at is None:
            assert self.expected_due is None
            assert self.entry.due_at is None
        else:
            assert self.expected_due[0] <= self.entry.due_at <= self.expected_due[1]

    def _forget(self, left: Entry | None = None) -> None:
        """Nothing is left to tell."""
        assert left is None
        self.entry = self.holder = None
        self.expected_statuses, self.expected_newest = [], 0

    def _end(self) -> None:
        if self.entry and self.entry.newest and self.entry.due_at is None:
            self.entry, self.expected_due = outbox.retry(self.entry, self.now), (self.now, self.now)
        newest = self.expected_newest
        while self.entry:
            assert self.entry.due_at is not None
            assert self.entry.due_at - self.now <= DAY * 12 // 10
            self.now = max(self.now, self.entry.due_at)
            self.lease()
            if self.holder:
                told = self.holder.revision
                good = deliveries.report(results.answered(self.holder.id, 200, {}, EPOCH))
                self.entry, self.holder = outbox.report(self.entry, good, self.now), None
                self._expect(told, DeliveryOutcome.DELIVERED)
        assert newest in {0, self.delivered}


def test_a_hook_is_told_what_it_was_promised_whatever_fails() -> None:
    for seed in seeds(2000):
        with told_by_its_seed(seed):
            History(seed).live()


class Hosts:
    """The callbacks of many tasks at some hosts, of which some are dead: what is posted there is never reported."""

    def __init__(self, seed: int, connection: sqlite3.Connection) -> None:
        self.rng = random.Random(seed)
        self.connection = connection
        self.now = 0
        self.revision = 0
        self.under_way: dict[str, Lease] = {}
        self.hosts = {f"host{number}": self.rng.random() < 0.3 for number in range(self.rng.randint(1, 4))}
        self.tasks = {f"{number:016}": self.rng.choice(tuple(self.hosts)) for number in range(30)}

    def live(self, steps: int = 40) -> None:
        """Lives through so many steps; then whoever is not dead has heard of all."""
        choices = self.rng.choices((self.change, self.change, self.lease, self.report, self.wait), k=steps)
        for step in choices:
            step()
        self._end()

    def change(self) -> None:
        """Some tasks change."""
        for task_id in self.rng.sample(tuple(self.tasks), self.rng.randint(1, 8)):
            self.revision += 1
            hook = f"http://{self.tasks[task_id]}/hook"
            entry = outbox_rows.find(self.connection, task_id) or Entry(hook=hook, trusted=False, due_at=self.now)
            noted = outbox.note(entry, self.revision, self.rng.choice(tuple(Change)), self.now)
            outbox_rows.put(self.connection, task_id, noted)

    def lease(self, most: int = 0) -> None:
        """Somebody asks for some work, or for all there is."""
        most = most or self.rng.choice((1, 5, 100))
        waiting = self._waiting()
        hosts = outbox_rows.due_hosts(self.connection, self.now, most)
        assert list(hosts) == sorted(hosts, key=lambda host: waiting[host][0]), "who has waited longest is not first"
        found = list(outbox_rows.select_due(self.connection, hosts, self.now, most))
        assert len(found) <= most
        for host in hosts:
            given = [record.entry.due_at for record in found if self.tasks[record.task_id] == host]
            assert given == waiting[host][: len(given)], "what has waited longest is not first"
        for record in found:
            self._give(record)
        self._judge(all_given=len(found) < most)

    def _give(self, record: Record) -> None:
        earlier = self.under_way.get(record.task_id)
        assert earlier is None or self.now >= earlier.end_at, "two attempts for a task at a time"
        entry, lease = outbox.lease(record.entry, record.task_id, self.now, oldest=0)
        outbox_rows.put(self.connection, record.task_id, entry)
        self.under_way[record.task_id] = lease

    def report(self) -> None:
        """Some attempts end, of those at hosts that are alive."""
        alive = [task_id for task_id in self.under_way if not self.hosts[self.tasks[task_id]]]
        for task_id in self.rng.sample(alive, self.rng.randint(0, len(alive))):
            self._report(task_id, self.rng.choice((200, 200, 503)))

    def _report(self, task_id: str, status: int) -> None:
        lease = self.under_way.pop(task_id)
        entry = outbox_rows.find(self.connection, task_id)
        if entry is None or not entry.leased(self.now, lease.id):
            return
        report = deliveries.report(results.answered(lease.id, status, {}, EPOCH))
        left = outbox.report(entry, report, self.now)
        if left:
            outbox_rows.put(self.connection, task_id, left)
        else:
            outbox_rows.delete(self.connection, task_id)

    def wait(self) -> None:
        """Time passes."""
        self.now += self.rng.choice((1, SECOND, 6 * SECOND, MINUTE))

    def _judge(self, *, all_given: bool) -> None:
        """No host has more than its share; and what is due and was not given is only what has no share left."""
        held = Counter(self.tasks[task_id] for task_id, lease in self.under_way.items() if self.now < lease.end_at)
        assert max(held.values(), default=0) <= MOST_PER_HOST
        if all_given:
            assert all(held[host] == MOST_PER_HOST for host, times in self._waiting().items() if times[0] <= self.now)

    def _waiting(self) -> dict[str, list[int]]:
        """Returns when what is left becomes due, by hosts, the first time first."""
        listing = outbox_rows.list_page(self.connection, DeliveryQuery(limit=len(self.tasks)))
        times: dict[str, list[int]] = defaultdict(list)
        for record in listing.records:
            insort(times[self.tasks[record.task_id]], record.entry.due_at or 0)
        return times

    def _end(self) -> None:
        for _ in range(50):
            self.now += 30 * HOUR
            self.lease(most=100)
            for task_id in [each for each in self.under_way if not self.hosts[self.tasks[each]]]:
                self._report(task_id, 200)
            if all(self.hosts[host] for host in self._waiting()):
                return
        pytest.fail("a dead host holds up others")


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    opened.executescript((files("mjproxy_server.store") / "migrations" / "0004_outbox.sql").read_text())
    yield opened
    opened.close()


def test_a_host_has_its_share_of_what_is_under_way_and_a_dead_one_holds_up_nobody(
    connection: sqlite3.Connection,
) -> None:
    for seed in seeds(100):
        connection.execute("DELETE FROM outbox")
        with told_by_its_seed(seed):
            Hosts(seed, connection).live()
