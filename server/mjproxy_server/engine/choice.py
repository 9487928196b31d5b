"""Choosing the account that works on a task. Pure: loads in, order out.

A rule gives each account a rank; the lowest is the best. Whatever the rule, an account that could begin at once comes
before one that is not connected or rests: those still queue, but only when all others are full. So a rule says which of
the accounts in working order is next, and the order of the rest is where a refused task goes on to. An account that is
held gets nothing, for nobody knows when its owner will act.
"""

import random
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Final

from msgspec import Struct

from mjproxy_server.model.account import Account, AccountFilter


class ChoiceRule(StrEnum):
    """How the account for a task is chosen; the values are those of the configuration."""

    BEST_WAIT_IDLE = "best_wait_idle"
    ROUND_ROBIN = "round_robin"
    RANDOM = "random"
    WEIGHT = "weight"


class Load(Struct, frozen=True):
    """How busy an account is.

    Attributes:
        account: The account.
        ready: Whether it is connected and not held, so that it could begin at once.
        running: Its tasks at work.
        waiting: Its tasks that wait, those included that are being submitted right now.
        remix: Whether the bot's Remix mode is on, as the last sync told it; None if that is not known.
        held: Whether its owner has to act before it can begin anything.
    """

    account: Account
    ready: bool
    running: int
    waiting: int
    remix: bool | None = None
    held: bool = False

    @property
    def takes_tasks(self) -> bool:
        """Whether it may be given new tasks; what one that is held was given before waits, or moves."""
        return self.account.enable and not self.held

    @property
    def has_room(self) -> bool:
        """Whether its queue takes one more task."""
        return self.running + self.waiting < self.account.core_size + self.account.queue_size


Key = tuple[bool, float, int, str]
"""An account's place: whether it could not begin at once, its rank by the rule, its last turn, and its id."""


def candidates(loads: Iterable[Load], wanted: AccountFilter) -> list[Load]:
    """Returns the accounts that take tasks and match, by the rule "best wait idle", the best one first.

    An account with an idle core comes before one without, then the one that is the least busy in proportion.
    """
    matching = (load for load in loads if _matches(load, wanted))
    return sorted(matching, key=lambda load: (not load.ready, _busyness(load), load.account.id))


class Chooser:
    """Puts accounts in the order in which a task is offered to them.

    The order is kept, and an account moves in it when its load is another one: to sort all of them for each task would
    cost more than all else that is done for it.

    Args:
        rule: How.
        rng: Draws, where the rule draws.
    """

    def __init__(self, rule: ChoiceRule, rng: random.Random) -> None:
        self._rng = rng
        self._loads: dict[str, Load] = {}
        self._keys: dict[str, Key] = {}
        self._order: list[Key] = []
        self._turn = 0
        self._rank: Final = _busyness if rule is ChoiceRule.BEST_WAIT_IDLE else _alike
        self._lot: Final[Callable[[Load], float] | None] = {
            ChoiceRule.RANDOM: self._draw,
            ChoiceRule.WEIGHT: self._weighted_draw,
        }.get(rule)

    def note(self, load: Load) -> None:
        """Takes in how busy an account is from now on."""
        self._place(load, turn=None)

    def take_turn(self, load: Load) -> None:
        """Takes in that it is an account's turn, and how busy it is with what it is given."""
        self._turn += 1
        self._place(load, self._turn)

    def forget(self, account_id: str) -> None:
        """Takes an account out, if it is known."""
        if before := self._keys.pop(account_id, None):
            self._take_out(before)
            del self._loads[account_id]

    def order(self, wanted: AccountFilter) -> Iterator[Load]:
        """Yields the accounts that take tasks and match, the best one first.

        Of equally good ones it is the one that had no turn for the longest time, so that they share the hours.
        """
        matching = self._matching(wanted)
        if lot := self._lot:
            return iter(sorted(matching, key=lambda load: (not load.ready, lot(load))))
        return matching

    def _matching(self, wanted: AccountFilter) -> Iterator[Load]:
        """Yields those accounts in their order, each as it is by then."""
        named = self._keys.get(wanted.account_id)
        for key in [named] if named else self._order.copy():
            load = self._loads.get(key[-1])
            if load and _matches(load, wanted):
                yield load

    def _place(self, load: Load, turn: int | None) -> None:
        """Puts an account where it belongs; its last turn is the one before if it is not its turn."""
        account_id = load.account.id
        before = self._keys.get(account_id)
        if turn is None:
            turn = before[2] if before else 0
        key = not load.ready, self._rank(load), turn, account_id
        self._loads[account_id] = load
        if key != before:
            if before:
                self._take_out(before)
            self._keys[account_id] = key
            insort(self._order, key)

    def _take_out(self, key: Key) -> None:
        del self._order[bisect_left(self._order, key)]

    def _draw(self, load: Load) -> float:  # noqa: ARG002 - all have the same chance
        return self._rng.random()

    def _weighted_draw(self, load: Load) -> float:
        """Exponential waiting times: the first of them is an account's with a probability in proportion to its weight.

        The second is as if the first were not there, and so on (Efraimidis and Spirakis, 2006).
        """
        return self._rng.expovariate(load.account.weight)


def _matches(load: Load, wanted: AccountFilter) -> bool:
    """Tells whether an account takes tasks, and is one that is wanted."""
    account = load.account
    return (
        load.takes_tasks
        and (not wanted.account_id or wanted.account_id == account.id)
        and (not wanted.remark or wanted.remark == account.remark)
        and (not wanted.modes or account.mode is None or account.mode in wanted.modes)
        and (wanted.remix is None or wanted.remix == load.remix)
    )


def _busyness(load: Load) -> float:
    """Returns how busy an account is in proportion: less than 1 if it has an idle core."""
    return (load.running + load.waiting) / load.account.core_size


def _alike(load: Load) -> float:  # noqa: ARG001 - all are equals
    """The account whose turn is the longest ago is next, one that never had a turn at first, as for all equals."""
    return 0.0
