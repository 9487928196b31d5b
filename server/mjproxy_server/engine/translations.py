"""Results that are translated before they are stored, which may take seconds, for which nothing else waits."""

import asyncio

from mjproxy_server.engine.patience import PatientStore
from mjproxy_server.engine.wording import in_chinese
from mjproxy_server.model.facts import Finished
from mjproxy_server.prompts.prompts import Prompts


class Translations:
    """The results of one account that are on their way into Chinese.

    Args:
        prompts: Translates them.
        store: The task log.
    """

    def __init__(self, prompts: Prompts, store: PatientStore) -> None:
        self._prompts = prompts
        self._store = store
        self._wanted: asyncio.Queue[tuple[str, Finished]] = asyncio.Queue()

    def put(self, task_id: str, finished: Finished) -> None:
        """Has a task's end stored when its text is translated."""
        self._wanted.put_nowait((task_id, finished))

    async def join(self) -> None:
        """Returns when nothing is on its way."""
        await self._wanted.join()

    async def run(self) -> None:
        """Translates until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._finish(*await self._wanted.get()))

    async def _finish(self, task_id: str, finished: Finished) -> None:
        await self._store.record(task_id, await in_chinese(finished, self._prompts))
        self._wanted.task_done()
