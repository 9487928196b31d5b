"""What a hook is told, and when: single steps, and properties that hold whatever the order of what happens."""

from __future__ import annotations

from dataclasses import dataclass, field

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from mjproxy_server.model.command import Imagine
from mjproxy_server.model.outbox import (
    LEASE_MS,
    LONGEST_RETRY_AFTER_MS,
    SCHEDULE_MS,
    SPREAD,
    Change,
    Entry,
    Lease,
    Report,
    bound,
    change_of,
    drop,
    lease,
    note,
    report,
    retry,
    task_of,
)
from mjproxy_server.model.task import Picture, Task
from mjproxy_server.model.vocabulary import Action, DeliveryOutcome, Status

TASK_ID = "1700000000000000"
TASK = Task(
    id=TASK_ID,
    account_id="11",
    action=Action.IMAGINE,
    command=Imagine("a cat"),
    description="/imagine a cat",
    submitted_at=1000,
    status=Status.IN_PROGRESS,
)
NEW = Entry(hook="http://host/hook", trusted=False, due_at=0)


def reported(entry: Entry, outcome: DeliveryOutcome, at: int, **fields: object) -> Entry | None:
    assert entry.lease
    return report(entry, Report(lease_id=entry.lease.id, outcome=outcome, **fields), at)  # type: ignore[arg-type]


def failed(entry: Entry, at: int, **fields: object) -> Entry:
    left = reported(entry, DeliveryOutcome.RETRY, at, **fields)
    assert left
    return left


def leased(entry: Entry, at: int = 0) -> Entry:
    return lease(entry, TASK_ID, at, oldest=0)[0]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"status": Status.SUCCESS}, Change.STATUS),
        ({"status": Status.CANCELLED}, Change.STATUS),
        ({"status": Status.NOT_START}, None),
        ({"status": Status.MODAL}, None),
        ({"progress": 5}, Change.PROGRESS),
        ({"picture": Picture("http://cdn/picture")}, Change.PROGRESS),
        ({"cancel_requested_at": 5}, None),
        ({"image_seed": "5"}, None),
    ],
)
def test_a_hook_is_told_of_status_and_progress_from_submitted_on(changed: dict[str, object], expected: Change) -> None:
    assert change_of(TASK, replace(TASK, **changed)) is expected


def test_changes_of_status_are_told_in_order_and_of_progress_the_newest() -> None:
    entry = note(note(NEW, 3, Change.STATUS, 0), 4, Change.STATUS, 0)
    for revision in (5, 6):
        entry = note(entry, revision, Change.PROGRESS, 0)
    told = []
    left: Entry | None = entry
    while left:
        at = leased(left)
        assert at.lease
        told.append(at.lease.revision)
        left = reported(at, DeliveryOutcome.DELIVERED, 1)
    assert told == [3, 4, 6]


def test_a_newer_status_goes_at_once_when_an_older_one_has_failed() -> None:
    entry = note(leased(note(NEW, 3, Change.STATUS, 0)), 4, Change.STATUS, 5)
    assert entry.due_at == LEASE_MS
    left = failed(entry, 7)
    assert (left.due_at, left.statuses, left.failures) == (7, (4,), 0)


def test_a_status_that_changes_while_a_retry_is_awaited_goes_at_once_and_begins_the_schedule_anew() -> None:
    awaiting = failed(leased(note(NEW, 3, Change.STATUS, 0)), 10)
    entry = note(awaiting, 4, Change.STATUS, 20)
    assert (entry.due_at, entry.failures) == (20, 0)


def test_progress_waits_for_the_next_try_and_is_what_is_tried() -> None:
    awaiting = failed(leased(note(NEW, 3, Change.STATUS, 0)), 10)
    entry = note(awaiting, 4, Change.PROGRESS, 20)
    assert (entry.due_at, entry.failures) == (10 + SCHEDULE_MS[0], 1)
    assert leased(entry).lease == Lease(f"{TASK_ID}-4-2", 4, LEASE_MS)


def test_the_newest_state_is_tried_by_the_schedule_and_then_fails_for_good() -> None:
    entry, at, pauses = note(NEW, 3, Change.STATUS, 0), 0, []
    while entry.due_at is not None:
        at = entry.due_at
        entry = failed(leased(entry, at), at, http_status=500, error="Internal")
        if entry.due_at is not None:
            pauses.append(entry.due_at - at)
    assert pauses == list(SCHEDULE_MS)
    assert (entry.failures, entry.last_http_status, entry.last_error) == (len(SCHEDULE_MS) + 1, 500, "Internal")


def test_a_pause_is_spread() -> None:
    entry = failed(leased(note(NEW, 3, Change.STATUS, 0)), 0, chance=0.5)
    assert entry.due_at == SCHEDULE_MS[0] * (1 + SPREAD / 2)


@pytest.mark.parametrize(
    ("wish", "pause"),
    [(1, SCHEDULE_MS[0]), (60_000, 60_000), (LONGEST_RETRY_AFTER_MS * 9, LONGEST_RETRY_AFTER_MS)],
)
def test_a_hook_may_wish_for_a_longer_pause_of_at_most_a_day(wish: int, pause: int) -> None:
    assert failed(leased(note(NEW, 3, Change.STATUS, 0)), 0, retry_after_ms=wish).due_at == pause


def test_a_hook_that_wants_no_more_is_not_told_of_later_changes() -> None:
    gone = reported(note(leased(note(NEW, 3, Change.STATUS, 0)), 4, Change.STATUS, 1), DeliveryOutcome.DROP, 2)
    assert gone
    later = note(gone, 5, Change.STATUS, 3)
    assert (gone.due_at, later.due_at, later.statuses, later.newest) == (None, None, (), 5)


def test_what_failed_for_good_is_tried_again_as_if_for_the_first_time() -> None:
    gone = reported(leased(note(NEW, 3, Change.STATUS, 0)), DeliveryOutcome.DROP, 2)
    assert gone
    entry = retry(gone, 9)
    assert (entry.due_at, entry.failures, entry.newest) == (9, 0, 3)


def test_a_retry_does_not_overtake_the_attempt_that_is_made() -> None:
    entry = leased(note(NEW, 3, Change.STATUS, 0))
    assert retry(entry, 9).due_at == LEASE_MS


def test_a_wait_is_bound_to_its_lease_or_its_pause_when_the_clock_was_set_back() -> None:
    hour = 60 * 60 * 1000
    being_tried = leased(note(NEW, 3, Change.STATUS, 0), hour)
    failed_once = failed(being_tried, hour)
    wishing = failed(being_tried, hour, retry_after_ms=SCHEDULE_MS[1])
    assert [bound(each, 0).due_at for each in (being_tried, failed_once, wishing)] == [LEASE_MS, *SCHEDULE_MS[:2]]
    assert not bound(being_tried, 0).leased(LEASE_MS)
    assert bound(wishing, hour) == wishing
    gone = reported(being_tried, DeliveryOutcome.DROP, hour)
    assert gone
    assert bound(gone, 0) == gone


def test_what_is_given_up_while_it_is_tried_leaves_nothing_when_the_try_has_ended() -> None:
    entry = drop(leased(note(NEW, 3, Change.STATUS, 0)), 5)
    assert entry
    assert (entry.newest, entry.due_at) == (0, LEASE_MS)
    assert reported(entry, DeliveryOutcome.RETRY, 6) is None
    assert drop(entry, LEASE_MS) is None
    assert drop(NEW, 0) is None


def test_changes_of_status_that_the_log_no_longer_holds_are_left_out() -> None:
    entry = note(note(NEW, 3, Change.STATUS, 0), 4, Change.STATUS, 0)
    assert lease(entry, TASK_ID, 0, oldest=3)[1].revision == 4
    assert lease(entry, TASK_ID, 0, oldest=9)[1].revision == 4


def test_a_lease_says_whose_it_is() -> None:
    given = leased(note(NEW, 3, Change.STATUS, 0)).lease
    assert given
    assert task_of(given.id) == TASK_ID


@dataclass
class Hook:
    """What a hook and an observer have seen: every attempt, and what each change was."""

    changes: dict[int, Change] = field(default_factory=dict)
    attempts: list[int] = field(default_factory=list)
    delivered: int = 0


class Deliverers(RuleBasedStateMachine):
    """Changes, several deliverers that may die at any moment, and a clock, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.revision = 0
        self.entry: Entry | None = None
        self.hook = Hook()
        self.held: list[Lease] = []
        self.settled: set[int] = set()

    @rule(change=st.sampled_from(Change), unrelated=st.integers(0, 2))
    def change(self, change: Change, unrelated: int) -> None:
        self.revision += 1 + unrelated
        self.hook.changes[self.revision] = change
        self.entry = note(self.entry or replace(NEW, due_at=self.now), self.revision, change, self.now)

    @rule(ms=st.sampled_from([1, LEASE_MS, 300_000, 90_000_000]))
    def let_time_pass(self, ms: int) -> None:
        self.now += ms

    @precondition(lambda self: self.is_due())
    @rule()
    def lease(self) -> None:
        assert self.entry
        assert not self.entry.leased(self.now)
        before = self.entry
        self.entry, given = lease(before, TASK_ID, self.now, oldest=0)
        self._check_choice(before, given)
        self.held.append(given)
        self.hook.attempts.append(given.revision)

    def is_due(self) -> bool:
        return self.entry is not None and self.entry.due_at is not None and self.entry.due_at <= self.now

    def _check_choice(self, before: Entry, given: Lease) -> None:
        told = self.hook.changes
        waiting = [each for each in told if told[each] is Change.STATUS and each not in self.settled]
        assert given.revision == (waiting[0] if waiting else max(told))
        assert given.revision > self.hook.delivered
        assert given.id not in {each.id for each in self.held}
        assert before.failures == 0 or not waiting

    @precondition(lambda self: self.held)
    @rule(data=st.data(), outcome=st.sampled_from(DeliveryOutcome), arrived=st.booleans())
    def report(self, data: st.DataObject, outcome: DeliveryOutcome, arrived: bool) -> None:
        """Reports an attempt, perhaps one whose lease has ended, or one that was reported before."""
        given = data.draw(st.sampled_from(self.held))
        if not arrived or not self.entry or not self.entry.leased(self.now, given.id):
            return
        self.entry = report(self.entry, Report(lease_id=given.id, outcome=outcome), self.now)
        self.settled.add(given.revision)
        if outcome is DeliveryOutcome.DELIVERED:
            self.hook.delivered = given.revision
        if outcome is DeliveryOutcome.DROP or (self.entry and self.entry.due_at is None):
            self._fails_for_good()

    def _fails_for_good(self) -> None:
        self.settled.update(self.hook.changes)
        assert self.entry
        self.entry = retry(self.entry, self.now)

    @invariant()
    def nothing_is_left_exactly_when_the_newest_was_delivered(self) -> None:
        assert (self.entry is None) == (self.hook.delivered == self.revision or not self.revision)

    @invariant()
    def what_is_left_will_be_due(self) -> None:
        assert self.entry is None or self.entry.due_at is not None

    def teardown(self) -> None:
        """Ends well: with a hook that takes all, the newest state arrives."""
        for _ in range(len(self.hook.changes) + 1):
            if self.entry:
                assert self.entry.due_at is not None
                self.now = max(self.now, self.entry.due_at)
                self.lease()
                assert self.entry.lease
                self.entry = reported(self.entry, DeliveryOutcome.DELIVERED, self.now)
                self.settled.add(self.hook.attempts[-1])
                self.hook.delivered = self.hook.attempts[-1]
        assert self.hook.delivered == self.revision


TestDeliverers = Deliverers.TestCase
TestDeliverers.settings = settings(max_examples=200, stateful_step_count=30)
