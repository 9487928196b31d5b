"""Faults: small named objects that say what goes wrong, for whom, how often and how likely.

There are two families. A *strike* happens at once when it is posted (sockets are cut, a stranger starts to draw). An
*armed* fault waits for its occasion: the place in the code where it belongs asks the board whether one is armed, and
that counts it down. Several may be armed at the same time, of one name too; the oldest that fits is taken.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field


class Fault(BaseModel):
    """What every fault has.

    Attributes:
        account: Whom it hits, by user id or channel id; None for everybody.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: str | None = None


class DropSocket(Fault):
    """Cut the gateway's TCP connections without a close frame."""

    name: Literal["drop_socket"]


class Reconnect(Fault):
    """Ask the client to reconnect and resume (op 7)."""

    name: Literal["op7"]


class CloseSocket(Fault):
    """Close the gateway's sockets with a code."""

    name: Literal["close_code"]
    code: int = Field(ge=1000, le=4999)


class ForeignJobs(Fault):
    """Let a stranger draw in the accounts' channels."""

    name: Literal["foreign_jobs"]
    prompt: str = "a stranger's cat"
    jobs: int = Field(default=1, ge=1, le=100)


class ArmedFault(Fault):
    """What every armed fault has.

    Attributes:
        count: How many occasions it takes; None for all until it is deleted.
        probability: How likely it is to take an occasion that fits.
    """

    count: int | None = Field(default=1, ge=1)
    probability: float = Field(default=1.0, gt=0, le=1)


class InvalidSession(ArmedFault):
    """Answer a RESUME with op 9. With `resumable` the session lives on, otherwise it is gone."""

    name: Literal["op9"]
    resumable: bool = False


class NoHeartbeatAck(ArmedFault):
    """Do not acknowledge a heartbeat."""

    name: Literal["no_heartbeat_ack"]


class InteractionStatus(ArmedFault):
    """Answer an interaction with an error instead of taking it."""

    name: Literal["interaction_status"]
    status: int = Field(ge=400, le=599)
    code: int = 0
    message: str | None = None
    retry_after: float = Field(default=1.0, ge=0, description="For status 429: seconds to wait.")


class InteractionLostAnswer(ArmedFault):
    """Take an interaction, but cut the connection instead of answering, or answer with a 5xx `status`."""

    name: Literal["interaction_lost_answer"]
    status: int | None = Field(default=None, ge=500, le=599)


class BotSilent(ArmedFault):
    """The bot does not answer an interaction, which therefore fails after three seconds."""

    name: Literal["bot_silent"]


class DuplicateDispatch(ArmedFault):
    """Dispatch an event twice, each time with a sequence number of its own; `event` None means any event."""

    name: Literal["duplicate_dispatch"]
    event: str | None = None


Strike = DropSocket | Reconnect | CloseSocket | ForeignJobs
Armed = InvalidSession | NoHeartbeatAck | InteractionStatus | InteractionLostAnswer | BotSilent | DuplicateDispatch
AnyFault = Annotated[Strike | Armed, Field(discriminator="name")]
_F = TypeVar("_F", bound=ArmedFault)


@dataclass(slots=True)
class Posted:
    """An armed fault on the board; `left` is how many occasions it will still take."""

    id: int
    fault: Armed
    user_id: int | None
    left: int | None


class FaultBoard:
    """The faults that are armed.

    Args:
        rng: Decides about faults with a probability below one.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._posted: dict[int, Posted] = {}
        self._last_id = 0

    def arm(self, fault: Armed, user_id: int | None) -> Posted:
        """Put a fault up for one user, or for everybody."""
        self._last_id += 1
        posted = Posted(self._last_id, fault, user_id, fault.count)
        self._posted[posted.id] = posted
        return posted

    def armed(self) -> tuple[Posted, ...]:
        """Return the faults that are armed, oldest first."""
        return tuple(self._posted.values())

    def disarm(self, fault_id: int) -> bool:
        """Take a fault down; return whether it was there."""
        return self._posted.pop(fault_id, None) is not None

    def clear(self) -> None:
        """Take all faults down."""
        self._posted.clear()

    def take(self, kind: type[_F], user_id: int, fits: Callable[[_F], bool] = lambda _: True) -> _F | None:
        """Return the oldest armed fault of a kind for this occasion, and count it down."""
        for posted in self.armed():
            fault = posted.fault
            if (
                isinstance(fault, kind)
                and posted.user_id in {None, user_id}
                and fits(fault)
                and self._rng.random() < fault.probability
            ):
                self._count_down(posted)
                return fault
        return None

    def _count_down(self, posted: Posted) -> None:
        if posted.left is None:
            return
        posted.left -= 1
        if posted.left == 0:
            del self._posted[posted.id]
