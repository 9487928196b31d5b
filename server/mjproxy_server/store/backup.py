"""Copies of the database: taken while a server works on it or while none does, and put in its place.

A copy that is put in place gets another history id, by which watchers learn that the log they knew is gone, and read
everything anew. A file that is copied back by hand keeps its id: its next revisions would have numbers that watchers
have seen with other content.
"""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from mjproxy_server.store import database
from mjproxy_server.store.errors import StoreCorrupt, StoreError, StoreInaccessible, StoreTooNew
from mjproxy_server.store.files import make_private_folder, sync_folder

_STAGE: Final = "restoring"
_COMPANIONS: Final = ("", "-wal", "-shm")
_UNWRITABLE: Final = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC)


def back_up(folder: Path, target: Path) -> None:
    """Copies the database as it is at one moment; a server may go on writing meanwhile.

    Args:
        folder: The data folder.
        target: The file to make. Images are not in it; only unfinished tasks need them.

    Raises:
        StoreError: There is no database, it is damaged, or the file exists or cannot be written.
    """
    if target.exists():
        raise StoreError(f"{target}: exists already. Choose another file, or remove it.", target)
    draft = target.with_name(f".{target.name}.part")
    try:
        copy(folder / database.NAME, draft)
        draft.replace(target)
        sync_folder(target.parent)
    finally:
        draft.unlink(missing_ok=True)


def copy(source: Path, target: Path) -> None:
    """Copies one database into a single private file, which is on the disk then and was found sound.

    Raises:
        StoreError: The source is no sound database, or the target cannot be written.
    """
    if not source.is_file():
        raise StoreError(f"{source}: there is no such database. Check the folder that is configured as data.", source)
    target.unlink(missing_ok=True)
    with database.explaining(target), closing(database.create(target)) as written:
        with database.explaining(source), closing(database.open_existing(source)) as read:
            _transfer(read, written, target)
        written.execute("PRAGMA journal_mode = DELETE")  # A log beside it would have to be copied with it.
        _require_sound(written, source)
    handle = os.open(target, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def stage(file: Path, folder: Path) -> Path:
    """Prepares a backup to be put in place: copies it into a folder of its own, where it begins another history.

    Args:
        file: The backup.
        folder: The data folder, which the caller has locked.

    Returns:
        The folder of the copy, which can be opened as a store.

    Raises:
        StoreError: The backup is damaged, too new, or no database of ours, or the disk does not take it.
    """
    staged = folder / _STAGE
    shutil.rmtree(staged, ignore_errors=True)
    make_private_folder(staged)
    path = staged / database.NAME
    copy(file, path)
    with database.explaining(path), closing(database.open_existing(path)) as connection:
        version, known = database.version(connection), len(database.migrations())
        if version > known:
            raise StoreTooNew(file, found=version, known=known)
        if version == 0:
            raise StoreCorrupt(file, "it is no database of mjproxy")
        connection.execute("UPDATE meta SET value = lower(hex(randomblob(16))) WHERE key = 'history_id'")
    return staged


def put_in_place(staged: Path, folder: Path, aside: str) -> None:
    """Moves a staged database to its place; the one that was there is kept.

    Args:
        staged: What `stage` has returned; no store is open in it.
        folder: The data folder, which the caller has locked.
        aside: What the name of the database before gets added.
    """
    path = folder / database.NAME
    for companion in _COMPANIONS:  # A log that stayed would be taken for that of the new database.
        old = folder / f"{database.NAME}{companion}"
        if old.exists():
            old.replace(folder / f"{database.NAME}{aside}{companion}")
    (staged / database.NAME).replace(path)
    sync_folder(folder)
    shutil.rmtree(staged)


def _transfer(read: sqlite3.Connection, written: sqlite3.Connection, target: Path) -> None:
    try:
        read.backup(written)  # All pages in one step: that is one state, and writers are not held up by it.
    except sqlite3.Error as error:
        if error.sqlite_errorcode in _UNWRITABLE:
            raise StoreInaccessible(target, str(error)) from error
        raise


def _require_sound(connection: sqlite3.Connection, source: Path) -> None:
    (finding,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if finding != "ok":
        raise StoreCorrupt(source, str(finding).replace("\n", " "))
