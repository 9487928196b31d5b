"""Upkeep: dialogues that nobody confirms and old tasks expire, and the revision log is compacted."""

import logging
from dataclasses import dataclass
from typing import Final

from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.clock import now_ms
from mjproxy_server.model.errors import Unavailable
from mjproxy_server.model.facts import Failed
from mjproxy_server.model.task import Failure
from mjproxy_server.model.vocabulary import Reason, Status
from mjproxy_server.store.interface import Store, TaskQuery

_logger = logging.getLogger(__name__)

PAUSE: Final = 60.0
MODAL_MINUTES: Final = 30
"""How long a task waits for its dialogue to be confirmed."""
_BATCH: Final = 100
_NOT_CONFIRMED: Final = Failure(
    Reason.MODAL_EXPIRED,
    "Not confirmed",
    f"Nobody confirmed it within {MODAL_MINUTES} minutes; press the button again.",
)
_MS_PER_HOUR: Final = 3_600_000
_MS_PER_DAY: Final = 24 * _MS_PER_HOUR


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept: tasks after their end in days, revisions by number and by age in hours."""

    task_days: float = 30
    revisions: int = 1_000_000
    revision_hours: float = 24


class Upkeep:
    """Keeps the store within its bounds."""

    def __init__(self, store: Store, retention: Retention, clock: Clock) -> None:
        self._store = store
        self._retention = retention
        self._clock = clock

    async def run(self) -> None:
        """Tidies up once a minute until cancelled."""
        while True:
            try:
                await self.step()
            except Unavailable as error:
                _logger.warning("Upkeep of the store failed, and is tried again in a minute: %s", error)
            await self._clock.sleep(PAUSE)

    async def _expire_modals(self, now: int) -> None:
        """Ends the tasks that have waited too long for somebody to confirm them."""
        until = now - MODAL_MINUTES * 60_000
        query = TaskQuery(statuses=frozenset({Status.MODAL}), submitted_until=until, oldest_first=True, limit=_BATCH)
        while expired := (await self._store.list(query)).tasks:
            for task in expired:
                await self._store.record(task.id, Failed(now, _NOT_CONFIRMED))

    async def step(self) -> None:
        """Tidies up once."""
        now = now_ms(self._clock)
        await self._expire_modals(now)
        expired = await self._store.expire(now - int(self._retention.task_days * _MS_PER_DAY))
        if expired:
            _logger.info("%d tasks have expired", expired)
        await self._store.compact(self._retention.revisions, now - int(self._retention.revision_hours * _MS_PER_HOUR))
