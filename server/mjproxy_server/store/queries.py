"""What is read: functions of a connection whose open transaction is the snapshot."""

import sqlite3
from typing import Final

from mjproxy_server.model.errors import RequestIdReused, RevisionGone
from mjproxy_server.model.task import Task
from mjproxy_server.store import rows
from mjproxy_server.store.ids import first_key_at, key_of
from mjproxy_server.store.interface import REQUEST_ID_LIFETIME_MS, Admission, Listing, Revision, TaskQuery


def get(connection: sqlite3.Connection, task_id: str) -> tuple[Task, int] | None:
    """Returns the task and the newest revision, or None."""
    task = rows.find_task(connection, task_id)
    return None if task is None else (task, rows.head(connection))


def list_page(connection: sqlite3.Connection, query: TaskQuery) -> Listing:
    """Returns the page that the query asks for."""
    condition, values = _select(query)
    found = rows.select_tasks(connection, condition, values)
    return Listing(
        tasks=found[: query.limit],
        revision=rows.head(connection),
        more=len(found) > query.limit,
    )


def revisions(connection: sqlite3.Connection, after: int, limit: int) -> tuple[Revision, ...]:
    """Returns the next revisions.

    Raises:
        RevisionGone: They are compacted away, or the one to begin after lies in the future.
    """
    oldest, head = rows.oldest(connection), rows.head(connection)
    if not oldest <= after <= head:
        raise RevisionGone(oldest, head, rows.history_id(connection))
    return rows.select_revisions(connection, after, limit)


def find_request(
    connection: sqlite3.Connection, caller: str, request_id: str, digest: bytes, now_ms: int
) -> Admission | None:
    """Returns the answer that the request id got before, or None.

    Raises:
        RequestIdReused: It was another request that got it.
    """
    found = rows.find_request(connection, caller, request_id, now_ms - REQUEST_ID_LIFETIME_MS)
    if found is None:
        return None
    first_digest, admission = found
    if first_digest != digest:
        raise RequestIdReused(request_id)
    return admission


def find_existing(connection: sqlite3.Connection, once: str) -> Admission | None:
    """Returns the answer that a task gets which may only stand once where another one stands, or None."""
    task = rows.find_once(connection, once)
    if task is None:
        return None
    return Admission(tasks=(task,), queue_position=0, revision=rows.head(connection), existed=True)


# Which index finds least, by what a query names; where it names several, the first of them here counts. SQLite has no
# statistics of the tables, and would guess.
_BY: Final = {
    "ids": "NOT INDEXED",  # An id is the row's own key.
    "parent_id": "INDEXED BY tasks_by_parent",
    "state": "INDEXED BY tasks_by_state",
    "caller": "INDEXED BY tasks_by_caller",
    "account_id": "INDEXED BY tasks_by_account",
    "actions": "INDEXED BY tasks_by_action",
}
_BY_WITH_STATUSES: Final = _BY | {
    "caller": "INDEXED BY tasks_by_caller_and_status",
    "account_id": "INDEXED BY tasks_by_account_and_status",
    "actions": "INDEXED BY tasks_by_status",
    "statuses": "INDEXED BY tasks_by_status",
}


def _select(query: TaskQuery) -> tuple[str, list[str | int]]:
    """Returns the rest of a SELECT statement with its values; it finds one task more than the page has room for.

    An index gives the tasks of one status, or action, in the order of ids, but not those of several; even so SQLite
    reads no more of each than the page needs.
    """
    terms: list[str] = []
    values: list[str | int] = []
    for term, term_values in (*_choices(query), *_equalities(query), *_spans(query)):
        terms.append(term)
        values.extend(term_values)
    where = f"WHERE {' AND '.join(terms)} " if terms else ""
    order = "ASC" if query.oldest_first else "DESC"
    return f"{_index(query)} {where}ORDER BY id {order} LIMIT ?", [*values, query.limit + 1]


def _index(query: TaskQuery) -> str:
    indexes = _BY_WITH_STATUSES if query.statuses else _BY
    return next((index for name, index in indexes.items() if getattr(query, name)), "NOT INDEXED")


Term = tuple[str, tuple[str | int, ...]]


def _choices(query: TaskQuery) -> list[Term]:
    chosen: list[Term] = []
    if query.ids:
        chosen.append(_one_of("id", tuple(map(key_of, query.ids))))
    if query.statuses:
        chosen.append(_one_of("status", tuple(query.statuses)))
    if query.actions:
        chosen.append(_one_of("action", tuple(query.actions)))
    return chosen


def _one_of(column: str, values: tuple[str | int, ...]) -> Term:
    return f"{column} IN ({', '.join('?' * len(values))})", values


def _equalities(query: TaskQuery) -> list[Term]:
    wanted = {
        "account_id": query.account_id or None,
        "parent_id": query.parent_id or None,
        "caller": query.caller,
        "state": query.state,
    }
    return [_equal(column, value) for column, value in wanted.items() if value is not None]


def _equal(column: str, value: str) -> Term:
    # The indexes leave out what is ""; said in so many words, the planner may use them for what is not.
    return (f"{column} = ? AND {column} <> ''" if value else f"{column} = ?"), (value,)


def _spans(query: TaskQuery) -> list[Term]:
    """The bounds on ids: the cursor, and the times, since an id tells when it was drawn."""
    spans: list[Term] = []
    if query.after_id:
        spans.append(("id > ?" if query.oldest_first else "id < ?", (key_of(query.after_id),)))
    if query.submitted_from is not None:
        spans.append(("id >= ?", (first_key_at(query.submitted_from),)))
    if query.submitted_until is not None:
        spans.append(("id < ?", (first_key_at(query.submitted_until),)))
    return spans
