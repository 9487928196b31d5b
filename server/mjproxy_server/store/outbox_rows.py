"""The statements of the outbox: how its entries lie in their table, and how the due ones are found.

They take a connection and know nothing of transactions.
"""

import sqlite3
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

import msgspec

from mjproxy_server.model.outbox import Entry
from mjproxy_server.store.deliveries import DeliveryListing, DeliveryQuery, Record
from mjproxy_server.store.ids import key_of, text_of

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Entry).decode

# However many rows a host has, this takes one step for it.
_DUE_HOSTS: Final = """
WITH RECURSIVE
    hosts (host) AS (
        SELECT min(host) FROM outbox WHERE due_at IS NOT NULL
        UNION ALL
        SELECT (SELECT min(host) FROM outbox WHERE due_at IS NOT NULL AND host > hosts.host)
        FROM hosts WHERE hosts.host IS NOT NULL
    ),
    first (host, due_at) AS (
        SELECT host, (SELECT min(due_at) FROM outbox WHERE due_at IS NOT NULL AND host = hosts.host)
        FROM hosts WHERE host IS NOT NULL
    ),
    leased (host, number) AS (
        SELECT host, count(*) FROM outbox WHERE leased AND due_at > :at GROUP BY host
    )
SELECT first.host, :per_host - coalesce(number, 0) AS room
FROM first LEFT JOIN leased USING (host)
WHERE first.due_at <= :at AND room > 0
ORDER BY first.due_at LIMIT :most
"""


def find(connection: sqlite3.Connection, task_id: str) -> Entry | None:
    """Returns the entry of a task, or None if it has none."""
    row = connection.execute("SELECT body FROM outbox WHERE task = ?", (key_of(task_id),)).fetchone()
    return _decode(row[0]) if row else None


def put(connection: sqlite3.Connection, task_id: str, entry: Entry) -> None:
    """Stores the entry of a task, in the place of the one that it has."""
    connection.execute(
        "INSERT OR REPLACE INTO outbox (task, host, newest, due_at, leased, body) VALUES (?, ?, ?, ?, ?, ?)",
        (key_of(task_id), _host(entry.hook), entry.newest, entry.due_at, entry.lease is not None, _encode(entry)),
    )


def delete(connection: sqlite3.Connection, task_id: str) -> None:
    """Removes the entry of a task."""
    connection.execute("DELETE FROM outbox WHERE task = ?", (key_of(task_id),))


def is_due(connection: sqlite3.Connection, at: int) -> bool:
    """Tells whether anything is due, though perhaps at a host that has its share."""
    (first,) = connection.execute("SELECT min(due_at) FROM outbox WHERE due_at IS NOT NULL").fetchone()
    return first is not None and first <= at


def next_due_at(connection: sqlite3.Connection, after: int) -> int | None:
    """Returns the first time after the given one at which an entry is due or a lease ends; None if there is none."""
    (first,) = connection.execute("SELECT min(due_at) FROM outbox WHERE due_at > ?", (after,)).fetchone()
    return None if first is None else int(first)


def select_due(connection: sqlite3.Connection, at: int, most: int, per_host: int) -> Iterable[Record]:
    """Yields due entries, those of the host first that has waited longest, and of no host more than its share."""
    hosts = connection.execute(_DUE_HOSTS, {"at": at, "per_host": per_host, "most": most}).fetchall()
    for host, room in hosts:
        found = connection.execute(
            "SELECT task, body FROM outbox WHERE host = ? AND due_at <= ? ORDER BY due_at LIMIT ?",
            (host, at, min(room, most)),
        ).fetchall()
        most -= len(found)
        yield from (Record(text_of(key), _decode(body)) for key, body in found)


def list_page(connection: sqlite3.Connection, query: DeliveryQuery) -> DeliveryListing:
    """Returns the page that the query asks for."""
    state = {None: "", True: "AND due_at IS NULL", False: "AND due_at IS NOT NULL"}[query.failed]
    found = connection.execute(
        f"SELECT task, body FROM outbox WHERE task > ? AND newest > 0 {state} ORDER BY task LIMIT ?",  # noqa: S608
        (key_of(query.after_id), query.limit + 1),
    ).fetchall()
    records = tuple(Record(text_of(key), _decode(body)) for key, body in found)
    return DeliveryListing(records[: query.limit], len(records) > query.limit)


def _host(hook: str) -> str:
    return urlsplit(hook).hostname or ""
