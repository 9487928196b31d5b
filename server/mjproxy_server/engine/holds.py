"""Holds that last: what waits for an account whose owner does not act does not wait for ever."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from mjproxy_server.discord.tasks import first_of
from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.bell import Bell
from mjproxy_server.engine.clock import now_ms
from mjproxy_server.engine.lane import Lane
from mjproxy_server.engine.patience import PatientStore
from mjproxy_server.model.facts import Failed
from mjproxy_server.model.task import Failure
from mjproxy_server.model.vocabulary import Reason

LONGEST_HOLD: Final = 24 * 3600.0
"""For so many seconds tasks wait for a held account. An owner who looks once a day can still save them; a caller for
whom a day is not enough has long turned away, and a picture that comes after that costs hours that nobody wants."""


class HoldTimes:
    """Since when accounts are held. Times are in seconds of a clock that is never set."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def note(self, held: Mapping[str, float], now: float) -> None:
        """Takes note of which accounts are held now; the time of one that is not begins anew with its next hold.

        Args:
            held: For how many seconds each had been held when it was noted first, which another process may know.
            now: The time.
        """
        self._since = {account_id: self._since.get(account_id, now - age) for account_id, age in held.items()}

    def too_long(self, now: float) -> frozenset[str]:
        """Returns the accounts for which nothing is to wait any more."""
        return frozenset(account_id for account_id, since in self._since.items() if now - since >= LONGEST_HOLD)

    def next_end(self, now: float) -> float:
        """Returns the seconds until another account may have been held for too long."""
        left = (since + LONGEST_HOLD - now for since in self._since.values())
        return min((seconds for seconds in left if seconds > 0), default=LONGEST_HOLD)


class Holds:
    """Ends the tasks that have waited too long for held accounts.

    A hold outlives the process: since when it lasts is kept with the account. A process measures the rest of it by the
    clock that is never set. While it does not know yet whether Discord lets the account connect, a hold goes on.

    Args:
        store: The task log.
        clock: The time.
    """

    def __init__(self, store: PatientStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._times = HoldTimes()

    async def watch(self, lanes: Callable[[], Iterable[Lane]], changes: Bell) -> None:
        """Ends tasks until cancelled.

        Args:
            lanes: Tells which accounts there are.
            changes: Rings when the health or the load of one of them has changed.
        """
        while True:
            self._note_beginnings_and_ends(lanes())
            seen = changes.rings
            held = {lane.account.id: lane for lane in lanes() if lane.condition.held_since}
            ages = {account_id: self._age(lane) for account_id, lane in held.items()}
            now = self._clock.monotonic()  # Read after the ages: a hold never ends early.
            self._times.note(ages, now)
            for account_id in self._times.too_long(now):
                await self._end_waiting(held[account_id])
            if held:
                await first_of(changes.wait(seen), self._clock.sleep(self._times.next_end(now)))
            else:
                await changes.wait(seen)

    def _note_beginnings_and_ends(self, lanes: Iterable[Lane]) -> None:
        """Has the accounts keep since when they are held."""
        for lane in tuple(lanes):  # What they tell may change which of them are looked at.
            began = bool(lane.held_reason) and not lane.condition.held_since
            ended = lane.link.ready and not lane.held_reason and lane.condition.held_since
            if began or ended:
                lane.condition.held_since = now_ms(self._clock) if began else 0
                lane.notice_change()

    def _age(self, lane: Lane) -> float:
        """For how many seconds an account is held by the wall clock; one that was set tells no nonsense."""
        seconds = self._clock.time() - lane.condition.held_since / 1000
        return min(max(0.0, seconds), LONGEST_HOLD)

    async def _end_waiting(self, lane: Lane) -> None:
        """Ends what waits, which must not start meanwhile."""
        failure = Failure(Reason.ACCOUNT_HELD, "Account held", _DESCRIPTION.format(lane.account.id, lane.held_reason))
        for task in lane.waiting:
            if lane.held_reason and lane.withdraw(task.id):
                await self._store.record(task.id, Failed(now_ms(self._clock), failure))


_DESCRIPTION: Final = "Account {} was held for a day, and its owner has not done what is asked: {}"
