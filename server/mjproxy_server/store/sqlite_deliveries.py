"""The outbox of callbacks in SQLite; what the methods promise is said at `deliveries.DeliveryStore`."""

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial

from msgspec.structs import replace

from mjproxy_server.model import outbox
from mjproxy_server.model.errors import NothingToDeliver
from mjproxy_server.model.outbox import Entry, Report
from mjproxy_server.model.task import Task
from mjproxy_server.store import outbox_rows, rows
from mjproxy_server.store.deliveries import Deliveries, Delivery, DeliveryListing, DeliveryQuery, Record
from mjproxy_server.store.readers import Readers
from mjproxy_server.store.transaction import Transaction
from mjproxy_server.store.writer import Writer


class SqliteDeliveries:
    """The outbox of callbacks in SQLite.

    Args:
        readers: Reads it.
        writer: Writes it.
        now: The clock of the outbox, in Unix milliseconds.
    """

    def __init__(self, readers: Readers, writer: Writer, now: Callable[[], int]) -> None:
        self._readers = readers
        self._writer = writer
        self._now = now

    async def lease(self, most: int) -> Deliveries:
        """Leases what is due.

        The hosts are looked for by a reader, since that takes a step for each; where nothing is due, the writer is left
        alone. What another has leased in between is looked past.
        """
        while True:
            at = self._now()
            hosts = await self._readers.read(partial(outbox_rows.due_hosts, at=at, most=most))
            if not hosts:
                return Deliveries(due_in_ms=await self._due_in(at))
            if deliveries := await self._writer.write(partial(_lease, hosts=hosts, most=most)):
                return Deliveries(deliveries)

    async def _due_in(self, at: int) -> int | None:
        due_at = await self._readers.read(partial(outbox_rows.next_due_at, after=at))
        return None if due_at is None else due_at - at

    async def report(self, reports: Sequence[Report]) -> tuple[Record, ...]:
        """Takes in what became of attempts."""
        return await self._writer.write(partial(_report_all, reports=reports))

    async def list(self, query: DeliveryQuery) -> DeliveryListing:
        """Returns a page."""
        return await self._readers.read(partial(outbox_rows.list_page, query=query))

    async def retry(self, task_id: str) -> Entry:
        """Makes the newest state of a task due now."""
        return await self._writer.write(partial(_retry, task_id=task_id))

    async def drop(self, task_id: str) -> None:
        """Gives up what is not delivered of a task."""
        await self._writer.write(partial(_drop, task_id=task_id))


def readdress(connection: sqlite3.Connection, own: str) -> None:
    """Has what waits for a former hook of the operator's go to the present one; without one, it is given up.

    Args:
        connection: The connection that writes.
        own: The operator's hook, or "".
    """
    connection.execute("BEGIN IMMEDIATE")
    for record in outbox_rows.select_trusted(connection):
        if record.entry.hook != own:
            _readdress(connection, record, own)
    connection.execute("COMMIT")


def bound_waits(connection: sqlite3.Connection, at: int) -> None:
    """Has nothing wait longer than it was put off, though the clock was set back since the last process."""
    connection.execute("BEGIN IMMEDIATE")
    for record in outbox_rows.select_waiting(connection, at):
        outbox_rows.put(connection, record.task_id, outbox.bound(record.entry, at))
    connection.execute("COMMIT")


def _readdress(connection: sqlite3.Connection, record: Record, own: str) -> None:
    task = rows.find_task(connection, record.task_id)
    named = task.notify_hook if task else ""  # A caller may have named the operator's hook, which is then like any.
    if named or own:
        outbox_rows.put(connection, record.task_id, replace(record.entry, hook=named or own, trusted=not named))
    else:
        outbox_rows.delete(connection, record.task_id)


def _lease(transaction: Transaction, hosts: Sequence[str], most: int) -> tuple[Delivery, ...]:
    oldest = rows.oldest(transaction.connection)
    due = outbox_rows.select_due(transaction.connection, hosts, transaction.steady_ms, most)
    found = (_lease_one(transaction, record, oldest) for record in due)
    return tuple(delivery for delivery in found if delivery)


def _lease_one(transaction: Transaction, record: Record, oldest: int) -> Delivery | None:
    """Leases a due entry; one that only awaited the end of its last lease is removed."""
    if not record.entry.newest:
        outbox_rows.delete(transaction.connection, record.task_id)
        return None
    entry, lease = outbox.lease(record.entry, record.task_id, transaction.steady_ms, oldest)
    outbox_rows.put(transaction.connection, record.task_id, entry)
    return Delivery(_state(transaction, record.task_id, lease.revision), entry, lease)


def _state(transaction: Transaction, task_id: str, revision: int) -> Task:
    """Returns the task as the revision made it; as it is now, if the log no longer holds that."""
    then = rows.find_revision(transaction.connection, revision)
    task = then.subject if then else rows.find_task(transaction.connection, task_id)
    assert task is not None  # noqa: S101 - an entry does not outlive its task
    return task


def _report_all(transaction: Transaction, reports: Sequence[Report]) -> tuple[Record, ...]:
    settled = (_report(transaction, each) for each in reports)
    return tuple(record for record in settled if record and record.entry.due_at is None)


def _report(transaction: Transaction, report: Report) -> Record | None:
    """Returns what is left of the entry that the report changes; None if nothing is, or if it changes none."""
    task_id = outbox.task_of(report.lease_id)
    entry = outbox_rows.find(transaction.connection, task_id)
    if entry is None or not entry.leased(transaction.steady_ms, report.lease_id):
        return None
    return _keep(transaction, task_id, outbox.report(entry, report, transaction.steady_ms))


def _retry(transaction: Transaction, task_id: str) -> Entry:
    entry = outbox.retry(_undelivered(transaction, task_id), transaction.steady_ms)
    outbox_rows.put(transaction.connection, task_id, entry)
    return entry


def _drop(transaction: Transaction, task_id: str) -> None:
    _keep(transaction, task_id, outbox.drop(_undelivered(transaction, task_id), transaction.steady_ms))


def _undelivered(transaction: Transaction, task_id: str) -> Entry:
    entry = outbox_rows.find(transaction.connection, task_id)
    if entry is None or not entry.newest:
        raise NothingToDeliver(task_id)
    return entry


def _keep(transaction: Transaction, task_id: str, entry: Entry | None) -> Record | None:
    if entry is None:
        outbox_rows.delete(transaction.connection, task_id)
        return None
    outbox_rows.put(transaction.connection, task_id, entry)
    return Record(task_id, entry)
