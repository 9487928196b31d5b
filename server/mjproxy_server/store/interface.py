"""The store, as the engine sees it: tasks, and one ordered log of what became of them.

Every change of a task is a revision, numbered 1, 2, 3, ... without a gap. A task and its revision are written in one
transaction, and an answer is given only when that transaction is on the disk. Whoever wants to follow the tasks reads
the log: from `revisions` up to the head, from `subscribe` beyond it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct

from mjproxy_server.model.facts import Confirmed, Fact
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Action, Status
from mjproxy_server.store.accounts import AccountStore
from mjproxy_server.store.deliveries import DeliveryStore
from mjproxy_server.store.health import Health
from mjproxy_server.store.sessions import SessionStore
from mjproxy_server.store.unknown_messages import UnknownMessageStore

REQUEST_ID_LIFETIME_MS = 24 * 60 * 60 * 1000
"""How long a repeated request id gets the first answer again."""


class Revision(Struct, frozen=True):
    """One entry of the log.

    Attributes:
        number: Its place; the first is 1.
        subject: The task as it became; if it was removed, as it last was, so that filters can be asked about it.
        removed: Whether this revision removed the task.
    """

    number: int
    subject: Task
    removed: bool = False

    @property
    def task_id(self) -> str:
        """The task's id."""
        return self.subject.id

    @property
    def task(self) -> Task | None:
        """The task as it became; None if it was removed."""
        return None if self.removed else self.subject


class Capacity(Struct, frozen=True):
    """How many tasks an account takes.

    Attributes:
        core_size: How many may be at work.
        queue_size: How many may wait besides.
    """

    core_size: int
    queue_size: int

    def admits(self, unfinished: int, more: int = 1) -> bool:
        """Tells whether an account with so many queued or running tasks takes so many more."""
        return unfinished + more <= self.core_size + self.queue_size

    def position(self, unfinished: int) -> int:
        """Returns how many waiting tasks are ahead of the next one."""
        return max(0, unfinished - self.core_size)


class Submission(Struct, frozen=True, kw_only=True):
    """A task that wants to be queued.

    Attributes:
        builds: Each makes a task for an id that the store draws; all are queued, or none. They run inside the
            transaction, in another thread: they must be pure and quick. A task in status MODAL takes no place.
        account_id: The account whose queue it joins.
        capacity: What that account takes.
        caller: The name of the caller's key; request ids are the caller's own.
        request_id: The caller's id of this request, or None.
        digest: A digest of the request's content, which tells a repeat from a reuse of its id.
    """

    builds: tuple[Callable[[str], Task], ...]
    account_id: str
    capacity: Capacity
    caller: str
    request_id: str | None
    digest: bytes


class Admission(Struct, frozen=True, kw_only=True):
    """The answer to an accepted submission.

    Attributes:
        tasks: The tasks as they were first stored; the earlier one, as it is now, if it existed.
        queue_position: How many waiting tasks were ahead of the first.
        revision: The revision that stored the last of them.
        existed: True if nothing was stored, since there is a task with the same `once`.
        deduplicated: True if an earlier submission is answered once more.
    """

    tasks: tuple[Task, ...]
    queue_position: int
    revision: int
    existed: bool = False
    deduplicated: bool = False

    @property
    def task(self) -> Task:
        """The first task."""
        return self.tasks[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuery:
    """Which tasks to list, and which page of them. What is empty, "" or None lets everything through.

    Attributes:
        ids: The task is one of these.
        statuses: Its status is one of these.
        actions: Its action is one of these.
        account_id: It is this account's.
        parent_id: It works on this task's result.
        caller: It was submitted with the key of this name; "" is the caller of a server without keys.
        state: It carries this text; "" finds those without one.
        submitted_from: It was submitted then or later, in Unix milliseconds by the clock of `ids.drawn_at`.
        submitted_until: It was submitted before then.
        oldest_first: The order; by default the newest comes first.
        after_id: The last id of the page before, or "" for the first page.
        limit: The size of the page.
    """

    ids: frozenset[str] = frozenset()
    statuses: frozenset[Status] = frozenset()
    actions: frozenset[Action] = frozenset()
    account_id: str = ""
    parent_id: str = ""
    caller: str | None = None
    state: str | None = None
    submitted_from: int | None = None
    submitted_until: int | None = None
    oldest_first: bool = False
    after_id: str = ""
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of tasks.

    Attributes:
        tasks: The tasks, in the order that was asked for.
        revision: The newest revision when they were read: a watch that begins after it misses nothing.
        more: Whether there is a further page.
    """

    tasks: tuple[Task, ...]
    revision: int
    more: bool


Listener = Callable[[Sequence[Revision]], None]


class Store(Protocol):
    """Tasks and the log of their revisions.

    A write is done, and stays done, when its method returns; if the caller is cancelled before, it is done all the
    same. Every method that touches the disk raises `Unavailable` when the disk fails, and then the write was not made
    as far as anybody can see; only a crash right after may bring it back.
    """

    @property
    def accounts(self) -> AccountStore:
        """The accounts' records."""
        ...

    @property
    def deliveries(self) -> DeliveryStore:
        """The outbox of callbacks."""
        ...

    @property
    def sessions(self) -> SessionStore:
        """Where the gateway sessions can be resumed."""
        ...

    @property
    def unknown_messages(self) -> UnknownMessageStore:
        """The messages of the bots that were not understood."""
        ...

    @property
    def health(self) -> Health:
        """Whether writes succeed, as the last one has shown."""
        ...

    @property
    def after_crash(self) -> bool:
        """Whether the process that had the store before this one has died, instead of closing it."""
        ...

    @property
    def history_id(self) -> str:
        """The name of this log, random, made with the database: revisions of two histories cannot be compared."""
        ...

    @property
    def head(self) -> int:
        """The newest revision that the listeners were told of; 0 before the first. A read may know a newer one."""
        ...

    @property
    def oldest(self) -> int:
        """The oldest revision after which a watch may begin: the newest one that was compacted away, or 0."""
        ...

    async def turn(self) -> None:
        """Returns when a write would be begun at once: now, unless another one is being committed.

        Who waits for that with what has to be done before a write loses no time, for the write would have to wait. But
        all who do so then work one after the other, which the processor's caches make much cheaper.
        """
        ...

    async def submit(self, submission: Submission) -> Admission:
        """Queues a task, or gives the first answer to its request id once more.

        Raises:
            QueueFull: The account takes no more; the error has the id that was drawn, and nothing was stored.
            RequestIdReused: The request id came within 24 hours with another digest.
        """
        ...

    async def confirm(self, task_id: str, capacity: Capacity, fact: Confirmed) -> Admission:
        """Queues a task that waits for its modal to be confirmed; a repeat gets the first answer.

        Args:
            task_id: The task.
            capacity: What its account takes.
            fact: The confirmation; the store sets its place in the queue.

        Raises:
            TaskNotFound: There is no such task.
            NotModal: It waits for no confirmation.
            QueueFull: The account takes no more; the task goes on waiting for its confirmation.
        """
        ...

    async def find_request(self, caller: str, request_id: str, digest: bytes) -> Admission | None:
        """Returns the answer that `submit` would repeat, or None: a question to ask before expensive work.

        Raises:
            RequestIdReused: As for `submit`.
        """
        ...

    async def find_existing(self, once: str) -> Admission | None:
        """Returns the answer that `submit` would give to a task with this `once`, or None if there is none yet."""
        ...

    async def record(self, task_id: str, *facts: Fact) -> Task | None:
        """Applies the facts to the task, in order, and stores what they made of it as one revision.

        What is `Reported` is stored at once, too, and each of its reports that changes something is a revision.

        Returns:
            The task as it is then, or None if there is none. Facts that change nothing make no revision.
        """
        ...

    async def get(self, task_id: str) -> tuple[Task, int] | None:
        """Returns the task and the newest revision when it was read, or None if there is no such task."""
        ...

    async def list(self, query: TaskQuery) -> Listing:
        """Returns a page of tasks, all read at one revision."""
        ...

    async def revisions(self, after: int, limit: int) -> tuple[Revision, ...]:
        """Returns up to `limit` revisions after a given one, in order; none if that is the newest.

        Raises:
            RevisionGone: Revisions after the given one were compacted away, or it lies in the future.
        """
        ...

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Has the listener called with every revision from now on; returns what ends that.

        The listener runs on the event loop, in the order of the revisions, none skipped, after they are on the disk
        and before those who wrote them go on. It must not block, and it must not raise.
        """
        ...

    async def wait_for(self, revision: int) -> None:
        """Returns when `head` has reached the revision."""
        ...

    async def expire(self, before_ms: int) -> int:
        """Removes the tasks that ended before then, in Unix milliseconds; each removal is a revision.

        Returns:
            How many were removed.
        """
        ...

    async def compact(self, keep_count: int, keep_after_ms: int) -> None:
        """Drops old revisions, beyond so many or older than then; also forgets request ids older than 24 hours.

        Tasks stay, whatever becomes of their revisions.
        """
        ...

    async def probe(self) -> None:
        """Writes something that changes nothing, to see whether the disk takes it."""
        ...

    async def close(self) -> None:
        """Finishes what was begun, refuses what comes later with `Unavailable`, and lets go of the files."""
        ...
