"""Drafts: what a checked request comes to, before an account has taken it. Pure.

A draft makes its tasks once the account and the ids are known. For a button of a finished task it also says how the
press is gone about: a plain press, a dialogue that the caller has to confirm first, or several tasks of their own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from mjproxy_server.engine.requests import SubmitRequest
from mjproxy_server.engine.wording import WORDLESS, Wording
from mjproxy_server.midjourney import custom_id, modals, prompt
from mjproxy_server.midjourney.custom_id import ButtonKind, Manner, Meaning
from mjproxy_server.midjourney.suggestions import prompts_of
from mjproxy_server.model.account import Account, AccountFilter
from mjproxy_server.model.command import (
    Blend,
    Change,
    Describe,
    FaceSwap,
    Imagine,
    Press,
    Shorten,
    StoredImage,
)
from mjproxy_server.model.errors import ActionNotOffered, InvalidField
from mjproxy_server.model.task import Button, Confirmation, Modal, Result, Source, Task
from mjproxy_server.model.vocabulary import Action, Bot, Fault, Mode, Status
from mjproxy_server.store.ids import drawn_at

Make = Callable[[Account, str], Task]

OwnCommand = Imagine | Blend | Describe | Shorten | FaceSwap
"""A command that stands for itself: it works on no other task's result."""


class Draft(Struct, frozen=True):
    """Tasks without what only their account and the store can give them.

    Attributes:
        makes: Each makes a task of its account and its id.
        accounts: Which accounts may work on them.
        may_go_elsewhere: True if any account that matches will do; False if it must be the parent's.
        once: While a task with this bond has not failed, no other one is accepted; "" for no such bond.
    """

    makes: tuple[Make, ...]
    accounts: AccountFilter
    may_go_elsewhere: bool = True
    once: str = ""


def of_command(request: SubmitRequest, command: OwnCommand, wording: Wording = WORDLESS) -> Draft:
    """Returns the draft of a command that stands for itself.

    Args:
        request: The submission.
        command: The command, with its images stored.
        wording: Its prompt.
    """
    options = request.options
    action = _ACTIONS[type(command)]
    bot = Bot.INSIGHT_FACE if action is Action.SWAP_FACE else options.bot or Bot.MIDJOURNEY
    mode = options.mode or next(iter(options.account_filter.modes), None) or prompt.mode_of(wording.english)

    def make(account: Account, task_id: str) -> Task:
        return Task(
            id=task_id,
            caller=request.caller,
            account_id=account.id,
            action=action,
            bot=bot,
            mode=mode or account.mode or Mode.FAST,
            command=command,
            prompt=wording.written,
            prompt_en=wording.english,
            description=_description_of(command, task_id, wording.written),
            state=options.state,
            notify_hook=options.notify_hook,
            submitted_at=drawn_at(task_id),
            movable_to=options.account_filter,
        )

    return Draft((make,), options.account_filter)


def of_change(parent: Task, result: Result, change: Change) -> Button:
    """Returns the button of a finished grid that a change presses.

    Raises:
        ActionNotOffered: The result has none.
    """
    index = 0 if change.action is Action.REROLL else change.index
    button = custom_id.find(result.buttons, change.action, index)
    if button is None:
        raise ActionNotOffered(parent.id, f"{change.action} {index or ''}".strip())
    return button


def of_press(parent: Task, result: Result, press: Press) -> Button:
    """Returns the button of a finished task with the custom id that is pressed.

    Raises:
        ActionNotOffered: The result has none.
    """
    for button in result.buttons:
        if button.custom_id == press.custom_id:
            return button
    raise ActionNotOffered(parent.id, press.custom_id)


@dataclass(frozen=True, slots=True)
class ButtonPress:
    """A button of a finished task that a caller presses.

    Attributes:
        parent: The finished task.
        result: Its result.
        button: The button.
        command: The request.
        remix: Whether the account has the Remix mode of the parent's bot on.
    """

    parent: Task
    result: Result
    button: Button
    command: Change | Press
    remix: bool


def of_button(request: SubmitRequest, press: ButtonPress) -> Draft:
    """Returns the draft of a pressed button.

    Raises:
        ActionNotOffered: Nobody knows what the button does, or pressing it is no task's work.
    """
    meaning = custom_id.meaning(press.button.custom_id)
    action = _action_of_button(meaning)
    if meaning is None or action is None:
        raise ActionNotOffered(press.parent.id, press.button.custom_id)
    once = f"U:{press.parent.id}:{meaning.index}" if meaning.kind in custom_id.UPSCALES_OF_GRIDS else ""
    makes = _makes(request, press, meaning, action, once)
    return Draft(makes, _parents_account(press.parent), may_go_elsewhere=False, once=once)


def suggested_prompts(press: ButtonPress) -> tuple[str, ...]:
    """Returns the prompts for each of which the button stands for a task; empty if it is pressed itself."""
    meaning = custom_id.meaning(press.button.custom_id)
    return prompts_of(press.result.prompt) if meaning and meaning.manner is Manner.FAN_OUT else ()


def confirmed_prompt(task: Task, text: str) -> str:
    """Returns the prompt of a modal's answer: the proposed one if it is empty, with what the modal needs.

    Raises:
        InvalidField: It asks for a zoom out of range.
    """
    wanted = text.strip() or (task.modal.prompt if task.modal else "")
    if task.source is None:
        return wanted
    completed = modals.completed(task.source.custom_id, wanted)
    zooms = custom_id.parse(task.source.custom_id).kind is ButtonKind.CUSTOM_ZOOM
    if zooms and not modals.zoom_is_allowed(completed):
        message = "--zoom must be a number from 1 to 2, for instance --zoom 1.5"
        raise InvalidField("prompt", message, Fault.OUT_OF_RANGE, least=1, most=2)
    return completed


def confirmed_description(task: Task, text: str) -> str:
    """Returns the description of a task whose modal was answered with a prompt."""
    return f"/imagine {text}" if task.action is Action.IMAGINE else task.description


def _makes(request: SubmitRequest, press: ButtonPress, meaning: Meaning, action: Action, once: str) -> tuple[Make, ...]:
    if meaning.manner is Manner.FAN_OUT:
        texts = suggested_prompts(press)
        if not texts:
            raise ActionNotOffered(press.parent.id, press.button.custom_id)
        return tuple(_imagine_of(request, press, text) for text in texts)
    return (_press_of(request, press, meaning, action, once),)


def _imagine_of(request: SubmitRequest, press: ButtonPress, text: str) -> Make:
    """One of the prompts of a described picture, drawn by a command of its own."""

    def make(account: Account, task_id: str) -> Task:
        return Task(
            id=task_id,
            caller=request.caller,
            account_id=account.id,
            action=Action.IMAGINE,
            bot=press.parent.bot,
            mode=account.mode or Mode.FAST,
            command=Imagine(text),
            prompt=text,
            prompt_en=text,
            description=f"/imagine {text}",
            state=request.options.state,
            notify_hook=request.options.notify_hook,
            parent_id=press.parent.id,
            submitted_at=drawn_at(task_id),
        )

    return make


def _press_of(request: SubmitRequest, press: ButtonPress, meaning: Meaning, action: Action, once: str) -> Make:
    parent, result, button = press.parent, press.result, press.button

    def make(account: Account, task_id: str) -> Task:
        modal = _modal(press, meaning)
        asks = modal is not None and not (modal.remix and _submits_by_itself(press, account))
        return Task(
            id=task_id,
            caller=request.caller,
            account_id=account.id,
            action=action,
            bot=parent.bot,
            command=press.command,
            prompt=parent.prompt,
            prompt_en=modal.prompt if modal else parent.prompt_en,
            description=_description_of_button(parent, button, action, modal),
            state=request.options.state,
            notify_hook=request.options.notify_hook,
            parent_id=parent.id,
            index=meaning.index,
            source=Source(result.message_id, result.flags, result.job_id, button.custom_id, result.prompt),
            submitted_at=drawn_at(task_id),
            status=Status.MODAL if asks else Status.NOT_START,
            modal=modal,
            confirmation=None if asks or modal is None else Confirmation(queue_position=0),
            once=once,
        )

    return make


def _modal(press: ButtonPress, meaning: Meaning) -> Modal | None:
    """The dialogue that the bot will open, or None."""
    remix = meaning.manner is Manner.REMIX and press.remix
    if meaning.manner is Manner.FRAME:
        return Modal(press.result.prompt, wants_mask=True)
    if meaning.manner is Manner.DIALOGUE or remix:
        return Modal(modals.proposed_prompt(press.button.custom_id, press.result.prompt), remix=remix)
    return None


def _submits_by_itself(press: ButtonPress, account: Account) -> bool:
    return account.remix_auto_submit or (isinstance(press.command, Press) and press.command.skip_modal)


_ACTIONS: Final[Mapping[type[OwnCommand], Action]] = {
    Imagine: Action.IMAGINE,
    Blend: Action.BLEND,
    Describe: Action.DESCRIBE,
    Shorten: Action.SHORTEN,
    FaceSwap: Action.SWAP_FACE,
}


def _action_of_button(meaning: Meaning | None) -> Action | None:
    if meaning is not None and meaning.kind is ButtonKind.BOOKMARK:
        return Action.BOOKMARK
    return meaning.action if meaning else None


def _description_of(command: OwnCommand, task_id: str, text: str) -> str:
    match command:
        case Imagine():
            return f"/imagine {text}"
        case Blend(images=images):
            return f"/blend {task_id} {len(images)}"
        case Describe(image=image):
            return (
                f"/describe {uploaded_as(task_id, image)}"
                if isinstance(image, StoredImage)
                else f"/describe {image.url}"
            )
        case Shorten():
            return f"/shorten {text}"
        case FaceSwap():
            return f"/swap {task_id}"


def _description_of_button(parent: Task, button: Button, action: Action, modal: Modal | None) -> str:
    if action is Action.IMAGINE and modal:
        return f"/imagine {modal.prompt}"
    return f"/up {parent.id} {custom_id.mark(button)}"


def _parents_account(parent: Task) -> AccountFilter:
    return AccountFilter(account_id=parent.account_id)


def uploaded_as(task_id: str, image: StoredImage, number: int = 0) -> str:
    """Returns the file name of an image's upload: the task's id, with a number from the second image on."""
    suffix = f"-{number + 1}" if number else ""
    return f"{task_id}{suffix}.{image.media_type.partition('/')[2]}"
