"""The outbox of one task, as functions of data: which of its states is told to its hook next, and when.

A task is told in states, each a revision of the log. There are two kinds of change. One of *status* is attempted once,
and in order. Of *progress* (all else that a hook is told of) only the newest counts. So an entry holds the revisions of
the changes of status that are yet to be attempted, and the newest revision worth telling.

    note ──▶ due ──lease──▶ leased ──report──▶ delivered: due if there is anything newer, else nothing is left
              ▲               │                failed:    due if a change of status waits, else later, by the schedule
              └─ lease ends ──┘                dropped, or the schedule is at its end: failed for good

What holds, whatever the order of changes, leases, reports and crashes:

- One attempt at a time: an entry whose lease has not ended is not leased again.
- A failed attempt is not repeated as it was: what is tried again is always the newest state.
- No state is attempted after a newer one was delivered.
- The newest state is delivered in the end, unless the entry fails for good or is given up.

An attempt whose lease ends without a report counts for nothing: whoever made it may have died before it or after it.
Progress waits for the time of the next try, since a dead hook would otherwise be called at each step of each task; a
change of status does not.
"""

from enum import Enum, auto
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import DeliveryOutcome, Status

LEASE_MS: Final = 60_000
"""How long a lease lasts."""
LONGEST_RETRY_AFTER_MS: Final = 24 * 60 * 60 * 1000
"""How far a hook's own wish may put off the next try."""
SPREAD: Final = 0.2
"""By how much of itself a pause may be longer, so that what failed together does not come back together."""
SCHEDULE_MS: Final = tuple(
    seconds * 1000 for seconds in (5, 5 * 60, 30 * 60, *(hours * 3600 for hours in (2, 5, 10, 14, 20, 24)))
)
"""The pauses before the second try and those after it, as Standard Webhooks proposes them."""

_UNTOLD: Final = frozenset({Status.NOT_START, Status.MODAL})  # The answer to the submission has said so.


class Change(Enum):
    """What a hook is told of."""

    STATUS = auto()
    PROGRESS = auto()


class Lease(Struct, frozen=True):
    """An attempt that somebody may make now.

    Attributes:
        id: Its name, which no other attempt has.
        revision: The state that is told.
        end_at: When the right to make it ends, in Unix milliseconds.
    """

    id: str
    revision: int
    end_at: int


class Report(Struct, frozen=True, kw_only=True):
    """What became of an attempt.

    Attributes:
        lease_id: The attempt.
        outcome: What became of it.
        http_status: The HTTP status; 0 if there was no answer.
        error: What went wrong, for the operator; or "".
        retry_after_ms: The hook's own wish when to try again, in milliseconds from now; 0 if it has none.
        chance: Drawn from 0 to 1: where in its spread the pause before the next try lies.
    """

    lease_id: str
    outcome: DeliveryOutcome
    http_status: int = 0
    error: str = ""
    retry_after_ms: int = 0
    chance: float = 0.0


class Entry(Struct, frozen=True, kw_only=True):
    """What is not delivered of one task. Times are Unix milliseconds.

    Attributes:
        hook: Where to post.
        trusted: True if the hook is the operator's.
        statuses: The revisions of the changes of status that were not attempted yet, in order.
        newest: The newest revision to tell; 0 if nothing is, and only the end of a lease is awaited.
        failures: How often the newest status was tried in vain.
        pause_ms: How long the last failure has put the next try off.
        due_at: When it may be leased; while it is leased, the end of that; None if it has failed for good.
        lease: The attempt that was last given out, if there was no report on it.
        leases: How many were given out.
        last_http_status: The HTTP status of the last attempt; 0 if there was no answer, or no attempt.
        last_error: What went wrong at the last attempt, or "".
    """

    hook: str
    trusted: bool
    statuses: tuple[int, ...] = ()
    newest: int = 0
    failures: int = 0
    pause_ms: int = 0
    due_at: int | None
    lease: Lease | None = None
    leases: int = 0
    last_http_status: int = 0
    last_error: str = ""

    def leased(self, at: int, lease_id: str = "") -> bool:
        """Tells whether somebody may be making an attempt at this time; with an id, whether it is this one."""
        return self.lease is not None and at < self.lease.end_at and lease_id in {"", self.lease.id}


def change_of(before: Task, after: Task) -> Change | None:
    """Returns what a hook is to be told of a task that has changed; None if nothing."""
    if not is_told(after):
        return None
    if after.status is not before.status:
        return Change.STATUS
    return Change.PROGRESS if (after.progress, after.picture) != (before.progress, before.picture) else None


def is_told(task: Task) -> bool:
    """Tells whether a hook hears of a task in this status."""
    return task.status not in _UNTOLD


def note(entry: Entry, revision: int, change: Change, at: int) -> Entry:
    """Adds a newer state to what is to be told."""
    noted = replace(entry, newest=revision)
    if change is Change.PROGRESS or entry.due_at is None:
        return noted
    due_at = entry.due_at if entry.lease else at
    return replace(noted, statuses=(*entry.statuses, revision), failures=0, due_at=due_at)


def lease(entry: Entry, task_id: str, at: int, oldest: int) -> tuple[Entry, Lease]:
    """Gives out the next attempt of an entry that is due and has something to tell.

    Args:
        entry: The entry.
        task_id: Its task.
        at: The time.
        oldest: The newest revision that the log no longer holds. Changes of status up to it cannot be told any more as
            they were, and are left out.
    """
    statuses = tuple(revision for revision in entry.statuses if revision > oldest)
    revision = statuses[0] if statuses else entry.newest
    given = Lease(f"{task_id}-{revision}-{entry.leases + 1}", revision, at + LEASE_MS)
    return replace(entry, statuses=statuses, lease=given, leases=entry.leases + 1, due_at=given.end_at), given


def task_of(lease_id: str) -> str:
    """Returns the id of the task that a lease is for, if it is the id of a lease at all."""
    return lease_id.partition("-")[0]


def report(entry: Entry, outcome: Report, at: int) -> Entry | None:
    """Returns what is left of an entry after the attempt that it was leased for; None if nothing is."""
    if not entry.newest or entry.lease is None:
        return None
    told = entry.lease.revision
    rest = replace(
        entry,
        lease=None,
        statuses=tuple(revision for revision in entry.statuses if revision > told),
        last_http_status=outcome.http_status,
        last_error=outcome.error,
    )
    match outcome.outcome:
        case DeliveryOutcome.DELIVERED:
            return replace(rest, failures=0, due_at=at) if rest.newest > told else None
        case DeliveryOutcome.RETRY:
            return _put_off(rest, outcome, at)
        case DeliveryOutcome.DROP:
            return replace(rest, statuses=(), failures=rest.failures + 1, due_at=None)


def retry(entry: Entry, at: int) -> Entry:
    """Makes the entry due now, as if nothing of it had been tried; one that is leased, when that has ended."""
    return replace(entry, failures=0, due_at=entry.due_at if entry.lease else at)


def bound(entry: Entry, at: int) -> Entry:
    """Has an entry wait from now on no longer than for its lease or its pause: the clock may have been set back."""
    latest = at + (LEASE_MS if entry.lease else entry.pause_ms)
    if entry.due_at is None or entry.due_at <= latest:
        return entry
    shorter = replace(entry.lease, end_at=latest) if entry.lease else None
    return replace(entry, due_at=latest, lease=shorter)


def drop(entry: Entry, at: int) -> Entry | None:
    """Gives up what is not delivered; an attempt that is being made is still waited for, so that none overtakes it."""
    return replace(entry, statuses=(), newest=0) if entry.leased(at) else None


def _put_off(entry: Entry, outcome: Report, at: int) -> Entry:
    if entry.statuses:
        return replace(entry, due_at=at)
    failures = entry.failures + 1
    if failures > len(SCHEDULE_MS):
        return replace(entry, failures=failures, due_at=None)
    pause = int(SCHEDULE_MS[failures - 1] * (1 + SPREAD * outcome.chance))
    pause = max(pause, min(outcome.retry_after_ms, LONGEST_RETRY_AFTER_MS))
    return replace(entry, failures=failures, pause_ms=pause, due_at=at + pause)
