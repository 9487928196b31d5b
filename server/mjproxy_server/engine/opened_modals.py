"""The modals that presses open in the Remix mode only, which tell that it is on, and are answered once.

Each is answered as the caller said, or unchanged if the caller was not asked.
"""

import asyncio
from collections.abc import Callable, Coroutine

from mjproxy_server.engine.dialogues import depends_on_remix
from mjproxy_server.engine.recovery import has_open_modal
from mjproxy_server.midjourney.messages import BotMessage, Event, ModalOpened
from mjproxy_server.model.task import Task

Answer = Callable[[Task, ModalOpened], Coroutine[object, object, None]]
"""Answers the modal that a task has opened."""


class OpenedModals:
    """The modals that the presses of one account have opened.

    Args:
        answer: Answers one of them.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._opened: asyncio.Queue[tuple[Task, ModalOpened]] = asyncio.Queue()
        self._answered: dict[str, str] = {}  # The newest modal that each task has opened.

    def take_over(self, task: Task) -> None:
        """Takes note of a task that an earlier process has begun, and which may have opened its modal there."""
        if has_open_modal(task):
            self._answered[task.id] = task.trace.interaction_id

    def heed(self, task: Task, event: Event) -> bool | None:
        """Has the modal of a press answered, once however often it comes.

        Args:
            task: A task at work.
            event: What was heard of it.

        Returns:
            Whether the press shows that the bot's Remix mode is on; None if it tells nothing of that.
        """
        if not depends_on_remix(task) or task.cancel_requested_at:
            return None
        if isinstance(event, ModalOpened) and self._is_news(task, event):
            self._answered[task.id] = event.id
            self._opened.put_nowait((task, event))
            return True
        drawn = isinstance(event, BotMessage) and event.content is not None
        return False if drawn and task.id not in self._answered else None

    def _is_news(self, task: Task, modal: ModalOpened) -> bool:
        return modal.nonce in {"", task.trace.nonce} and self._answered.get(task.id) != modal.id

    def forget(self, task_id: str) -> None:
        """Takes note that a task has ended."""
        self._answered.pop(task_id, None)

    async def run(self) -> None:
        """Answers modals until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._answer(*await self._opened.get()))
