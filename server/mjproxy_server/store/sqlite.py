"""The store in one SQLite file.

    folder/lock        one server at a time
    folder/mjproxy.db  tasks, revisions, outbox, request ids, accounts, gateway sessions, unknown messages
                       (with -wal and -shm beside it)

Writes go through one writer that groups commits; reads have connections of their own and see one state each.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

from mjproxy_server.model.facts import Confirmed, Fact
from mjproxy_server.model.task import Task
from mjproxy_server.store import database, queries, rows, units
from mjproxy_server.store.feed import Feed
from mjproxy_server.store.files import make_private_folder
from mjproxy_server.store.health import Health
from mjproxy_server.store.interface import Admission, Capacity, Listener, Listing, Revision, Submission, TaskQuery
from mjproxy_server.store.lock import FolderLock
from mjproxy_server.store.readers import Readers
from mjproxy_server.store.sqlite_accounts import SqliteAccounts
from mjproxy_server.store.sqlite_deliveries import SqliteDeliveries, bound_waits, readdress
from mjproxy_server.store.sqlite_sessions import SqliteSessions
from mjproxy_server.store.sqlite_unknown_messages import SqliteUnknownMessages
from mjproxy_server.store.writer import Commit, Committer, Writer

_READERS = 4

# A long clean-up is done in steps of so many rows, between which other writes get their turn.
_STEP = 200


class SqliteStore:
    """The store; `open_store` makes one. What its methods promise is said at `interface.Store`.

    Args:
        writer: The connection that writes.
        readers: The connections that read.
        lock: The lock on the folder.
        now: The clock, in Unix milliseconds.
        steady: The clock of the outbox, which is never set.
        hook: Where the changes of tasks without a hook of their own are told; "" for nowhere.
    """

    def __init__(
        self,
        writer: sqlite3.Connection,
        readers: Sequence[sqlite3.Connection],
        lock: FolderLock,
        *,
        now: Callable[[], int],
        steady: Callable[[], int],
        hook: str,
    ) -> None:
        self._now = now
        self._lock = lock
        self._connections = (*readers, writer)  # The writer last: SQLite then leaves no -wal file behind.
        self._history_id = rows.history_id(writer)
        self._oldest = rows.oldest(writer)
        self._feed = Feed(rows.head(writer))
        self._readers = Readers(readers)
        self._writer = Writer(Committer(writer, now, steady, hook), self._publish)
        self._accounts = SqliteAccounts(self._readers, self._writer)
        self._deliveries = SqliteDeliveries(self._readers, self._writer, steady)
        self._sessions = SqliteSessions(self._readers, self._writer)
        self._unknown_messages = SqliteUnknownMessages(self._readers, self._writer)

    @property
    def accounts(self) -> SqliteAccounts:
        """The accounts' records."""
        return self._accounts

    @property
    def deliveries(self) -> SqliteDeliveries:
        """The outbox of callbacks."""
        return self._deliveries

    @property
    def sessions(self) -> SqliteSessions:
        """The gateway sessions."""
        return self._sessions

    @property
    def unknown_messages(self) -> SqliteUnknownMessages:
        """The messages of the bots that were not understood."""
        return self._unknown_messages

    @property
    def health(self) -> Health:
        """Whether writes succeed."""
        return self._writer.health

    @property
    def after_crash(self) -> bool:
        """Whether the process before this one has died."""
        return self._lock.last_died

    @property
    def history_id(self) -> str:
        """The name of this log."""
        return self._history_id

    @property
    def head(self) -> int:
        """The newest revision that the listeners were told of."""
        return self._feed.head

    @property
    def oldest(self) -> int:
        """The oldest revision after which a watch may begin."""
        return self._oldest

    async def turn(self) -> None:
        """Returns when a write would be begun at once."""
        await self._writer.turn()

    async def submit(self, submission: Submission) -> Admission:
        """Queues a task."""
        return await self._writer.write(partial(units.submit, submission=submission))

    async def confirm(self, task_id: str, capacity: Capacity, fact: Confirmed) -> Admission:
        """Queues a task whose modal was confirmed."""
        return await self._writer.write(partial(units.confirm, task_id=task_id, capacity=capacity, fact=fact))

    async def find_request(self, caller: str, request_id: str, digest: bytes) -> Admission | None:
        """Returns the answer that `submit` would repeat."""
        return await self._readers.read(
            partial(queries.find_request, caller=caller, request_id=request_id, digest=digest, now_ms=self._now())
        )

    async def find_existing(self, once: str) -> Admission | None:
        """Returns the answer that `submit` would give to a task with this `once`."""
        return await self._readers.read(partial(queries.find_existing, once=once))

    async def record(self, task_id: str, *facts: Fact) -> Task | None:
        """Applies facts to a task."""
        return await self._writer.write(partial(units.record, task_id=task_id, facts=facts))

    async def get(self, task_id: str) -> tuple[Task, int] | None:
        """Returns a task and the revision it was read at."""
        return await self._readers.read(partial(queries.get, task_id=task_id))

    async def list(self, query: TaskQuery) -> Listing:
        """Returns a page of tasks."""
        return await self._readers.read(partial(queries.list_page, query=query))

    async def revisions(self, after: int, limit: int) -> tuple[Revision, ...]:
        """Returns the next revisions after a given one."""
        return await self._readers.read(partial(queries.revisions, after=after, limit=limit))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Has the listener told of every revision from now on."""
        return self._feed.subscribe(listener)

    async def wait_for(self, revision: int) -> None:
        """Returns when the head has reached the revision."""
        await self._feed.wait_for(revision)

    async def expire(self, before_ms: int) -> int:
        """Removes the tasks that ended before then."""
        total = 0
        while removed := await self._writer.write(partial(units.expire, before_ms=before_ms, limit=_STEP)):
            total += removed
        return total

    async def compact(self, keep_count: int, keep_after_ms: int) -> None:
        """Drops old revisions and request ids."""
        step = partial(units.compact, keep_count=keep_count, keep_after_ms=keep_after_ms, limit=_STEP)
        while await self._writer.write(step):
            pass
        await self._writer.write(units.forget_requests)

    async def probe(self) -> None:
        """Writes something that changes nothing."""
        await self._writer.write(units.probe)

    async def close(self) -> None:
        """Finishes what was begun and lets go of the files."""
        await self._writer.close()
        await self._readers.close()
        await asyncio.to_thread(self._release)

    def _release(self) -> None:
        for connection in self._connections:
            connection.close()
        self._lock.release()

    def _publish(self, commit: Commit) -> None:
        self._oldest = commit.oldest
        if commit.revisions:
            self._feed.publish(commit.revisions)


async def open_store(
    folder: Path, *, now: Callable[[], int], steady: Callable[[], int] | None = None, hook: str = ""
) -> SqliteStore:
    """Opens the store in a folder, and makes both if they are not there. Nothing is served before, so it may block.

    Args:
        folder: The data folder.
        now: The clock, in Unix milliseconds.
        steady: The clock by which callbacks become due: one that is never set while the store is open, if there is one.
        hook: Where the changes of tasks without a hook of their own are told; "" for nowhere.

    Raises:
        StoreLocked: Another process works on the folder.
        StoreTooNew: A later version has written the database.
        StoreCorrupt: The database is damaged.
        StoreInaccessible: The folder or the database cannot be read and written.
    """
    path = folder / database.NAME
    with database.explaining(path), ExitStack() as opened:
        make_private_folder(folder)
        lock = FolderLock(folder)
        opened.callback(lock.release)
        writer = opened.enter_context(closing(database.open_for_writing(path, database.migrations())))
        readers = [opened.enter_context(closing(database.open_for_reading(path))) for _ in range(_READERS)]
        readdress(writer, hook)
        bound_waits(writer, (steady or now)())
        store = SqliteStore(writer, readers, lock, now=now, steady=steady or now, hook=hook)
        opened.pop_all()  # From here on they are the store's to close.
        return store
