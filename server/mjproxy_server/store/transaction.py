"""The writer's transaction, as a unit of work sees it: several units share one, and one commit."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise

from msgspec.structs import replace

from mjproxy_server.model import outbox
from mjproxy_server.model.task import Task
from mjproxy_server.store import outbox_rows, rows
from mjproxy_server.store.ids import IdSource, text_of
from mjproxy_server.store.interface import Revision
from mjproxy_server.store.queue_counts import QueueCounts


class HalfDone(Exception):
    """A unit of work has failed, and something of it stays: the transaction is to be done again, with savepoints."""


class Transaction:
    """An open transaction that numbers the revisions it writes.

    Args:
        connection: Where it is open.
        at_ms: Its time, in Unix milliseconds.
        steady_ms: Its time by the clock of the outbox, which is never set.
        ids: Where new ids come from.
        queues: How many tasks the accounts have in their queues.
        hook: Where the changes of tasks without a hook of their own are told; "" for nowhere.
        savepoints: Whether each unit of work has one.

    Attributes:
        connection: Where it is open.
        at_ms: Its time, in Unix milliseconds.
        steady_ms: Its time by the clock of the outbox, which is never set.
        queues: How many tasks the accounts have in their queues.
        revisions: What it has written to the log.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        at_ms: int,
        steady_ms: int,
        ids: IdSource,
        queues: QueueCounts,
        *,
        hook: str,
        savepoints: bool,
    ) -> None:
        self.connection = connection
        self.at_ms = at_ms
        self.steady_ms = steady_ms
        self.queues = queues
        self.revisions: list[Revision] = []
        self._ids = ids
        self._hook = hook
        self._savepoints = savepoints
        self._base = rows.head(connection)

    @property
    def head(self) -> int:
        """The newest revision, its own included."""
        return self._base + len(self.revisions)

    @property
    def lost(self) -> bool:
        """True if SQLite has rolled everything back by itself, as it may when the disk is full or fails."""
        return not self.connection.in_transaction

    def draw_id(self) -> str:
        """Returns a new id. It is not given again, even if the unit fails."""
        return text_of(self._ids.draw(self.at_ms))

    def add(self, task: Task) -> int:
        """Stores a new task; returns the revision."""
        rows.insert_task(self.connection, task)
        self.queues.note(None, task)
        return self._log(task, removed=False)

    def change(self, before: Task, *versions: Task) -> int:
        """Stores what became of a task, one version after the other, and what is to be told of that.

        Returns:
            The newest revision; each version is one.
        """
        newest = versions[-1]
        rows.update_task(self.connection, newest)
        self.queues.note(before, newest)
        for earlier, task in pairwise((before, *versions)):
            revision = self._log(task, removed=False)
            if hook := task.notify_hook or self._hook:
                self._note(hook, revision, earlier, task)
        return self.head

    def remove(self, task: Task) -> int:
        """Removes a task; returns the revision."""
        rows.delete_task(self.connection, task)
        self.queues.note(task, None)
        return self._log(task, removed=True)

    def unit(self) -> AbstractContextManager[None]:
        """Surrounds a unit of work: if it raises, nothing of it stays, and all of what was done before it.

        Raises:
            HalfDone: Something of it stays, since there are no savepoints.
        """
        return self._savepoint() if self._savepoints else self._unguarded()

    @contextmanager
    def _unguarded(self) -> Iterator[None]:
        written = self.connection.total_changes
        try:
            yield
        except Exception as error:
            if self.connection.total_changes > written and not self.lost:
                raise HalfDone from error
            raise

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        written = len(self.revisions)
        self.connection.execute("SAVEPOINT unit")
        try:
            yield
        except BaseException:
            del self.revisions[written:]
            self.queues.forget()
            if not self.lost:
                self.connection.execute("ROLLBACK TO unit")
                self.connection.execute("RELEASE unit")
            raise
        self.connection.execute("RELEASE unit")

    def _log(self, task: Task, *, removed: bool) -> int:
        revision = Revision(self.head + 1, task, removed)
        rows.insert_revision(self.connection, revision, self.at_ms)
        self.revisions.append(revision)
        return revision.number

    def _note(self, hook: str, revision: int, before: Task, task: Task) -> None:
        change = outbox.change_of(before, task)
        if change is None:
            return
        fresh = outbox.Entry(hook=hook, trusted=hook == self._hook, due_at=self.steady_ms)
        known = outbox_rows.find(self.connection, task.id)
        entry = replace(known, hook=fresh.hook, trusted=fresh.trusted) if known else fresh
        outbox_rows.put(self.connection, task.id, outbox.note(entry, revision, change, self.steady_ms))
