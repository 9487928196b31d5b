"""Upkeep: old tasks expire, and the revision log is compacted."""

import logging
from dataclasses import dataclass
from typing import Final

from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.clock import now_ms
from mjproxy_server.model.errors import Unavailable
from mjproxy_server.store.interface import Store

_logger = logging.getLogger(__name__)

PAUSE: Final = 60.0
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

    async def step(self) -> None:
        """Tidies up once."""
        now = now_ms(self._clock)
        expired = await self._store.expire(now - int(self._retention.task_days * _MS_PER_DAY))
        if expired:
            _logger.info("%d tasks have expired", expired)
        await self._store.compact(self._retention.revisions, now - int(self._retention.revision_hours * _MS_PER_HOUR))
