"""Checks a store beyond what SQLite can know: what each row says, and what one says of another.

It reads one state of the database, and may do so while a server works on it.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from mjproxy_server.model.account import AccountRecord
from mjproxy_server.model.command import stored_images
from mjproxy_server.model.outbox import Entry
from mjproxy_server.model.task import Task
from mjproxy_server.store import database
from mjproxy_server.store.errors import StoreError
from mjproxy_server.store.ids import text_of

_encode: Final = msgspec.msgpack.Encoder().encode
_decode_task: Final = msgspec.msgpack.Decoder(Task).decode
_decode_entry: Final = msgspec.msgpack.Decoder(Entry).decode
_decode_account: Final = msgspec.msgpack.Decoder(AccountRecord).decode


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that the check has found.

    Attributes:
        text: What it is.
        is_fault: Whether something is wrong; else it is only worth knowing.
    """

    text: str
    is_fault: bool = True


def check(folder: Path) -> Iterator[Finding]:
    """Checks the store of a data folder.

    Raises:
        StoreError: There is none, or it cannot be opened.
    """
    path = folder / database.NAME
    if not path.is_file():
        raise StoreError(f"{path}: there is no such database. Check the folder that is configured as data.", path)
    with database.explaining(path), closing(database.open_existing(path)) as connection:
        connection.execute("BEGIN")
        for part in _PARTS if _is_current(connection) else _PARTS_OF_ANY_VERSION:
            yield from _readable(part(connection))
        if _is_current(connection):
            yield from _readable(_images(path, folder / "images"))


def _is_current(connection: sqlite3.Connection) -> bool:
    return database.version(connection) == len(database.migrations())


def _readable(findings: Iterator[Finding]) -> Iterator[Finding]:
    try:
        yield from findings
    except sqlite3.DatabaseError as error:
        yield Finding(f"the database cannot be read: {error}")


def _structure(connection: sqlite3.Connection) -> Iterator[Finding]:
    for (line,) in connection.execute("PRAGMA integrity_check"):
        if line != "ok":
            yield Finding(str(line).replace("\n", " "))
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield Finding(f"{table}: row {row} belongs to a row of {parent} that is not there")


def _schema(connection: sqlite3.Connection) -> Iterator[Finding]:
    version, steps = database.version(connection), database.migrations()
    if version > len(steps):
        yield Finding(f"the schema has version {version}, this mjproxy knows versions up to {len(steps)}")
        return
    if version < len(steps):
        yield Finding(f"the schema has version {version}; the next start brings it to {len(steps)}", is_fault=False)
    with closing(sqlite3.connect(":memory:")) as model:
        model.executescript("\n".join(steps[:version]))
        wanted, found = _definitions(model), _definitions(connection)
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            yield Finding(f"{name} is not defined as the schema has it")


def _definitions(connection: sqlite3.Connection) -> dict[str, str]:
    return dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))


def _tasks(connection: sqlite3.Connection) -> Iterator[Finding]:
    rows = connection.execute("SELECT id, account_id, status, finished_at, state, caller, parent_id, body FROM tasks")
    for key, *columns, body in rows:
        try:
            task = _decode_task(body)
        except msgspec.MsgspecError as error:
            yield Finding(f"task {text_of(key)} cannot be decoded: {error}")
            continue
        said = [task.account_id, task.status, task.finished_at, task.state, task.caller, task.parent_id]
        if task.id != text_of(key) or said != columns:
            yield Finding(f"task {text_of(key)} is found under other words than its own")


def _revisions(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Checks that the log has no gap, and that each task is as its newest revision has it."""
    latest: dict[str, bytes | None] = {}
    expected: int | None = None
    for number, removed, body in connection.execute("SELECT number, removed, body FROM revisions ORDER BY number"):
        if expected is not None and number != expected:
            yield Finding(f"revisions {expected} to {number - 1} are missing")
        expected = number + 1
        try:
            task = _decode_task(body)
        except msgspec.MsgspecError as error:
            yield Finding(f"revision {number} cannot be decoded: {error}")
        else:
            latest[task.id] = None if removed else _encode(task)
    yield from _disagreements(connection, latest)


def _disagreements(connection: sqlite3.Connection, latest: dict[str, bytes | None]) -> Iterator[Finding]:
    for key, body in connection.execute("SELECT id, body FROM tasks"):
        task_id = text_of(key)
        logged = latest.pop(task_id, b"")
        if logged is None:
            yield Finding(f"task {task_id} is there, though the log has removed it")
        elif logged and logged != _normalized(body):
            yield Finding(f"task {task_id} is not as its newest revision has it")
    for task_id, logged in latest.items():
        if logged is not None:
            yield Finding(f"task {task_id} is in the log only")


def _normalized(body: bytes) -> bytes:
    """Returns a task's bytes as they would be written now; what cannot be decoded is told of elsewhere."""
    try:
        return _encode(_decode_task(body))
    except msgspec.MsgspecError:
        return b""


def _entries(connection: sqlite3.Connection) -> Iterator[Finding]:
    yield from _undecodable(connection, "SELECT task, body FROM outbox", "callback of task", _decode_entry)


def _accounts(connection: sqlite3.Connection) -> Iterator[Finding]:
    yield from _undecodable(connection, "SELECT id, body FROM accounts", "account", _decode_account)


def _undecodable(
    connection: sqlite3.Connection, query: str, what: str, decode: Callable[[bytes], object]
) -> Iterator[Finding]:
    for key, body in connection.execute(query):
        try:
            decode(body)
        except msgspec.MsgspecError:  # Its words would quote what it found, and an account has a token.
            yield Finding(f"the {what} {key} cannot be decoded")


def _images(path: Path, folder: Path) -> Iterator[Finding]:
    """Looks for images that unfinished tasks lack, and for others that nobody needs."""
    missing = _missing(path, folder) & _missing(path, folder)  # A task that begins or ends meanwhile is in one only.
    for digest in sorted(missing):
        yield Finding(f"image {digest} is missing, which an unfinished task needs")
    if unneeded := _stored(folder) - _needed(path):
        yield Finding(f"{len(unneeded)} images are needed by no task; the next start removes them", is_fault=False)


def _missing(path: Path, folder: Path) -> set[str]:
    return _needed(path) - _stored(folder)


def _stored(folder: Path) -> set[str]:
    return {file.name for file in folder.glob("*")}


def _needed(path: Path) -> set[str]:
    """Returns the digests of the images of unfinished tasks."""
    needed: set[str] = set()
    with closing(database.open_existing(path)) as connection:
        for (body,) in connection.execute("SELECT body FROM tasks WHERE finished_at = 0"):
            with suppress(msgspec.MsgspecError):
                task = _decode_task(body)
                mask = task.confirmation.mask if task.confirmation else None
                needed.update(image.digest for image in (*stored_images(task.command), *([mask] if mask else ())))
    return needed


_PARTS_OF_ANY_VERSION: Final = (_structure, _schema)
_PARTS: Final = (*_PARTS_OF_ANY_VERSION, _tasks, _revisions, _entries, _accounts)
