"""Second chances: which tasks go on though the bot has not done what was sent for them. Pure.

Four setbacks need not be the end of a task. Each gives it so many chances; how many it has had is told by its steps:

- *A fault* that Midjourney calls its own. The task is tried again as often as the account's owner allows; none by
  default, since the bot may have worked for it, and will once more.
- *Busy*: "Queue full", "Slow down". Nothing was spent, so the task is tried again a few times. Until the moment that
  the bot names, or for a pause that grows, the account starts nothing at all: it would be refused as well.
- *Moderated*: "Action needed to continue". Where the owner wants it, Appeal is pressed, once for a task; not for a
  region, since an appeal may open its page once more, which is another dialogue.
- *Exhausted*: "Credits exhausted". The task is sent in the next of the account's fall-back modes; see `modes`.

An account that is out of service gives no chances, since nobody knows whether it will ever start anything again.
"""

from collections.abc import Set as AbstractSet
from typing import Final

from msgspec.structs import replace

from mjproxy_server.engine.modes import carries_mode, fallback
from mjproxy_server.midjourney.messages import BotMessage
from mjproxy_server.midjourney.outcomes import TroubleKind, account_trouble, appeal_of, is_own_fault, retry_at
from mjproxy_server.model.account import Account
from mjproxy_server.model.facts import Fact, Failed, Retrying
from mjproxy_server.model.task import Failure, Source, Task
from mjproxy_server.model.vocabulary import Mode, Setback

MOST_PUT_OFF: Final = 5
"""So often a task is put off because the bot is busy."""
FIRST_PAUSE: Final = 5.0
"""Seconds for which the account starts nothing when a task is put off for the first time; each time they double."""
LONGEST_PAUSE: Final = 600.0
"""The most seconds, whatever the bot says."""

_NO_BUTTON_FALLS_BACK: Final = (
    "The account's fallback_modes do not help: only the prompt of an imagine can name a mode; everything else is drawn"
    " in the one that is set at the bot. Change that for the account, and submit it again."
)


def setback_of(failure: Failure, message: BotMessage) -> Setback | None:
    """Returns what kind of setback a failure is; None for one that ends the task in any case.

    Args:
        failure: The failure.
        message: The message that told it.
    """
    trouble = account_trouble(message)
    if trouble and trouble.kind is TroubleKind.FAST_EXHAUSTED:
        return Setback.EXHAUSTED
    if retry_at(message) is not None:
        return Setback.BUSY
    if appeal_of(message):
        return Setback.MODERATED
    return Setback.FAULT if is_own_fault(failure) else None


def outcome(task: Task, failed: Failed, message: BotMessage, account: Account, spent: AbstractSet[Mode]) -> Fact:
    """Returns what becomes of a task whose job has failed: it is tried again, or it has failed.

    Args:
        task: The task, as it was when the bot told the failure.
        failed: The failure.
        message: The message that told it.
        account: The account that works on it.
        spent: The modes whose hours are known to be used up, the task's own among them if that is what was told.
    """
    setback = setback_of(failed.failure, message)
    if setback and account.enable and _has_chance(task, setback, account, spent):
        return Retrying(failed.at, setback, _appeal(message) if setback is Setback.MODERATED else None)
    if setback is Setback.EXHAUSTED and account.fallback_modes and not carries_mode(task):
        return Failed(failed.at, _explained(failed.failure))
    return failed


def pause(task: Task, message: BotMessage, at: int) -> float:
    """Returns for how many seconds an account starts nothing, since the bot was too busy for a task at that time."""
    named = ((retry_at(message) or 0) - at) / 1000
    growing = FIRST_PAUSE * 2 ** task.trace.count(Setback.BUSY)
    return min(named if named > 0 else growing, LONGEST_PAUSE)


def _has_chance(task: Task, setback: Setback, account: Account, spent: AbstractSet[Mode]) -> bool:
    had = task.trace.count(setback)
    match setback:
        case Setback.FAULT:
            return had < account.failure_retries
        case Setback.BUSY:
            return had < MOST_PUT_OFF
        case Setback.MODERATED:
            return account.press_appeal and not had and not (task.modal and task.modal.wants_mask)
        case Setback.EXHAUSTED:
            return fallback(task, account, spent) is not None


def _appeal(notice: BotMessage) -> Source | None:
    """Returns the button of a notice that has the prompt judged once more."""
    button = appeal_of(notice)
    return Source(notice.id, notice.flags, job_id="", custom_id=button.custom_id, prompt="") if button else None


def _explained(failure: Failure) -> Failure:
    return replace(failure, description=f"{failure.description} {_NO_BUTTON_FALLS_BACK}".strip())
