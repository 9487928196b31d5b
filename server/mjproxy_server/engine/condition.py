"""Whether an account is fit to work: it may be held until its owner acts, rest after failures in a row, or pause.

Rest is a circuit breaker. A few failures in a row that tell of the account rather than of the prompt let it rest; when
it is rested and fails at once, the next rest is longer; a task that comes to anything else makes all of it good. So an
account that Discord refuses for an hour costs few tasks, and one that was refused once loses nothing.

A pause says nothing against the account: the bot is busy, and wants to be left alone for so long.
"""

from enum import Enum, auto
from typing import Final

from mjproxy_server.model.account import Account
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Reason, Status

PATIENCE: Final = 3
"""So many failures in a row let the account rest."""
FIRST_REST: Final = 60.0
LONGEST_REST: Final = 3600.0

_BAD: Final = frozenset({Reason.DISCORD_REFUSED, Reason.BOT_BUSY, Reason.TIMED_OUT})
_SILENT: Final = frozenset(
    {
        Reason.ACCOUNT_HELD,
        Reason.ACCOUNT_UNAVAILABLE,
        Reason.INTERNAL,
        Reason.INTERRUPTED,
        Reason.MODAL_EXPIRED,
        Reason.OUTCOME_UNKNOWN,
    }
)


class Omen(Enum):
    """What the end of a task tells of its account."""

    GOOD = auto()
    BAD = auto()
    NONE = auto()


def omen(task: Task) -> Omen:
    """Returns what an ended task tells of its account."""
    if task.status is Status.CANCELLED or (task.failure and task.failure.reason in _SILENT):
        return Omen.NONE
    if task.failure and task.failure.reason in _BAD:
        return Omen.BAD
    return Omen.GOOD


class Condition:
    """The condition of one account. Times are in seconds of a clock that is never set.

    Args:
        held_reason: Why the account is held; "" if it is not.
        held_since: Since when it is held, by the bot or by Discord; 0 if it is not.

    Attributes:
        held_reason: Why the account's owner has to act; "" if nothing is the matter.
        held_since: Since when it is held, by the bot or by Discord, in Unix milliseconds; 0 if it is not (`holds`).
        resting_until: The end of the newest rest; 0 if there was none.
        paused_until: The end of the longest pause; 0 if there was none.
    """

    def __init__(self, held_reason: str = "", held_since: int = 0) -> None:
        self.held_reason = held_reason
        self.held_since = held_since
        self.resting_until = 0.0
        self.paused_until = 0.0
        self._failures = 0
        self._rest = FIRST_REST

    @property
    def idle_until(self) -> float:
        """Until when it starts nothing, though nobody has to act."""
        return max(self.resting_until, self.paused_until)

    def fit(self, now: float) -> bool:
        """Tells whether the account may start something."""
        return not self.held_reason and now >= self.idle_until

    def cores(self, account: Account, now: float) -> int:
        """Returns how many of an account's tasks may be at work for another one to start; 0 while none may."""
        return account.core_size if account.enable and self.fit(now) else 0

    def recover(self) -> None:
        """Forgets everything: the operator says that all is well."""
        self.held_reason = ""
        self.held_since = 0
        self.resting_until = self.paused_until = 0.0
        self._failures = 0
        self._rest = FIRST_REST

    def pause(self, until: float) -> None:
        """Starts nothing until then."""
        self.paused_until = max(self.paused_until, until)

    def heed(self, sign: Omen, now: float) -> bool:
        """Takes in what the end of a task tells; returns whether a rest begins."""
        if sign is Omen.GOOD:
            self._failures, self._rest, self.resting_until = 0, FIRST_REST, 0.0
        if sign is not Omen.BAD or now < self.resting_until:  # What was begun before a rest does not lengthen it.
            return False
        self._failures += 1
        if self._failures < PATIENCE:
            return False
        self.resting_until = now + self._rest
        self._rest = min(2 * self._rest, LONGEST_REST)
        return True
