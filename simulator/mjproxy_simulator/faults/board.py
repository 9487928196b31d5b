"""The board on which armed faults hang until they have used themselves up."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from mjproxy_simulator.faults.kinds import Armed, ArmedFault

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

    def roll_with(self, rng: random.Random) -> None:
        """Take other dice."""
        self._rng = rng

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

    @property
    def bare(self) -> bool:
        """Whether nothing at all is armed."""
        return not self._posted

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
