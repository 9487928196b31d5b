"""The statements of the outbox: how its entries lie in their table, and how the due ones are found.

They take a connection and know nothing of transactions.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec

from mjproxy_server.model.outbox import Entry
from mjproxy_server.store.deliveries import MOST_PER_HOST, DeliveryListing, DeliveryQuery, Record
from mjproxy_server.store.ids import key_of, text_of

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Entry).decode

# However many rows a host has, this takes one step for it.
_HOSTS: Final = """
WITH RECURSIVE
    hosts (host) AS (
        SELECT min(host) FROM outbox WHERE due_at IS NOT NULL
        UNION ALL
        SELECT (SELECT min(host) FROM outbox WHERE due_at IS NOT NULL AND host > hosts.host)
        FROM hosts WHERE hosts.host IS NOT NULL
    ),
    full (host) AS (
        SELECT host FROM outbox WHERE leased AND due_at > :at GROUP BY host HAVING count(*) >= :per_host
    )
SELECT host, (SELECT min(due_at) FROM outbox WHERE due_at IS NOT NULL AND host = hosts.host) AS first
FROM hosts WHERE first <= :at AND host NOT IN full
ORDER BY first LIMIT :most
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


def due_hosts(connection: sqlite3.Connection, at: int, most: int) -> tuple[str, ...]:
    """Returns hosts that something is due for, and that have less than their share; first who has waited longest."""
    (first,) = connection.execute("SELECT min(due_at) FROM outbox WHERE due_at IS NOT NULL").fetchone()
    if first is None or first > at:
        return ()
    found = connection.execute(_HOSTS, {"at": at, "per_host": MOST_PER_HOST, "most": most})
    return tuple(host for host, _ in found)


def next_due_at(connection: sqlite3.Connection, after: int) -> int | None:
    """Returns the first time after the given one at which an entry is due or a lease ends; None if there is none."""
    (first,) = connection.execute("SELECT min(due_at) FROM outbox WHERE due_at > ?", (after,)).fetchone()
    return None if first is None else int(first)


def select_due(connection: sqlite3.Connection, hosts: Sequence[str], at: int, most: int) -> Iterator[Record]:
    """Yields due entries of these hosts, of none more than is left of its share. They may be changed on the way."""
    for host in hosts:
        found = _select_due(connection, host, at, min(most, MOST_PER_HOST - _count_leased(connection, host, at)))
        most -= len(found)
        yield from (Record(text_of(key), _decode(body)) for key, body in found)


def _select_due(connection: sqlite3.Connection, host: str, at: int, most: int) -> list[tuple[int, bytes]]:
    return connection.execute(
        "SELECT task, body FROM outbox WHERE host = ? AND due_at <= ? ORDER BY due_at LIMIT ?",
        (host, at, max(0, most)),
    ).fetchall()


def _count_leased(connection: sqlite3.Connection, host: str, at: int) -> int:
    (count,) = connection.execute(
        "SELECT count(*) FROM outbox WHERE leased AND host = ? AND due_at > ?", (host, at)
    ).fetchone()
    return int(count)


def select_trusted(connection: sqlite3.Connection) -> list[Record]:
    """Returns the entries whose hook is, or was, the operator's."""
    return [record for record in _records(connection, "SELECT task, body FROM outbox") if record.entry.trusted]


def select_waiting(connection: sqlite3.Connection, at: int) -> list[Record]:
    """Returns the entries that are due later, or whose lease ends then."""
    return list(_records(connection, "SELECT task, body FROM outbox WHERE due_at > ?", at))


def list_page(connection: sqlite3.Connection, query: DeliveryQuery) -> DeliveryListing:
    """Returns the page that the query asks for."""
    state = {None: "", True: "AND due_at IS NULL", False: "AND due_at IS NOT NULL"}[query.failed]
    found = connection.execute(
        f"SELECT task, body FROM outbox WHERE task > ? AND newest > 0 {state} ORDER BY task LIMIT ?",  # noqa: S608
        (key_of(query.after_id), query.limit + 1),
    ).fetchall()
    records = tuple(Record(text_of(key), _decode(body)) for key, body in found)
    return DeliveryListing(records[: query.limit], len(records) > query.limit)


def _records(connection: sqlite3.Connection, query: str, *parameters: object) -> Iterator[Record]:
    return (Record(text_of(key), _decode(body)) for key, body in connection.execute(query, parameters))


def _host(hook: str) -> str:
    return urlsplit(hook).hostname or ""
