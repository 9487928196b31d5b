"""Messages that were not understood in SQLite; what the methods promise is said at `unknown_messages`."""

import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Final

from mjproxy_server.store.readers import Readers
from mjproxy_server.store.transaction import Transaction
from mjproxy_server.store.unknown_messages import MOST_KEPT, UnknownListing, UnknownMessage
from mjproxy_server.store.writer import Writer

_SEEN: Final = "unknown_messages_seen"


class SqliteUnknownMessages:
    """Messages that were not understood in SQLite.

    Args:
        readers: Reads them.
        writer: Writes them.
    """

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer

    async def add(self, messages: Sequence[UnknownMessage], seen: int) -> None:
        """Keeps messages, and counts."""
        await self._writer.write(partial(_add, messages=messages, seen=seen))

    async def list(self, account_id: str, before: int, limit: int) -> UnknownListing:
        """Returns a page."""
        return await self._readers.read(partial(_list, account_id=account_id, before=before, limit=limit))


def _add(transaction: Transaction, messages: Sequence[UnknownMessage], seen: int) -> None:
    connection = transaction.connection
    connection.executemany(
        "INSERT INTO unknown_messages (account_id, at_ms, event, reason, json) VALUES (?, ?, ?, ?, ?)",
        [(each.account_id, each.at_ms, each.event, each.reason, each.json) for each in messages],
    )
    connection.execute(
        "DELETE FROM unknown_messages WHERE number <= (SELECT max(number) FROM unknown_messages) - ?", (MOST_KEPT,)
    )
    connection.execute("UPDATE meta SET value = CAST(value AS INTEGER) + ? WHERE key = ?", (seen, _SEEN))


def _list(connection: sqlite3.Connection, account_id: str, before: int, limit: int) -> UnknownListing:
    rows = connection.execute(
        "SELECT number, account_id, at_ms, event, reason, json FROM unknown_messages"
        " WHERE (? = '' OR account_id = ?) AND (? = 0 OR number < ?) ORDER BY number DESC LIMIT ?",
        (account_id, account_id, before, before, limit + 1),
    ).fetchall()
    (seen,) = connection.execute("SELECT value FROM meta WHERE key = ?", (_SEEN,)).fetchone()
    page = rows[:limit]
    return UnknownListing(
        messages=tuple(_message(*row[1:]) for row in page),
        last=page[-1][0] if len(rows) > limit else 0,
        seen=int(seen),
    )


def _message(account_id: str, at_ms: int, event: str, reason: str, json: str) -> UnknownMessage:
    return UnknownMessage(account_id=account_id, at_ms=at_ms, event=event, reason=reason, json=json)
