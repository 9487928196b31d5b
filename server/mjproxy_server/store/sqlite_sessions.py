"""The gateway sessions in SQLite; what the methods promise is said at `sessions.SessionStore`."""

import sqlite3
from collections.abc import Iterable, Sequence
from functools import partial

from mjproxy_server.store.readers import Readers
from mjproxy_server.store.sessions import StoredSession
from mjproxy_server.store.transaction import Transaction
from mjproxy_server.store.writer import Writer


class SqliteSessions:
    """The gateway sessions in SQLite.

    Args:
        readers: Reads them.
        writer: Writes them.
    """

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer

    async def all(self) -> tuple[StoredSession, ...]:
        """Returns all sessions."""
        return await self._readers.read(_select_all)

    async def put(self, sessions: Sequence[StoredSession]) -> None:
        """Stores sessions."""
        await self._writer.write(partial(_put, sessions=sessions))

    async def remove(self, owners: Iterable[bytes]) -> None:
        """Removes the sessions of these owners."""
        await self._writer.write(partial(_remove, owners=tuple(owners)))


def _select_all(connection: sqlite3.Connection) -> tuple[StoredSession, ...]:
    rows = connection.execute("SELECT owner, user_id, session_id, resume_url, sequence FROM gateway_sessions")
    return tuple(
        StoredSession(owner=owner, user_id=user_id, session_id=session_id, resume_url=resume_url, sequence=sequence)
        for owner, user_id, session_id, resume_url, sequence in rows
    )


def _put(transaction: Transaction, sessions: Sequence[StoredSession]) -> None:
    transaction.connection.executemany(
        "INSERT OR REPLACE INTO gateway_sessions (owner, user_id, session_id, resume_url, sequence)"
        " VALUES (?, ?, ?, ?, ?)",
        [(each.owner, each.user_id, each.session_id, each.resume_url, each.sequence) for each in sessions],
    )


def _remove(transaction: Transaction, owners: Sequence[bytes]) -> None:
    transaction.connection.executemany("DELETE FROM gateway_sessions WHERE owner = ?", [(owner,) for owner in owners])
