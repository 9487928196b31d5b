"""The units of work: what a write does inside its transaction. They run in the writer's thread."""

from collections.abc import Sequence
from functools import reduce
from itertools import accumulate, pairwise, takewhile

from msgspec import structs

from mjproxy_server.model.errors import NotModal, QueueFull, TaskNotFound
from mjproxy_server.model.facts import Confirmed, Fact, Reported
from mjproxy_server.model.task import Task
from mjproxy_server.model.transition import transition
from mjproxy_server.model.vocabulary import Status
from mjproxy_server.store import queries, rows
from mjproxy_server.store.interface import REQUEST_ID_LIFETIME_MS, Admission, Capacity, Submission
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


def confirm(transaction: Transaction, task_id: str, capacity: Capacity, fact: Confirmed) -> Admission:
    """Queues a task whose modal was confirmed.

    Raises:
        TaskNotFound: There is no such task.
        NotModal: It waits for no confirmation.
        QueueFull: The account takes no more.
    """
    task = rows.find_task(transaction.connection, task_id)
    if task is None:
        raise TaskNotFound(task_id)
    if task.confirmation:
        return Admission(
            tasks=(task,),
            queue_position=task.confirmation.queue_position,
            revision=transaction.head,
            deduplicated=True,
        )
    if task.status is not Status.MODAL:
        raise NotModal(task_id, task.status)
    return _confirm(transaction, task, capacity, fact)


def _confirm(transaction: Transaction, task: Task, capacity: Capacity, fact: Confirmed) -> Admission:
    queued = structs.replace(task, status=Status.NOT_START)
    position = _place(transaction, task.account_id, capacity, [queued])
    placed = structs.replace(fact.confirmation, queue_position=position)
    confirmed = transition(task, structs.replace(fact, confirmation=placed))
    return Admission(tasks=(confirmed,), queue_position=position, revision=transaction.change(task, confirmed))


def record(transaction: Transaction, task_id: str, facts: Sequence[Fact]) -> Task | None:
    """Applies facts to a task; returns the task as it is then, or None if there is none."""
    before = rows.find_task(transaction.connection, task_id)
    if before is None:
        return None
    versions = _versions(before, facts)
    if not versions:
        return before
    transaction.change(before, *versions)
    return versions[-1]


def _versions(task: Task, facts: Sequence[Fact]) -> Sequence[Task]:
    """Returns what the facts make of a task: one version by all of them, but one by each of several reports."""
    steps = facts[0].reports if len(facts) == 1 and isinstance(facts[0], Reported) else None
    versions = [task, reduce(transition, facts, task)] if steps is None else accumulate(steps, transition, initial=task)
    return [after for before, after in pairwise(versions) if after is not before]


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


def probe(transaction: Transaction) -> None:
    """Writes when it was called, which is of no other use than to see whether writes succeed."""
    rows.note_probe(transaction.connection, transaction.at_ms)


def _admit(transaction: Transaction, submission: Submission) -> Admission:
    tasks = tuple(build(transaction.draw_id()) for build in submission.builds)
    if existing := _existing(transaction, tasks):
        return existing
    position = _place(transaction, submission.account_id, submission.capacity, tasks)
    for task in tasks:
        transaction.add(task)
    return Admission(tasks=tasks, queue_position=position, revision=transaction.head)


def _existing(transaction: Transaction, tasks: Sequence[Task]) -> Admission | None:
    """Returns the answer where another task stands and one of these may only stand once."""
    found = (queries.find_existing(transaction.connection, task.once) for task in tasks if task.once)
    return next((admission for admission in found if admission), None)


def _place(transaction: Transaction, account_id: str, capacity: Capacity, tasks: Sequence[Task]) -> int:
    """Returns the place of the first of the tasks in the account's queue."""
    queued = sum(task.status is not Status.MODAL for task in tasks)
    unfinished = transaction.queues.of(transaction.connection, account_id)
    if queued and not capacity.admits(unfinished, queued):
        raise QueueFull(tasks[0].id, account_id)
    return capacity.position(unfinished) if queued else 0
