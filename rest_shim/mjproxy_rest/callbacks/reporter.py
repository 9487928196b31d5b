"""Reports to the server what became of attempts.

A report costs a call and a commit, however much is in it. So what ends while one is under way, and a moment longer, is
reported together.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from mjproxy.backoff import Backoff
from mjproxy.errors import DeadlineExceeded, ServerError, Unavailable
from mjproxy.v1.delivery_service_pb2 import DeliveryResult
from mjproxy_rest.callbacks.outbox import Outbox

_log = logging.getLogger(__name__)

_GATHERING_SECONDS: Final = 0.005


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt that has ended.

    Attributes:
        result: What became of it.
        lease_end: Until when the server wants to hear of it, by the reporter's clock.
    """

    result: DeliveryResult
    lease_end: float


class Reporter:
    """Reports attempts as they end, for as long as it runs."""

    def __init__(self, outbox: Outbox, monotonic: Callable[[], float]) -> None:
        """Prepares to report.

        Args:
            outbox: Takes the reports.
            monotonic: Seconds since some fixed moment; never goes back.
        """
        self._outbox = outbox
        self._monotonic = monotonic
        self._ended: asyncio.Queue[Ended] = asyncio.Queue()

    def add(self, ended: Ended) -> None:
        """Takes in what is to be reported."""
        self._ended.put_nowait(ended)

    async def run(self) -> None:
        """Runs until it is cancelled."""
        while True:
            batch = [await self._ended.get()]
            await asyncio.sleep(_GATHERING_SECONDS)
            while not self._ended.empty():
                batch.append(self._ended.get_nowait())
            await self._report(batch)
            for _ in batch:
                self._ended.task_done()

    async def all_reported(self) -> None:
        """Returns when nothing is left to report."""
        await self._ended.join()

    async def _report(self, batch: Sequence[Ended]) -> None:
        """Reports until the server has heard of it, or would no longer listen."""
        pauses = Backoff(limit=5)
        while results := [each.result for each in batch if each.lease_end > self._monotonic()]:
            try:
                await self._outbox.report(results)
            except (Unavailable, DeadlineExceeded):
                await asyncio.sleep(next(pauses))
            except ServerError as error:
                _log.error("what became of %d callbacks could not be reported: %s", len(results), error)
                return
            else:
                return
