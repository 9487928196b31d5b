"""What the tests of the store submit and record, and a clock that stands still until it is moved."""

import asyncio
import os
import threading
from collections.abc import Sequence

from msgspec.structs import replace

from mjproxy_server.model.command import Imagine
from mjproxy_server.model.facts import Failed
from mjproxy_server.model.task import Failure, Task
from mjproxy_server.model.vocabulary import Action, Reason
from mjproxy_server.store import Capacity, Revision, SqliteStore, Submission, drawn_at

START = 1_782_000_000_000
HOUR = 60 * 60 * 1000
LONG = 10 if os.environ.get("MJPROXY_SOAK") else 1
"""How many times its short form a long test runs."""

ROOMY = Capacity(core_size=1_000_000, queue_size=0)


class Clock:
    """Tells the time it was set to, in Unix milliseconds."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now


def submission(
    *,
    account_id: str = "account",
    capacity: Capacity = ROOMY,
    caller: str = "",
    request_id: str | None = None,
    digest: bytes = b"digest",
    **fields: object,
) -> Submission:
    """Makes the submission of an imagine, whose task has these fields."""

    def build(task_id: str) -> Task:
        task = Task(
            id=task_id,
            caller=caller,
            account_id=account_id,
            action=Action.IMAGINE,
            command=Imagine("a cat"),
            prompt="a cat",
            description="/imagine a cat",
            submitted_at=drawn_at(task_id),
        )
        return replace(task, **fields)

    return Submission(
        builds=(build,),
        account_id=account_id,
        capacity=capacity,
        caller=caller,
        request_id=request_id,
        digest=digest,
    )


class Gate:
    """Holds up the writer in the middle of a transaction."""

    def __init__(self) -> None:
        self._entered = threading.Event()
        self._opened = threading.Event()

    def before(self, held: Submission) -> Submission:
        """The same submission, which gets no further than its gate."""

        def build(task_id: str) -> Task:
            self._entered.set()
            assert self._opened.wait(timeout=10)
            return held.builds[0](task_id)

        return replace(held, builds=(build,))

    async def reached(self) -> None:
        """Returns when the writer stands before the gate; by then, all tasks that were started have had their turn."""
        assert await asyncio.to_thread(self._entered.wait, 10)

    def open(self) -> None:
        """Lets the writer go on."""
        self._opened.set()


def failed(at: int) -> Failed:
    """The fact that a task failed at a time."""
    return Failed(at, Failure(Reason.BOT_ERROR, "Broken", "It did not work."))


async def submit_many(store: SqliteStore, count: int, **fields: object) -> list[Task]:
    """Submits so many tasks at once; returns them, the oldest first."""
    submissions = [submission(**fields) for _ in range(count)]  # type: ignore[arg-type]
    return [admission.task for admission in await asyncio.gather(*map(store.submit, submissions))]


async def whole_log(store: SqliteStore) -> tuple[Revision, ...]:
    """Reads all revisions that are held."""
    return await store.revisions(store.oldest, limit=1_000_000)


def replay(revisions: Sequence[Revision]) -> dict[str, Task]:
    """What a watcher knows who has seen these revisions."""
    tasks: dict[str, Task] = {}
    for revision in revisions:
        if revision.task is None:
            del tasks[revision.task_id]
        else:
            tasks[revision.task_id] = revision.task
    return tasks
