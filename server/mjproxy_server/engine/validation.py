"""What can be told to be wrong with a request by looking at it alone."""

from typing import Final
from uuid import UUID

from mjproxy_server.engine.hooks import HookRules
from mjproxy_server.engine.requests import FollowUp, Options
from mjproxy_server.midjourney import prompt
from mjproxy_server.model.command import Press
from mjproxy_server.model.errors import InvalidField
from mjproxy_server.model.vocabulary import Action, Bot, Fault

LONGEST_STATE: Final = 4096
_LONGEST_QUOTATION: Final = 40
_CHANGES: Final = frozenset({Action.UPSCALE, Action.VARIATION, Action.REROLL})


def check_options(options: Options, hooks: HookRules) -> None:
    """Lets good options pass.

    Raises:
        InvalidField: One is not; the error names it.
    """
    check_state("options.state", options.state)
    hooks.check("options.notify_hook", options.notify_hook)
    if options.request_id and not _is_uuid(options.request_id):
        raise InvalidField("options.request_id", "expected a UUID")
    if options.bot is Bot.INSIGHT_FACE:
        raise InvalidField(
            "options.bot_type", "INSIGHT_FACE only swaps faces; use MIDJOURNEY or NIJI", Fault.FACE_SWAPS_ONLY
        )


def check_state(field: str, text: str) -> None:
    """Lets a state of bearable length pass.

    Raises:
        InvalidField: It is too long.
    """
    if len(text) > LONGEST_STATE:
        message = f"at most {LONGEST_STATE} characters, got {len(text)}"
        raise InvalidField(field, message, Fault.TOO_LONG, most=LONGEST_STATE)


def check_prompt(field: str, text: str, longest: int) -> None:
    """Lets a prompt pass that is neither empty nor longer than the bot takes.

    Raises:
        InvalidField: It is.
    """
    if not text.strip():
        raise InvalidField(field, "must not be empty; say what to draw", Fault.EMPTY)
    if len(text) > longest:
        message = f"at most {longest} characters beside the images, got {len(text)}; shorten it"
        raise InvalidField(field, message, Fault.TOO_LONG, most=longest)


def check_words(field: str, text: str) -> None:
    """Lets a prompt pass that has more than parameters.

    Raises:
        InvalidField: It has not.
    """
    if prompt.is_wordless(text):
        raise InvalidField(field, "has parameters alone; say what to draw in front of them", Fault.EMPTY)


def check_one_job(field: str, text: str) -> None:
    """Lets a prompt pass for which the bot starts one job: a task has one, with one result, and pays for one.

    Raises:
        InvalidField: The bot would start several.
    """
    several = prompt.multiplier(text)
    if several is not None:
        part = several if len(several) <= _LONGEST_QUOTATION else f"{several[:_LONGEST_QUOTATION]}..."
        message = f"{part} stands for several jobs, and a task is one; submit each as a task of its own"
        raise InvalidField(field, message, Fault.SEVERAL_JOBS, part=part)


def check_follow_up(command: FollowUp) -> None:
    """Lets a change or a press pass whose fields can be right.

    Raises:
        InvalidField: One cannot.
    """
    field = "action" if isinstance(command, Press) else "change"
    if not command.task_id:
        raise InvalidField(f"{field}.task_id", "must not be empty; give the id of a finished task")
    if isinstance(command, Press):
        if not command.custom_id:
            raise InvalidField(
                f"{field}.custom_id", "must not be empty; give the custom id of one of the task's buttons"
            )
        return
    if command.action not in _CHANGES:
        raise InvalidField(f"{field}.action", "expected UPSCALE, VARIATION or REROLL")
    if command.action is not Action.REROLL and not 1 <= command.index <= 4:
        message = f"expected 1 to 4, got {command.index}"
        raise InvalidField(f"{field}.index", message, Fault.OUT_OF_RANGE, least=1, most=4)


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False
