# Generated from mjproxy/aio by clients/python/unasync.py: change it there.
"""The buttons under a task's result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from mjproxy.errors import NotOffered
from mjproxy.pressing import named, pressable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mjproxy.settings import SubmitSettings
    from mjproxy.sync.task import Task
    from mjproxy.v1 import task_pb2 as pb

    Press = Callable[[str, SubmitSettings], Task]


class Button:
    """A button under a task's result.

    Attributes:
        message: The button as the server sent it.
    """

    __slots__ = ("_press", "message")

    def __init__(self, message: pb.Button, press: Press) -> None:
        self.message = message
        self._press = press

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    @property
    def name(self) -> str:
        """Its label; its emoji if it has none."""
        return self.message.label or self.message.emoji

    def click(self, **settings: Unpack[SubmitSettings]) -> Task:
        """Presses it.

        Returns:
            The new task. In the status "modal" it waits for its `confirm`.

        Raises:
            Refused: The task does not offer this any more.

        Example:
            >>> varied = grid.buttons["V2"].click(state="mine")
        """
        return self._press(self.message.custom_id, settings)


class Buttons:
    """The buttons of a task, in their order; those that only lead to a website are left out.

    Example:
        >>> grid.buttons["u2"]
        <Button U2>
        >>> "Custom Zoom" in grid.buttons
        False
        >>> len(grid.buttons)
        9
    """

    __slots__ = ("_press", "_task")

    def __init__(self, task: pb.Task, press: Press) -> None:
        self._task = task
        self._press = press

    def __getitem__(self, name: str) -> Button:
        """Finds a button by its custom id, label or emoji.

        Raises:
            NotOffered: There is none, or the emoji stands on several.
        """
        return Button(named(self._task, name), self._press)

    def __contains__(self, name: str) -> bool:
        try:
            named(self._task, name)
        except NotOffered:
            return False
        return True

    def __iter__(self) -> Iterator[Button]:
        return (Button(button, self._press) for button in pressable(self._task))

    def __len__(self) -> int:
        return len(pressable(self._task))
