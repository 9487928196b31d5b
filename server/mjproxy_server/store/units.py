"""The units of work: what a write does inside its transaction. They run in the writer's thread."""

from collections.abc import Sequence
from functools import reduce
from itertools import takewhile

from mjproxy_server.model.errors import QueueFull
from mjproxy_server.model.facts import Fact
from mjproxy_server.model.task import Task
from mjproxy_server.model.transition import transition
from mjproxy_server.store import queries, rows
from mjproxy_server.store.interface import REQUEST_ID_LIFETIME_MS, Admission, Submission
from mjproxy_server.store.transaction import Transaction


def submit(transaction: Transaction, submission: Submission) -> Admission:
    """Queues a task, unless its request id was answered before.

    Raises:
        QueueFull: The account takes no more.
        RequestIdReused: The request id was used before with another request.
    """
    if earlier := _answered_before(transaction, submission):
        return earlier
    admission = _admit(transaction, submission)
    if submission.request_id is not None:
        rows.insert_request(
            transaction.connection,
            submission.caller,
            submission.request_id,
            submission.digest,
            admission=admission,
            at_ms=transaction.at_ms,
        )
    return admission


def record(transaction: Transaction, task_id: str, facts: Sequence[Fact]) -> Task | None:
    """Applies facts to a task; returns the task as it is then, or None if there is none."""
    before = rows.find_task(transaction.connection, task_id)
    if before is None:
        return None
    after = reduce(transition, facts, before)
    if after is not before:
        transaction.change(after)
    return after


def expire(transaction: Transaction, before_ms: int, limit: int) -> int:
    """Removes tasks that ended before then, those that ended first at first; returns how many."""
    ended = rows.select_tasks(
        transaction.connection,
        "WHERE finished_at > 0 AND finished_at < ? ORDER BY finished_at LIMIT ?",
        (before_ms, limit),
    )
    for task in ended:
        transaction.remove(task)
    return len(ended)


def compact(transaction: Transaction, keep_count: int, keep_after_ms: int, limit: int) -> int:
    """Drops revisions beyond the newest so many or older than then, the first at first; returns how many."""
    beyond = transaction.head - keep_count
    first = rows.select_revision_times(transaction.connection, limit)
    dropped = tuple(takewhile(lambda held: held[0] <= beyond or held[1] < keep_after_ms, first))
    if dropped:
        rows.delete_revisions(transaction.connection, up_to=dropped[-1][0])
    return len(dropped)


def forget_requests(transaction: Transaction) -> None:
    """Forgets the request ids whose time is over."""
    rows.delete_requests(transaction.connection, until_ms=transaction.at_ms - REQUEST_ID_LIFETIME_MS)


def _answered_before(transaction: Transaction, submission: Submission) -> Admission | None:
    if submission.request_id is None:
        return None
    return queries.find_request(
        transaction.connection, submission.caller, submission.request_id, submission.digest, transaction.at_ms
    )


def _admit(transaction: Transaction, submission: Submission) -> Admission:
    unfinished = rows.count_in_queue(transaction.connection, submission.account_id)
    task_id = transaction.draw_id()
    if not submission.capacity.admits(unfinished):
        raise QueueFull(task_id, submission.account_id)
    task = submission.build(task_id)
    return Admission(
        task=task,
        queue_position=submission.capacity.position(unfinished),
        revision=transaction.add(task),
    )
