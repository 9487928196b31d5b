"""How many tasks each account has in its queue or at work, as the writer knows it without asking the database again."""

import sqlite3

from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import QUEUED_OR_AT_WORK
from mjproxy_server.store import rows


class QueueCounts:
    """Counts an account's tasks when they are first asked for, and from then on only what is written.

    The writer is the only one who writes, so what it knows is so, in its transaction and after the commit.
    """

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def of(self, connection: sqlite3.Connection, account_id: str) -> int:
        """Returns how many of an account's tasks wait or are at work."""
        if account_id not in self._counts:
            self._counts[account_id] = rows.count_in_queue(connection, account_id)
        return self._counts[account_id]

    def note(self, before: Task | None, after: Task | None) -> None:
        """Takes in that a task was written: what it was before, and what it is now; None where there is no task."""
        self._add(before, -1)
        self._add(after, 1)

    def forget(self) -> None:
        """Counts anew from now on, since something that was written was undone."""
        self._counts.clear()

    def _add(self, task: Task | None, count: int) -> None:
        if task is not None and task.status in QUEUED_OR_AT_WORK and task.account_id in self._counts:
            self._counts[task.account_id] += count
