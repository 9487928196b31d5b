"""The accounts' records in SQLite; what the methods promise is said at `accounts.AccountStore`."""

import sqlite3
from functools import partial
from typing import Final

import msgspec

from mjproxy_server.model.account import AccountRecord
from mjproxy_server.model.errors import AccountExists, RequestIdReused
from mjproxy_server.store.accounts import CreationId
from mjproxy_server.store.interface import REQUEST_ID_LIFETIME_MS
from mjproxy_server.store.readers import Readers
from mjproxy_server.store.transaction import Transaction
from mjproxy_server.store.writer import Writer

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(AccountRecord).decode


class SqliteAccounts:
    """The accounts' records in SQLite.

    Args:
        readers: Reads them.
        writer: Writes them.
    """

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer

    async def all(self) -> tuple[AccountRecord, ...]:
        """Returns all records."""
        return await self._readers.read(_select_all)

    async def find_request(self, creation: CreationId) -> str | None:
        """Returns the id of the account that was made under the request id."""
        return await self._writer.write(partial(_find_request, creation=creation))

    async def add(self, record: AccountRecord, creation: CreationId | None) -> None:
        """Stores a new account."""
        await self._writer.write(partial(_add, record=record, creation=creation))

    async def put(self, record: AccountRecord) -> None:
        """Stores a record."""
        await self._writer.write(partial(_put, record=record))

    async def remove(self, account_id: str) -> None:
        """Removes a record."""
        await self._writer.write(partial(_remove, account_id=account_id))


def _select_all(connection: sqlite3.Connection) -> tuple[AccountRecord, ...]:
    return tuple(_decode(body) for (body,) in connection.execute("SELECT body FROM accounts ORDER BY id"))


def _find_request(transaction: Transaction, creation: CreationId) -> str | None:
    """Reads in the writer's transaction, whose time decides what is too old; it forgets that on the way."""
    connection = transaction.connection
    connection.execute("DELETE FROM account_requests WHERE at_ms <= ?", (transaction.at_ms - REQUEST_ID_LIFETIME_MS,))
    row = connection.execute(
        "SELECT digest, account_id FROM account_requests WHERE request_id = ?", (creation.request_id,)
    ).fetchone()
    if row is None:
        return None
    if row[0] != creation.digest:
        raise RequestIdReused(creation.request_id, field="request_id")
    return str(row[1])


def _add(transaction: Transaction, record: AccountRecord, creation: CreationId | None) -> None:
    try:
        transaction.connection.execute("INSERT INTO accounts (id, body) VALUES (?, ?)", (record.id, _encode(record)))
    except sqlite3.IntegrityError as error:
        raise AccountExists(record.id) from error
    if creation:
        transaction.connection.execute(
            "INSERT INTO account_requests (request_id, digest, at_ms, account_id) VALUES (?, ?, ?, ?)",
            (creation.request_id, creation.digest, transaction.at_ms, record.id),
        )


def _put(transaction: Transaction, record: AccountRecord) -> None:
    transaction.connection.execute(
        "INSERT OR REPLACE INTO accounts (id, body) VALUES (?, ?)", (record.id, _encode(record))
    )


def _remove(transaction: Transaction, account_id: str) -> None:
    transaction.connection.execute("DELETE FROM accounts WHERE id = ?", (account_id,))
