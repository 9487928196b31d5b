"""What happens while the disk fails: those who work for tasks wait, and the store is tried until it takes writes again.

What Discord tells once it does not tell again, so a fact must not be lost because the disk is full: it waits, and what
comes after it waits behind it. Nothing new is sent meanwhile, since each step is stored before it is sent. Callers of
the API do not wait; they are told that the store cannot be used.
"""

import logging
from contextlib import suppress
from typing import Final

from mjproxy_server.discord.timing import Clock
from mjproxy_server.model.errors import Unavailable
from mjproxy_server.model.facts import Fact
from mjproxy_server.model.task import Task
from mjproxy_server.store.interface import Store

_logger = logging.getLogger(__name__)

PAUSE: Final = 1.0
"""Seconds between two tries."""


class PatientStore:
    """The tasks for those who must not lose a fact: it does not fail, it waits."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def record(self, task_id: str, *facts: Fact) -> Task | None:
        """Stores facts, as `Store.record` does; returns when they are stored, however long that takes."""
        while True:
            try:
                return await self._store.record(task_id, *facts)
            except Unavailable:
                await self._recovery()

    async def get(self, task_id: str) -> tuple[Task, int] | None:
        """Reads a task, as `Store.get` does; returns when it could be read, however long that takes."""
        while True:
            try:
                return await self._store.get(task_id)
            except Unavailable:
                await self._recovery()

    async def _recovery(self) -> None:
        await self._clock.sleep(PAUSE)
        await self._store.health.recovered()


async def keep_trying(store: Store, clock: Clock) -> None:
    """Tries a store whose writes fail until they succeed again; tells the operator of both. Runs until cancelled."""
    while True:
        await store.health.failed()
        _logger.error(
            "The store takes no writes (%s): submissions are refused, and tasks wait until it does."
            " Make room on its disk, or mend it",
            store.health.trouble,
        )
        while store.health.trouble:
            await clock.sleep(PAUSE)
            with suppress(Unavailable):
                await store.probe()
        _logger.warning("The store takes writes again")
