"""The delivery desk: hands out the callbacks that are due to whoever asks for them, and takes in what became of them.

The outbox has a clock of its own, which is never set. So the desk says of a lease how long it lasts, and the times that
it shows to operators are those that the machine's clock, as it is set now, will show.

It keeps nothing: what is due lies in the store. Those who wait look again when the bell rings, which it does at each
change that a hook is told of and at each report, and when the store has said that time alone makes something due.
"""

import asyncio
import logging
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.bell import Bell
from mjproxy_server.engine.clock import SteadyTime
from mjproxy_server.model.errors import Unavailable
from mjproxy_server.model.outbox import Entry, Report, is_told
from mjproxy_server.store.deliveries import Delivery, DeliveryListing, DeliveryQuery, Record
from mjproxy_server.store.interface import Revision, Store

_logger = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Handed:
    """A callback that was handed out.

    Attributes:
        delivery: The callback.
        lasting_ms: How long its lease lasts, in milliseconds from when it was asked for.
    """

    delivery: Delivery
    lasting_ms: int


class DeliveryDesk:
    """Hands out callbacks, and takes back what became of them.

    Args:
        store: Where the outbox is.
        hook: Where the changes of tasks without a hook of their own are told; "" for nowhere.
        clock: The time.
        steady: The time of the outbox.
        rng: Spreads the tries.
    """

    def __init__(self, store: Store, hook: str, clock: Clock, steady: SteadyTime, rng: random.Random) -> None:
        self._deliveries = store.deliveries
        self._hook = hook
        self._clock = clock
        self._steady = steady
        self._rng = rng
        self._bell = Bell()
        self._unsubscribe = store.subscribe(self._follow)

    async def lease(self, most: int, wait_seconds: float) -> tuple[Handed, ...]:
        """Leases what is due; waits for something if there is nothing, up to `LONGEST_WAIT_SECONDS`.

        Raises:
            Unavailable: The server stops, or the disk fails.
        """
        asked_at = self._steady.now_ms()
        end = self._clock.monotonic() + min(wait_seconds, LONGEST_WAIT_SECONDS)
        while not self._bell.closed:
            rings = self._bell.rings
            found = await self._deliveries.lease(most)
            left = end - self._clock.monotonic()
            if found.deliveries or left <= 0:
                return tuple(Handed(each, each.lease.end_at - asked_at) for each in found.deliveries)
            await self._wait(rings, left, found.due_in_ms)
        raise Unavailable("The server is stopping; call again in a moment.")

    async def report(self, reports: Sequence[Report]) -> None:
        """Takes in what became of attempts."""
        spread = [replace(report, chance=self._rng.random()) for report in reports]
        for record in await self._deliveries.report(spread):
            _warn(record)
        self._bell.ring()

    async def list(self, query: DeliveryQuery) -> DeliveryListing:
        """Returns a page of what is not delivered."""
        listing = await self._deliveries.list(query)
        records = (Record(record.task_id, self._shown(record.entry)) for record in listing.records)
        return DeliveryListing(tuple(records), listing.more)

    async def retry(self, task_id: str) -> Entry:
        """Makes the newest state of a task due now.

        Raises:
            NothingToDeliver: There is none.
        """
        entry = await self._deliveries.retry(task_id)
        self._bell.ring()
        return self._shown(entry)

    async def drop(self, task_id: str) -> None:
        """Gives up what is not delivered of a task.

        Raises:
            NothingToDeliver: There is nothing.
        """
        await self._deliveries.drop(task_id)

    def close(self) -> None:
        """Ends every wait."""
        self._unsubscribe()
        self._bell.close()

    def _shown(self, entry: Entry) -> Entry:
        return entry if entry.due_at is None else replace(entry, due_at=self._steady.shown(entry.due_at))

    async def _wait(self, rings: int, seconds: float, due_in_ms: int | None) -> None:
        """Returns when there may be something to lease, at the latest after so many seconds."""
        if due_in_ms is not None:
            seconds = min(seconds, due_in_ms / 1000)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._bell.wait(rings)

    def _follow(self, revisions: Sequence[Revision]) -> None:
        if any((each.subject.notify_hook or self._hook) and is_told(each.subject) for each in revisions):
            self._bell.ring()


def _warn(record: Record) -> None:
    entry = record.entry
    _logger.warning(
        "The callbacks of task %s to %s have failed for good (HTTP status %d): %s",
        record.task_id,
        urlsplit(entry.hook).hostname,
        entry.last_http_status,
        entry.last_error,
    )
