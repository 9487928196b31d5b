"""In which mode a prompt is sent, when the hours of the one that it asks for may be used up.

That they are is told by nothing but a refusal. So that it costs one, and not one for each task, it is remembered: until
a sync tells of fast hours again, or for an hour, after which a task may find out anew.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from mjproxy_server.model.account import Account, AccountSync
from mjproxy_server.model.command import Imagine
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Mode, Setback

REMEMBERED: Final = 3600.0
"""Seconds."""

_FAST: Final = frozenset({Mode.FAST, Mode.TURBO})
_SHARED: Final[Mapping[Mode, frozenset[Mode]]] = {
    Mode.FAST: _FAST,
    Mode.TURBO: _FAST,
    Mode.RELAX: frozenset({Mode.RELAX}),
}
"""The modes that use up the same hours."""


class SpentModes:
    """The modes of one account whose hours are known to be used up. Times are in seconds since the Unix epoch."""

    def __init__(self) -> None:
        self._since: dict[Mode, float] = {}

    def note(self, mode: Mode | None, now: float) -> None:
        """Takes note that the bot has refused a task in a mode; None is the bot's own, which costs fast hours then."""
        self._since |= dict.fromkeys(_SHARED[mode or Mode.FAST], now)

    def known(self, now: float, sync: AccountSync | None) -> frozenset[Mode]:
        """Returns the modes that need not be tried.

        Args:
            now: The time.
            sync: What the bot told of the account the last time; None if it was never asked.
        """
        lately = frozenset(mode for mode, since in self._since.items() if now < since + REMEMBERED)
        if sync and sync.fast_hours_left:
            lately -= {mode for mode in _FAST & lately if self._since[mode] < sync.at / 1000}
        return lately


def carries_mode(task: Task) -> bool:
    """Tells whether what is sent for the task names a mode: a prompt does, a button or a blend cannot."""
    return isinstance(task.command, Imagine) and task.trace.appeal is None


def mode_for(task: Task, account: Account, spent: AbstractSet[Mode]) -> Mode | None:
    """Returns the mode in which to send a task: its own while that has hours, or where there is no other."""
    if not carries_mode(task) or (task.mode or Mode.FAST) not in spent | _refused_in(task):
        return task.mode
    return fallback(task, account, spent) or task.mode


def fallback(task: Task, account: Account, spent: AbstractSet[Mode]) -> Mode | None:
    """Returns the first of the account's fall-back modes in which a task can go on; None if it can in none."""
    if not carries_mode(task):
        return None
    useless = spent | _refused_in(task)
    return next((mode for mode in account.fallback_modes if mode not in useless), None)


def _refused_in(task: Task) -> frozenset[Mode]:
    """The modes in which the task itself was refused, which outlive a restart."""
    refused = (step.mode for step in task.trace.steps if step.setback is Setback.EXHAUSTED)
    return frozenset[Mode]().union(*(_SHARED[mode or Mode.FAST] for mode in refused))
