"""Putting a backup in the place of the store.

A backup tells how things stood when it was taken. A task that was unfinished then may have been drawn, and paid for,
since; so it ends, with a word to its caller, unless the operator knows that no server has worked since the backup.
"""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from mjproxy_server.model.facts import Failed
from mjproxy_server.model.task import Failure
from mjproxy_server.model.vocabulary import ENDED, Reason, Status
from mjproxy_server.store import backup, database
from mjproxy_server.store.files import make_private_folder
from mjproxy_server.store.interface import TaskQuery
from mjproxy_server.store.lock import FolderLock
from mjproxy_server.store.sqlite import SqliteStore, open_store

_PAGE: Final = 500
_UNFINISHED: Final = frozenset(Status) - ENDED
_RESTORED: Final = Failure(
    Reason.INTERRUPTED,
    "Interrupted",
    "The server's store was restored from a backup in which the task had not ended. Look into the channel for its"
    " result before you submit it again: the bot may have finished it.",
)


async def restore(file: Path, folder: Path, *, hook: str, now: Callable[[], int], keep_unfinished: bool) -> int:
    """Puts a backup in the place of the database, with another history; the database before is kept beside it.

    Args:
        file: The backup.
        folder: The data folder; no server runs on it.
        hook: Where the changes of tasks without a hook of their own are told; "" for nowhere.
        now: The clock, in Unix milliseconds.
        keep_unfinished: Whether tasks that had not ended go on.

    Returns:
        How many tasks were ended.

    Raises:
        StoreError: A server runs on the folder, the backup is not sound, or the disk does not take it. Nothing has
            changed.
    """
    with database.explaining(folder / database.NAME), ExitStack() as held:
        make_private_folder(folder)
        held.callback(FolderLock(folder).release)
        staged = backup.stage(file, folder)
        store = await open_store(staged, now=now, hook=hook)
        try:
            ended = 0 if keep_unfinished else await _end_unfinished(store, now)
        finally:
            await store.close()
        moment = datetime.fromtimestamp(now() / 1000, UTC)
        backup.put_in_place(staged, folder, f".replaced-{moment:%Y%m%dT%H%M%SZ}")
    return ended


async def _end_unfinished(store: SqliteStore, now: Callable[[], int]) -> int:
    ended = 0
    while page := (await store.list(TaskQuery(statuses=_UNFINISHED, limit=_PAGE))).tasks:
        for task in page:
            await store.record(task.id, Failed(now(), _RESTORED))
        ended += len(page)
    return ended
