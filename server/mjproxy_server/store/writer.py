"""The one writer: it takes what waits and commits it together.

A commit costs a write-through to the disk, however much is in it. While one batch is being committed in the writer's
thread, the next gathers on the event loop; so the more is to be written, the more each commit carries. Where the last
one carried several, others are on their way, and the next waits for them a moment; who writes alone waits for nobody.
Callers get their answers only after the commit, and after the revisions were published.

A unit of work that fails takes nothing of its neighbours with it. Most that fail have written nothing by then, so there
are no savepoints, which would cost as much as a write; if one has, its batch is undone, and done again with savepoints.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

from mjproxy_server.model.errors import Unavailable
from mjproxy_server.store import rows
from mjproxy_server.store.errors import unavailable
from mjproxy_server.store.health import Health
from mjproxy_server.store.ids import IdSource
from mjproxy_server.store.interface import Revision
from mjproxy_server.store.queue_counts import QueueCounts
from mjproxy_server.store.transaction import HalfDone, Transaction

logger = logging.getLogger(__name__)

_MOST_IN_A_BATCH = 256  # It bounds how long one caller waits for the work of others.
_GATHERING_SECONDS = 0.002  # So long a batch waits, once, if it is smaller than the last one.

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Unit = Callable[[Transaction], T]


@dataclass(frozen=True, slots=True)
class Commit:
    """What a batch came to.

    Attributes:
        revisions: What it added to the log.
        oldest: The newest revision that is no longer held.
    """

    revisions: tuple[Revision, ...]
    oldest: int


class Job(Generic[T_co]):
    """A unit of work and the future that its caller awaits."""

    def __init__(self, unit: Unit[T_co], answer: asyncio.Future[T_co]) -> None:
        self._unit = unit
        self._answer = answer
        self._outcome: Callable[[], object] = answer.cancel  # So nobody waits for ever for what nobody does.

    def attempt(self, transaction: Transaction) -> None:
        """Does the work; keeps the result, or the error if that is the unit's own.

        Raises:
            HalfDone: It has failed half-way, and the whole transaction is to be done again.
            sqlite3.Error: The whole transaction was lost with it.
        """
        try:
            with transaction.unit():
                value = self._unit(transaction)
        except HalfDone:
            raise
        except sqlite3.Error as error:
            if transaction.lost:
                raise
            logger.exception("A write failed")
            self.fail(error)
        except Exception as error:  # noqa: BLE001 - what the unit raises is for its caller to judge
            self.fail(error)
        else:
            self._outcome = partial(self._answer.set_result, value)

    def fail(self, error: Exception) -> None:
        """Lets the caller have this error."""
        told = unavailable(error) if isinstance(error, sqlite3.Error) else error
        self._outcome = partial(self._answer.set_exception, told)

    def settle(self) -> None:
        """Answers the caller, unless it has gone. Only on the event loop."""
        if not self._answer.done():
            self._outcome()


class Committer:
    """Does batches of jobs, each in one transaction. It blocks, and is used by one thread at a time.

    Args:
        connection: The connection that writes; nobody else uses it.
        now: The clock, in Unix milliseconds.
        steady: The clock of the outbox, which is never set.
        hook: Where the changes of tasks without a hook of their own are told; "" for nowhere.

    Attributes:
        trouble: Why the last batch failed; "" if it did not.
    """

    def __init__(
        self, connection: sqlite3.Connection, now: Callable[[], int], steady: Callable[[], int], hook: str = ""
    ) -> None:
        self._connection = connection
        self._now = now
        self._steady = steady
        self._hook = hook
        self._ids = IdSource(rows.last_key(connection))
        self._queues = QueueCounts()
        self.trouble = ""

    def commit(self, jobs: Sequence[Job[object]]) -> Commit | None:
        """Does the jobs; returns None if none of them was stored, for then each of them has failed."""
        written = self._connection.total_changes
        try:
            commit = self._commit_even_if_some_fail(jobs)
        except Exception as error:
            if not self.trouble:  # While the disk fails, each write would tell the same.
                logger.exception("%d writes failed", len(jobs))
            self.trouble = str(error)
            self._roll_back()
            for job in jobs:
                job.fail(error)
            return None
        if self._connection.total_changes > written:  # A commit of nothing shows nothing.
            self.trouble = ""
        return commit

    def _commit_even_if_some_fail(self, jobs: Sequence[Job[object]]) -> Commit:
        try:
            return self._commit(jobs, savepoints=False)
        except HalfDone:
            self._roll_back()
            return self._commit(jobs, savepoints=True)

    def _commit(self, jobs: Sequence[Job[object]], *, savepoints: bool) -> Commit:
        self._connection.execute("BEGIN IMMEDIATE")
        now, steady = self._now(), self._steady()
        transaction = Transaction(
            self._connection, now, steady, self._ids, self._queues, hook=self._hook, savepoints=savepoints
        )
        for job in jobs:
            job.attempt(transaction)
        oldest = rows.oldest(self._connection)
        self._connection.execute("COMMIT")
        return Commit(tuple(transaction.revisions), oldest)

    def _roll_back(self) -> None:
        self._queues.forget()
        with suppress(sqlite3.Error):  # If even this fails, the next batch is told so by its BEGIN.
            self._connection.rollback()


class Writer:
    """Hands batches to the committer, in a thread of its own, as long as there is work.

    Args:
        committer: What does the batches.
        publish: Called on the event loop after each commit, before its callers are answered. It must not raise.

    Attributes:
        health: Whether writes succeed.
    """

    def __init__(self, committer: Committer, publish: Callable[[Commit], None]) -> None:
        self.health = Health()
        self._committer = committer
        self._publish = publish
        self._loop = asyncio.get_running_loop()
        self._turns: list[asyncio.Future[None]] = []
        self._waiting: list[Job[object]] = []
        self._awaited = 1
        self._batches: SimpleQueue[list[Job[object]]] = SimpleQueue()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = False
        # A process that fails before it closes the store must end nevertheless; a commit can be cut off at any time.
        self._thread = Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()

    async def turn(self) -> None:
        """Returns when what is written then goes into the next batch: at once, unless one is being committed."""
        if not self._idle.is_set():
            turn = self._loop.create_future()
            self._turns.append(turn)
            await turn

    async def write(self, unit: Unit[T]) -> T:
        """Returns what the unit returned, once that is on the disk. It is done even if the caller is cancelled.

        Raises:
            Unavailable: The disk failed, or the writer is closed.
            Exception: Whatever the unit raised; then nothing of it was stored.
        """
        if self._closing:
            raise Unavailable("The store is closed.")
        answer: asyncio.Future[T] = self._loop.create_future()
        job: Job[T] = Job(unit, answer)
        self._waiting.append(job)
        if self._idle.is_set():
            self._idle.clear()
            self._loop.call_soon(self._begin)
        return await answer

    async def close(self) -> None:
        """Commits what waits, then ends."""
        self._closing = True
        await self._idle.wait()
        self._batches.put([])
        self._thread.join()

    def _begin(self) -> None:
        """Begins a batch; if it is to be smaller than the last one, after a moment in which more may come."""
        if len(self._waiting) + len(self._turns) < self._awaited:
            self._awaited = 1
            self._loop.call_later(_GATHERING_SECONDS, self._begin)
            return
        turns, self._turns = self._turns, []
        for turn in turns:
            if not turn.done():
                turn.set_result(None)
        self._loop.call_soon(self._hand_over)  # It comes after those whose turn it is.

    def _hand_over(self) -> None:
        """Hands what waits to the thread."""
        batch = self._waiting[:_MOST_IN_A_BATCH]
        del self._waiting[:_MOST_IN_A_BATCH]
        self._awaited = len(batch)
        if batch:
            self._batches.put(batch)
        else:
            self._go_on()

    def _work(self) -> None:
        """What the thread does: it commits one batch after the other, until there is an empty one."""
        while batch := self._batches.get():
            commit = self._committer.commit(batch)
            self._loop.call_soon_threadsafe(self._finish, batch, commit)

    def _finish(self, batch: Sequence[Job[object]], commit: Commit | None) -> None:
        """Tells of a commit; the next one takes along what this turn of the loop brings."""
        self.health.note(self._committer.trouble)
        if commit is not None:
            self._publish(commit)
        for job in batch:
            job.settle()
        self._go_on()

    def _go_on(self) -> None:
        if self._waiting or self._turns:
            self._loop.call_soon(self._begin)
        else:
            self._idle.set()
