"""Opening the database file: connections, their settings, and the migrations of the schema.

A migration is a file `NNNN_what.sql` in `migrations/`. Those that a database lacks are applied in one transaction,
forward only; `PRAGMA user_version` holds the number of the last one applied.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from mjproxy_server.store.errors import StoreCorrupt, StoreError, StoreInaccessible, StoreTooNew

NAME = "mjproxy.db"
_BUSY_SECONDS = 5.0
_PRIVATE = 0o600  # Prompts and results are nobody else's; the -wal and -shm files inherit the mode.

# The primary result codes that no other disk and no other permission would cure; SQLITE_ERROR is an alien schema.
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


def migrations() -> tuple[str, ...]:
    """Returns the SQL of all migrations, the first at index 0."""
    folder = resources.files("mjproxy_server.store") / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return tuple(file.read_text(encoding="utf-8") for file in files)


def open_for_writing(path: Path, steps: Sequence[str]) -> sqlite3.Connection:
    """Opens the one connection that writes; makes the database if there is none, and migrates it.

    Args:
        path: The database file.
        steps: The SQL of all migrations known.

    Raises:
        StoreTooNew: The database has seen a migration that is not among the steps.
    """
    connection = create(path)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        _migrate(connection, path, steps)
    except BaseException:
        connection.close()
        raise
    return connection


def create(path: Path) -> sqlite3.Connection:
    """Opens a connection to a database, whose file is made if there is none."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE))
    return _connect(str(path))


def open_existing(path: Path) -> sqlite3.Connection:
    """Opens a connection to an existing database, be there a server that has it open or not.

    Even to read it SQLite makes files beside it, unless they are there. Where none can be made and there is no log,
    which means that nobody has it open, it is opened as a file that does not change (SQLite's documentation of
    write-ahead logging, "Read-Only Databases").
    """
    address = path.absolute().as_uri()
    connection = _connect(f"{address}?mode=rw")
    try:
        version(connection)
    except sqlite3.Error as error:
        connection.close()
        if error.sqlite_errorcode != sqlite3.SQLITE_CANTOPEN or path.with_name(f"{path.name}-wal").exists():
            raise
        return _connect(f"{address}?immutable=1")
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Opens a connection that cannot write, to a database that another connection has open."""
    return _connect(f"{path.absolute().as_uri()}?mode=ro")


def version(connection: sqlite3.Connection) -> int:
    """Returns the number of the last migration that was applied; 0 if none was."""
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    return int(number)


@contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Turns what goes wrong while the database is opened into an error that tells the operator what to do.

    Raises:
        StoreCorrupt: The file is damaged, or is no database of ours.
        StoreInaccessible: The file cannot be read and written.
    """
    try:
        yield
    except StoreError:
        raise  # It explains itself.
    except OSError as error:
        raise StoreInaccessible(path, str(error)) from error
    except sqlite3.Error as error:
        explained = StoreCorrupt if error.sqlite_errorcode & 0xFF in _DAMAGE else StoreInaccessible
        raise explained(path, str(error)) from error


def _connect(database: str) -> sqlite3.Connection:
    """Opens a connection that begins no transaction by itself and may be handed from thread to thread."""
    return sqlite3.connect(
        database,
        uri=database.startswith("file:"),
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


def _migrate(connection: sqlite3.Connection, path: Path, steps: Sequence[str]) -> None:
    applied = version(connection)
    if applied > len(steps):
        raise StoreTooNew(path, found=applied, known=len(steps))
    if missing := steps[applied:]:
        connection.executescript(
            "\n".join(("BEGIN IMMEDIATE;", *missing, f"PRAGMA user_version = {len(steps)};", "COMMIT;"))
        )
