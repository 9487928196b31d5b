"""The statements: how tasks, revisions and answers to request ids lie in the tables.

They take a connection and know nothing of transactions.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import QUEUED_OR_AT_WORK, Status
from mjproxy_server.store.ids import key_of
from mjproxy_server.store.interface import Admission, Revision

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Task).decode
_decode_all: Final = msgspec.msgpack.Decoder(tuple[Task, ...]).decode

_IN_QUEUE = ", ".join(f"'{status}'" for status in sorted(QUEUED_OR_AT_WORK))


def history_id(connection: sqlite3.Connection) -> str:
    """Returns the name of the log."""
    (value,) = connection.execute("SELECT value FROM meta WHERE key = 'history_id'").fetchone()
    return str(value)


def note_probe(connection: sqlite3.Connection, at_ms: int) -> None:
    """Keeps the time of the last probe."""
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('probed_at_ms', ?)", (str(at_ms),))


def last_key(connection: sqlite3.Connection) -> int:
    """Returns the largest id ever stored, as a number; 0 if there is none."""
    return _sequence(connection, "tasks")


def head(connection: sqlite3.Connection) -> int:
    """Returns the newest revision; 0 before the first."""
    return _sequence(connection, "revisions")


def oldest(connection: sqlite3.Connection) -> int:
    """Returns the newest revision that is no longer held; 0 if all are."""
    (first,) = connection.execute("SELECT min(number) FROM revisions").fetchone()
    return head(connection) if first is None else int(first) - 1


def _sequence(connection: sqlite3.Connection, table: str) -> int:
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    return int(row[0]) if row else 0


def insert_task(connection: sqlite3.Connection, task: Task) -> None:
    """Adds a task."""
    connection.execute(
        "INSERT INTO tasks (id, caller, account_id, parent_id, state, action, status, finished_at, once, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            key_of(task.id),
            task.caller,
            task.account_id,
            task.parent_id,
            task.state,
            task.action.value,
            task.status.value,
            task.finished_at,
            _bond(task),
            _encode(task),
        ),
    )


def _bond(task: Task) -> str:
    """Returns what no other task may claim; one that did not succeed lets go of it."""
    return "" if task.status in {Status.FAILURE, Status.CANCELLED} else task.once


def update_task(connection: sqlite3.Connection, task: Task) -> None:
    """Replaces what may change of a task."""
    connection.execute(
        "UPDATE tasks SET account_id = ?, status = ?, finished_at = ?, state = ?, once = ?, body = ? WHERE id = ?",
        (
            task.account_id,
            task.status.value,
            task.finished_at,
            task.state,
            _bond(task),
            _encode(task),
            key_of(task.id),
        ),
    )


def delete_task(connection: sqlite3.Connection, task: Task) -> None:
    """Removes a task."""
    connection.execute("DELETE FROM tasks WHERE id = ?", (key_of(task.id),))


def find_task(connection: sqlite3.Connection, task_id: str) -> Task | None:
    """Returns the task, or None if there is none."""
    row = connection.execute("SELECT body FROM tasks WHERE id = ?", (key_of(task_id),)).fetchone()
    return _decode(row[0]) if row else None


def find_once(connection: sqlite3.Connection, once: str) -> Task | None:
    """Returns the task that claims this bond, or None if nobody does."""
    row = connection.execute("SELECT body FROM tasks WHERE once = ? AND once <> ''", (once,)).fetchone()
    return _decode(row[0]) if row else None


def select_tasks(connection: sqlite3.Connection, condition: str, values: Sequence[str | int]) -> tuple[Task, ...]:
    """Returns the tasks that the rest of a SELECT statement finds."""
    rows = connection.execute(f"SELECT body FROM tasks {condition}", values)  # noqa: S608 - no value is in the text
    return tuple(_decode(body) for (body,) in rows)


def count_in_queue(connection: sqlite3.Connection, account_id: str) -> int:
    """Returns how many of the account's tasks wait or are at work; costs as much as there are."""
    (count,) = connection.execute(
        f"SELECT count(*) FROM tasks WHERE account_id = ? AND status IN ({_IN_QUEUE})",  # noqa: S608
        (account_id,),
    ).fetchone()
    return int(count)


def insert_revision(connection: sqlite3.Connection, revision: Revision, at_ms: int) -> None:
    """Adds a revision to the log."""
    connection.execute(
        "INSERT INTO revisions (number, at_ms, removed, body) VALUES (?, ?, ?, ?)",
        (revision.number, at_ms, int(revision.removed), _encode(revision.subject)),
    )


def select_revisions(connection: sqlite3.Connection, after: int, limit: int) -> tuple[Revision, ...]:
    """Returns the first revisions after a given one."""
    rows = connection.execute(
        "SELECT number, removed, body FROM revisions WHERE number > ? ORDER BY number LIMIT ?", (after, limit)
    )
    return tuple(Revision(number, _decode(body), bool(removed)) for number, removed, body in rows)


def find_revision(connection: sqlite3.Connection, number: int) -> Revision | None:
    """Returns a revision, or None if the log does not hold it."""
    row = connection.execute("SELECT removed, body FROM revisions WHERE number = ?", (number,)).fetchone()
    return Revision(number, _decode(row[1]), bool(row[0])) if row else None


def select_revision_times(connection: sqlite3.Connection, limit: int) -> tuple[tuple[int, int], ...]:
    """Returns number and time of the first revisions held."""
    return tuple(connection.execute("SELECT number, at_ms FROM revisions ORDER BY number LIMIT ?", (limit,)))


def delete_revisions(connection: sqlite3.Connection, up_to: int) -> None:
    """Drops the revisions up to a given one."""
    connection.execute("DELETE FROM revisions WHERE number <= ?", (up_to,))


def insert_request(
    connection: sqlite3.Connection, caller: str, request_id: str, digest: bytes, *, admission: Admission, at_ms: int
) -> None:
    """Keeps the answer to a request id, in the place of an answer that is no longer good."""
    connection.execute(
        "INSERT OR REPLACE INTO requests (caller, request_id, digest, at_ms, queue_position, revision, existed, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            caller,
            request_id,
            digest,
            at_ms,
            admission.queue_position,
            admission.revision,
            int(admission.existed),
            _encode(admission.tasks),
        ),
    )


def find_request(
    connection: sqlite3.Connection, caller: str, request_id: str, since_ms: int
) -> tuple[bytes, Admission] | None:
    """Returns the digest and the answer that were kept under a request id since then, or None."""
    row = connection.execute(
        "SELECT digest, queue_position, revision, existed, body FROM requests"
        " WHERE caller = ? AND request_id = ? AND at_ms > ?",
        (caller, request_id, since_ms),
    ).fetchone()
    if row is None:
        return None
    digest, position, revision, existed, body = row
    admission = Admission(
        tasks=_decode_all(body),
        queue_position=position,
        revision=revision,
        existed=bool(existed),
        deduplicated=True,
    )
    return digest, admission


def delete_requests(connection: sqlite3.Connection, until_ms: int) -> None:
    """Forgets the request ids that came until then."""
    connection.execute("DELETE FROM requests WHERE at_ms <= ?", (until_ms,))
