"""Leases callbacks from the server, has them posted, and has the server told what became of them.

A dead hook holds what is posted to it for as long as an attempt may take. It does not hold up the others: few attempts
are made at one host at once, and the server leases no more of one host's than a small part of all that can be under
way. Nor can the old overtake the new: an attempt is not begun, and not gone on with, when its lease has ended, since
the state of then may have been followed by a newer one.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final
from weakref import WeakValueDictionary

from mjproxy.backoff import Backoff
from mjproxy.errors import DeadlineExceeded, ServerError, Unavailable
from mjproxy.v1.delivery_service_pb2 import Delivery, DeliveryResult
from mjproxy_rest.callbacks import results
from mjproxy_rest.callbacks.outbox import Outbox
from mjproxy_rest.callbacks.poster import Poster
from mjproxy_rest.callbacks.reporter import Ended, Reporter

_log = logging.getLogger(__name__)

# Twice what 32 busy hosts have leased at once: where many are busy, a dead one leaves the others their share.
_MOST_AT_ONCE: Final = 512
_MOST_AT_ONE_HOST: Final = 4

# Where there was no room, more is made within this time, and one call leases for all of it. Meanwhile nothing is idle:
# what is leased is more than what is posted to its hosts at once.
_GATHERING_SECONDS: Final = 0.01

# Leasing that was refused is refused again until an operator changes something, so there is no hurry.
_REFUSED_SECONDS: Final = 30.0


class Sender:
    """Delivers what the outbox has, for as long as it runs."""

    def __init__(self, outbox: Outbox, poster: Poster, monotonic: Callable[[], float], drain_seconds: float) -> None:
        """Prepares to deliver.

        Args:
            outbox: What there is to deliver.
            poster: Makes the attempts.
            monotonic: Seconds since some fixed moment; never goes back. Leases are measured by it.
            drain_seconds: How long what is under way may take at the end.
        """
        self._outbox = outbox
        self._poster = poster
        self._monotonic = monotonic
        self._drain_seconds = drain_seconds
        self._reporter = Reporter(outbox, monotonic)
        self._attempts: set[asyncio.Task[None]] = set()
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._pauses = Backoff(limit=5)

    async def run(self) -> None:
        """Runs until it is cancelled; then leases nothing more, and gives what is under way time to end."""
        async with asyncio.TaskGroup() as tasks:
            reporting = tasks.create_task(self._reporter.run())
            try:
                while True:
                    await self._room()
                    asked_at = self._monotonic()
                    self._begin(await self._lease(), asked_at)
            finally:
                await self._drain()
                reporting.cancel()

    async def _room(self) -> None:
        """Waits until another attempt may begin."""
        if len(self._attempts) >= _MOST_AT_ONCE:
            await asyncio.wait(self._attempts, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(_GATHERING_SECONDS)

    async def _lease(self) -> Sequence[Delivery]:
        """Returns what may be delivered now; nothing, after a pause, if that cannot be learned."""
        try:
            leased = await self._outbox.lease(_MOST_AT_ONCE - len(self._attempts))
        except (Unavailable, DeadlineExceeded):
            await asyncio.sleep(next(self._pauses))
            return []
        except ServerError as error:
            _log.error("no callbacks are delivered, the server refuses to lease them (%s): check service_key", error)
            await asyncio.sleep(_REFUSED_SECONDS)
            return []
        self._pauses.reset()
        return leased

    def _begin(self, leased: Sequence[Delivery], asked_at: float) -> None:
        """Begins an attempt for each lease, unless it has ended on its way.

        Args:
            leased: What to deliver.
            asked_at: When the leases were asked for, which was before they began.
        """
        now, late = self._monotonic(), 0
        for delivery in leased:
            lease_end = asked_at + delivery.lease_duration.ToMilliseconds() / 1000
            if lease_end <= now:
                late += 1
                continue
            attempt = asyncio.create_task(self._deliver(delivery, lease_end))
            self._attempts.add(attempt)
            attempt.add_done_callback(self._attempts.discard)
        if late:
            _log.warning(
                "%d leases had ended when they came, %.0f s after the question: how slow is the way to the server?",
                late,
                now - asked_at,
            )

    async def _deliver(self, delivery: Delivery, lease_end: float) -> None:
        """Attempts within the lease; with its end, the right to do so has passed to others."""
        left = lease_end - self._monotonic()
        if left <= 0:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(left):
                self._reporter.add(Ended(await self._attempt(delivery), lease_end))

    async def _attempt(self, delivery: Delivery) -> DeliveryResult:
        try:
            async with self._turn(delivery.hook):
                return await self._poster.post(delivery)
        except Exception:  # noqa: BLE001 - one hook must not end the delivery to all others
            _log.exception("a fault in the delivery of a callback of task %s", delivery.task.id)
            return results.failed(delivery.lease_id, "a fault of the shim; its log says more")

    def _turn(self, hook: str) -> asyncio.Semaphore:
        """Returns what bounds the attempts at a hook's host; it is forgotten when nobody holds it or waits for it."""
        host = hook.partition("://")[2].partition("/")[0].lower()
        return self._turns.setdefault(host, asyncio.Semaphore(_MOST_AT_ONE_HOST))

    async def _drain(self) -> None:
        """Waits for the attempts; cancels those that take too long, which others make when their leases have ended."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._drain_seconds):
                    await asyncio.gather(*self._attempts)
                    await self._reporter.all_reported()
        finally:
            for attempt in self._attempts:
                attempt.cancel()
            await asyncio.gather(*self._attempts, return_exceptions=True)
