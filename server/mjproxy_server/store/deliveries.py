"""The outbox of callbacks, as the engine sees it. What is written into it, and when, `model.outbox` says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from mjproxy_server.model.outbox import Entry, Lease, Report
from mjproxy_server.model.task import Task

MOST_PER_HOST: Final = 8
"""How many attempts are leased at a time for one host: one that is dead or slow leaves the rest to others."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A callback to make.

    Attributes:
        task: The task as it is to be told.
        entry: What is not delivered of it.
        lease: The right to make this attempt.
    """

    task: Task
    entry: Entry
    lease: Lease


@dataclass(frozen=True, slots=True)
class Deliveries:
    """What was leased.

    Attributes:
        deliveries: The callbacks to make, at most one for each task.
        due_in_ms: If there are none, in how many milliseconds something becomes due by the mere passing of time; None
            if nothing does.
    """

    deliveries: tuple[Delivery, ...] = ()
    due_in_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """The entry of a task, by its id."""

    task_id: str
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryQuery:
    """Which entries to list, the oldest task first.

    Attributes:
        failed: Only those that have failed for good, or only those that have not; None for all.
        after_id: The last task of the page before; "" for the first page.
        limit: The size of the page.
    """

    failed: bool | None = None
    after_id: str = ""
    limit: int = 100


@dataclass(frozen=True, slots=True)
class DeliveryListing:
    """A page of entries, and whether there is a further one."""

    records: tuple[Record, ...]
    more: bool


class DeliveryStore(Protocol):
    """The outbox. What `Store` says of writes and of failing disks holds here too.

    Its times are those of a clock of its own, which is never set while the store is open.

    Entries are made by the transactions that change tasks; these methods deliver them.
    """

    async def lease(self, most: int) -> Deliveries:
        """Leases what is due, at most so many, of which at most `MOST_PER_HOST` are out for one host."""
        ...

    async def report(self, reports: Sequence[Report]) -> tuple[Record, ...]:
        """Takes in what became of attempts; a report on a lease that has ended, or is unknown, changes nothing.

        Returns:
            What has failed for good now.
        """
        ...

    async def list(self, query: DeliveryQuery) -> DeliveryListing:
        """Returns a page."""
        ...

    async def retry(self, task_id: str) -> Entry:
        """Makes the newest state of a task due now, as if for the first time.

        Raises:
            NothingToDeliver: There is none.
        """
        ...

    async def drop(self, task_id: str) -> None:
        """Gives up what is not delivered of a task.

        Raises:
            NothingToDeliver: There is nothing.
        """
        ...
