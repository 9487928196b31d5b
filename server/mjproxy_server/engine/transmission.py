"""The transmission of what one task asks for: it is sent until Discord takes it, and is taken at most once.

A state machine without I/O. It is told what came of the last thing and what time it is, and says what is to be done
next, as data; `worker` does it.

    Send ──taken──▶ done            ┌──────── a sign of it ────────▶ done
     ▲ │ └─────in doubt────▶ Listen ┤
     │ └─not taken──▶ Pause ◀───────┼─ its absence is proved
     └────────────────┘             └─ neither, for too long ──▶ LookBack ──▶ done, or its outcome is unknown

The rule for what spends the account's hours: it is sent at most once. A refusal proves that it was not taken. After a
cut connection it stays in doubt until evidence comes; it is sent again only if the absence of INTERACTION_CREATE on the
session that it named, which was alive all the time or was resumed, proves that it was not taken. It is absent if the
session has told everything up to a moment at which Discord must have taken it long ago; that nothing was heard is not
enough, since a network that is stalled is silent, too. The same holds of what an earlier process has sent. What is
submitted on a page of the bot's own creates no interaction, so that its absence proves nothing.
"""

import math
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from mjproxy_server.discord.rest.types import InDoubt, InteractionOutcome, Refused, Taken
from mjproxy_server.model.facts import Sending
from mjproxy_server.model.task import Failure, Task
from mjproxy_server.model.vocabulary import Reason

PROOF_OF_ABSENCE: Final = 15.0
"""What Discord has not told of by INTERACTION_CREATE for so many seconds after it came into doubt, it has not taken."""
MOST_DOUBT: Final = 120.0
"""A task that nothing is heard of for so many seconds, while its account is connected, ends as OUTCOME_UNKNOWN."""
MOST_PATIENCE: Final = 3600.0
"""For so many seconds a task is sent again, each time after it was proved that it was not taken; the pace bounds how
often that is."""
INVALID_FORM_BODY: Final = 50035
"""Discord's code for a field that it does not accept, an outdated command version among them."""
UNREACHABLE_PAUSE: Final = 5.0
"""Seconds until the next try after Discord could not be reached at all."""


class Send(Struct, frozen=True):
    """Compose it as soon as the account is connected, store the step (`sending`), and send it.

    Go on with `answered`, or with `not_composed`.
    """


class Settle(Struct, frozen=True):
    """Store whether Discord has taken the step with this nonce, now that it is known."""

    nonce: str
    taken: bool


class ForgetCommands(Struct, frozen=True):
    """Have the commands discovered anew: Discord may have called one outdated."""


class Pause(Struct, frozen=True):
    """Wait for so many seconds, then go on with `paused`."""

    seconds: float


class Listen(Struct, frozen=True):
    """Wait for so many seconds, then until all is heard that was told by then, but not longer than as many again.

    Go on with `listened`.
    """

    seconds: float


class LookBack(Struct, frozen=True):
    """Take in what the channel's history holds about the task, then go on with `looked_back`."""


class GiveUp(Struct, frozen=True):
    """Store that the task has failed."""

    failure: Failure


Action = Send | Settle | ForgetCommands | Pause | Listen | LookBack | GiveUp
Actions = Sequence[Action]
"""What is to be done, one after the other; the last of it says how to go on, unless that is all."""


class Heard(Struct, frozen=True):
    """What a time of listening came to.

    Attributes:
        seconds: How long it took; 0 if the account was not connected at its end.
        session_id: The gateway session at its end; "" if there was none.
        until: Up to when all that the session told was taken in by then, by the clock that is never set.
    """

    seconds: float
    session_id: str
    until: float


class Obstacle(Struct, frozen=True):
    """Why Discord takes nothing of an account just now.

    Attributes:
        seconds: For how long it does not want to be asked; 0 if it does not say.
        reason: Why, in words.
    """

    seconds: float
    reason: str


def obstacle(outcome: InteractionOutcome) -> Obstacle | None:
    """Returns what an outcome tells of Discord as a whole; None if it answers as it should, be it by a refusal."""
    match outcome:
        case InDoubt(reason):
            return Obstacle(0.0, reason)
        case Refused(http_status, _, message, retry_after) if retry_after is not None or http_status is None:
            return Obstacle(retry_after or 0.0, message)
        case _:
            return None


def may_be_sent(stored: Task | None) -> bool:
    """Tells whether a task that was stored with its next step is still to be sent: it may have ended meanwhile."""
    return stored is not None and not stored.status.ended


class Transmission:
    """The transmission of one task. Times are seconds of a clock that is never set.

    Attributes:
        task: The task, as it is to be sent.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self._tries = 0
        self._given_up_at = math.inf
        self._last_obstacle = ""
        self._nonce = ""
        self._session_id = ""
        self._absent_at = math.inf
        self._connected = 0.0

    def begin(self) -> Actions:
        """Returns what is to be done first for a task of which nothing is in doubt."""
        self._tries += 1
        return [Send()]

    def take_up(self, now: float) -> Actions:
        """Returns what is to be done first for a task for which an earlier process has sent something."""
        if not self.task.trace.in_doubt:
            return self.begin()
        step = self.task.trace.steps[-1]
        self._nonce, self._session_id = step.nonce, step.session_id
        return self._doubt(now)

    def sending(self, at: int, nonce: str, session_id: str, interaction_id: str) -> Sending:
        """Returns the step that is to be stored before it is sent.

        Args:
            at: The time, in Unix milliseconds.
            nonce: Its nonce.
            session_id: The gateway session that it names.
            interaction_id: Discord's id of the interaction, where that is known beforehand; or "". Then none is
                created, of which the session could be told.
        """
        self._nonce, self._session_id = nonce, "" if interaction_id else session_id
        return Sending(at, nonce, interaction_id, self.task.mode, self._session_id)

    def not_composed(self, outcome: Refused | InDoubt) -> Actions:
        """Goes on after the preparations have failed, by which nothing was spent."""
        if isinstance(outcome, Refused):
            return self._refused(outcome)
        return self._again(UNREACHABLE_PAUSE, outcome.reason)

    def answered(self, outcome: InteractionOutcome, now: float) -> Actions:
        """Goes on with what is proved of the step that was sent."""
        match outcome:
            case Taken():
                return [Settle(self._nonce, taken=True)]
            case Refused():
                return [Settle(self._nonce, taken=False), *self._refused(outcome)]
            case InDoubt(reason):
                self._last_obstacle = reason
                return self._doubt(now)

    def paused(self, now: float) -> Actions:
        """Sends the task once more, unless that was tried for too long."""
        if self._tries == 1:
            self._given_up_at = now + MOST_PATIENCE
        if now >= self._given_up_at:
            return [_refusal(f"it was not taken for an hour; submit it again later ({self._last_obstacle})")]
        return self.begin()

    def listened(self, heard: Heard, known: Task | None) -> Actions:
        """Goes on with what was heard of a step in doubt, or was not.

        Args:
            heard: What was heard.
            known: The task as it was stored after that, so that it shows all of it; None if it is gone.
        """
        self._connected += heard.seconds
        if not self._is_in_doubt(known):
            return []
        if self._is_absent(heard):
            return [Settle(self._nonce, taken=False), *self._again(0.0, self._last_obstacle)]
        return [Listen(PROOF_OF_ABSENCE)] if self._connected < MOST_DOUBT else [LookBack()]

    def looked_back(self, known: Task | None) -> Actions:
        """Gives a task up of which the channel's history holds nothing."""
        return [GiveUp(_UNKNOWN)] if self._is_in_doubt(known) else []

    def _doubt(self, now: float) -> Actions:
        self._absent_at, self._connected = now + PROOF_OF_ABSENCE, 0.0
        return [Listen(PROOF_OF_ABSENCE)]

    def _is_in_doubt(self, known: Task | None) -> bool:
        """Tells whether it is still to be settled what became of the step; the task may have been sent again since."""
        return (
            known is not None and not known.status.ended and known.trace.in_doubt and known.trace.nonce == self._nonce
        )

    def _is_absent(self, heard: Heard) -> bool:
        """Tells whether the one session that would have told of the step has told all, and nothing of that."""
        return bool(self._session_id) and heard.session_id == self._session_id and heard.until >= self._absent_at

    def _refused(self, refused: Refused) -> Actions:
        """Decides whether what Discord refused may be sent again."""
        if refused.retry_after is not None:
            return self._again(refused.retry_after, refused.message)
        if refused.http_status is None:
            return self._again(UNREACHABLE_PAUSE, refused.message)
        if self._tries == 1 and self.task.source is None and refused.code == INVALID_FORM_BODY:
            return [ForgetCommands(), *self._again(0.0, refused.message)]
        return [_refusal(f"Discord answered {refused.http_status}: {refused.message} (code {refused.code})")]

    def _again(self, pause: float, why: str) -> Actions:
        """Sends it once more: it is proved that Discord has not taken it."""
        self._last_obstacle = why
        return [Pause(pause)]


def _refusal(why: str) -> GiveUp:
    return GiveUp(Failure(Reason.DISCORD_REFUSED, "Discord refused", why))


_UNKNOWN: Final = Failure(
    Reason.OUTCOME_UNKNOWN,
    "Outcome unknown",
    "The connection broke while it was sent, and nothing shows whether Discord took it. Look into the channel before"
    " you submit it again.",
)
