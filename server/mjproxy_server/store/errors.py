"""Why a store cannot be opened, in words for the operator; and what a failing disk is to the domain."""

import sqlite3
from pathlib import Path

from mjproxy_server.model.errors import Unavailable


class StoreError(OSError):
    """The store cannot be opened.

    Attributes:
        path: The file or folder concerned.
    """

    def __init__(self, message: str, path: Path) -> None:
        super().__init__(message)
        self.path = path


class StoreLocked(StoreError):
    """Another process works on the folder.

    Attributes:
        pid: The other process, or "" if it has not said yet.
    """

    def __init__(self, folder: Path, pid: str) -> None:
        holder = f"process {pid}" if pid else "another process"
        super().__init__(
            f"{folder}: in use by {holder}. Stop that server, or give this one another data folder.",
            folder,
        )
        self.pid = pid


class StoreTooNew(StoreError):
    """The database was written by a later version, whose schema this one does not know.

    Attributes:
        found: The version of the database's schema.
        known: The newest version known here.
    """

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            f"{path}: its schema has version {found}, this mjproxy knows versions up to {known}."
            " Run the mjproxy that wrote it or a later one, or choose another data folder.",
            path,
        )
        self.found = found
        self.known = known


class StoreCorrupt(StoreError):
    """The file is damaged, or is no database of ours."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"{path}: not a sound database ({problem})."
            " Put a backup in its place, or move it and its -wal and -shm files away to begin anew.",
            path,
        )


class StoreInaccessible(StoreError):
    """The folder or the database cannot be read and written."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"{path}: cannot be used ({problem}). Check its owner, its permissions and the free space of its disk.",
            path,
        )


def unavailable(error: sqlite3.Error) -> Unavailable:
    """Returns what the domain is told of a database error; it has no path in it and may be shown to a caller."""
    return Unavailable(f"The store cannot be used: {error}. Try again later.")
