"""Finding the button of a task that is meant: by what it is called, or by what it does."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal, get_args

from mjproxy.errors import NotOffered
from mjproxy.v1.task_pb2 import Button, Task

Side = Literal["left", "right", "up", "down"]
Motion = Literal["high", "low"]

SIDES: Final[tuple[Side, ...]] = get_args(Side)
MOTIONS: Final[tuple[Motion, ...]] = get_args(Motion)

REGION: Final = ("MJ::Inpaint::",)
CUSTOM_ZOOM: Final = ("MJ::CustomZoom::",)
_ZOOMS: Final = {1.5: ("MJ::Outpaint::75::",), 2.0: ("MJ::Outpaint::50::",)}

LEAST_ZOOM: Final = 1.0
MOST_ZOOM: Final = 2.0
"""What Custom Zoom takes, both included."""

# Emoji come with and without the selector that asks for their coloured form.
_COLOURED: Final = "\ufe0f"


def pressable(task: Task) -> Sequence[Button]:
    """The buttons that do something at the bot; links to its website do not."""
    return [button for button in task.buttons if button.custom_id]


def named(task: Task, name: str) -> Button:
    """The button with this custom id, label or emoji.

    Raises:
        NotOffered: There is none, or an emoji stands on several.
    """
    wanted = _plain(name)
    for kind in ("custom_id", "label", "emoji"):
        found = [button for button in pressable(task) if wanted and _plain(getattr(button, kind)) == wanted]
        if len(found) > 1:
            raise NotOffered(f"{name!r} is on several buttons of task {task.id}; name one of {called(found)}")
        if found:
            return found[0]
    raise _not_offered(task, repr(name))


def doing(task: Task, deeds: Iterable[str], wanted: str) -> Button:
    """The button whose custom id begins with one of `deeds`.

    Args:
        task: A finished task.
        deeds: What its custom id may begin with, the best first.
        wanted: What this is called in an error.

    Raises:
        NotOffered: There is none.
    """
    for deed in deeds:
        for button in pressable(task):
            if button.custom_id.startswith(deed):
                return button
    raise _not_offered(task, wanted)


def pan_to(side: Side) -> tuple[str, ...]:
    """What the button that pans to this side does."""
    if side not in SIDES:
        raise ValueError(f"side: {side!r} is none of {', '.join(SIDES)}")
    return (f"MJ::JOB::pan_{side}::",)


def animate_with(motion: Motion) -> tuple[str, ...]:
    """What the button that animates a picture, or extends a film, does."""
    if motion not in MOTIONS:
        raise ValueError(f"motion: {motion!r} is none of {', '.join(MOTIONS)}")
    return f"MJ::JOB::animate_{motion}::", f"MJ::JOB::animate_{motion}_extend::"


def zoom_by(factor: float, prompt: str) -> tuple[str, ...]:
    """What the button that zooms out does; it is the one for custom zooms if another one does not suffice."""
    if not LEAST_ZOOM <= factor <= MOST_ZOOM:
        raise ValueError(f"factor: {factor:g} is not within {LEAST_ZOOM:g} and {MOST_ZOOM:g}")
    return CUSTOM_ZOOM if prompt else _ZOOMS.get(factor, CUSTOM_ZOOM)


def called(buttons: Iterable[Button]) -> str:
    """What the buttons are called, for people."""
    return ", ".join(button.label or button.emoji for button in buttons) or "nothing"


def _not_offered(task: Task, wanted: str) -> NotOffered:
    return NotOffered(f"task {task.id} does not offer {wanted}; it offers {called(pressable(task))}")


def _plain(name: str) -> str:
    return name.replace(_COLOURED, "").strip().casefold()
