"""Keeping what the bots tell of the accounts fresh, without anybody asking for it.

What a button leads to depends on settings that the owner may change in Discord at any time, Remix above all. One
account is asked after the other, with a pause in between, so that a start with a hundred of them is no storm; and none
while a task of its own could be sent instead.
"""

import logging
import random
from typing import Final

from mjproxy_server.discord.tasks import first_of
from mjproxy_server.discord.timing import Backoff, Clock
from mjproxy_server.engine.choice import Load
from mjproxy_server.engine.fleet import Fleet
from mjproxy_server.engine.lane import Lane
from mjproxy_server.engine.registry import Registry
from mjproxy_server.model.errors import BotNotInvited, DomainError
from mjproxy_server.model.vocabulary import Bot

_logger = logging.getLogger(__name__)

STALE_AFTER: Final = 6 * 60 * 60.0
"""Seconds for which what a bot told is good: settings change rarely, and each question looks like a person's."""
FIRST_PAUSE: Final = 60.0
"""Seconds until a bot that could not be asked is asked again; the pauses double up to `STALE_AFTER`."""

_BOTS: Final = (Bot.MIDJOURNEY, Bot.NIJI)
_LOOK_EVERY: Final = 60.0
_BREATH: Final = 1.0


class AutoSync:
    """Asks the bots about accounts that they were not asked about for long.

    Args:
        fleet: The accounts.
        registry: Asks, and keeps the answers.
        clock: The time.
        rng: Draws pauses.
    """

    def __init__(self, fleet: Fleet, registry: Registry, clock: Clock, rng: random.Random) -> None:
        self._fleet = fleet
        self._registry = registry
        self._clock = clock
        self._rng = rng
        self._not_before: dict[tuple[str, Bot], float] = {}
        self._pauses: dict[tuple[str, Bot], Backoff] = {}

    async def run(self) -> None:
        """Asks whenever it is time to, until cancelled."""
        while True:
            rings = self._fleet.changes.rings
            if due := self._next_due():
                await self._ask(*due)
            else:
                await first_of(self._fleet.changes.wait(rings), self._clock.sleep(_LOOK_EVERY))
            await self._clock.sleep(_BREATH * (0.5 + self._rng.random()))

    def _next_due(self) -> tuple[str, Bot] | None:
        """Returns whom to ask about which account; those first that wait the longest, or were never asked."""
        now = self._clock.time()
        askable = [lane for lane in self._fleet.lanes if may_be_asked(lane.load())]
        due = [
            (at, lane.account.id, bot) for lane in askable for bot in _BOTS if (at := self._due_at(lane, bot)) <= now
        ]
        return min(due)[1:] if due else None

    def _due_at(self, lane: Lane, bot: Bot) -> float:
        known = lane.syncs.get(bot)
        stale_at = known.at / 1000 + STALE_AFTER if known else 0.0
        return max(stale_at, self._not_before.get((lane.account.id, bot), 0.0))

    async def _ask(self, account_id: str, bot: Bot) -> None:
        try:
            await self._registry.sync(account_id, bot)
        except BotNotInvited:
            self._not_before[account_id, bot] = self._clock.time() + STALE_AFTER
        except DomainError as error:
            self._put_off(account_id, bot, error)
        else:
            self._pauses.pop((account_id, bot), None)

    def _put_off(self, account_id: str, bot: Bot, error: DomainError) -> None:
        """Has a bot asked again later; only the first failure in a row is worth reading."""
        if (account_id, bot) not in self._pauses:
            _logger.warning(
                "Account %s could not be synchronized with %s, and is tried again: %s", account_id, bot, error
            )
            self._pauses[account_id, bot] = Backoff(self._rng, first=FIRST_PAUSE, longest=STALE_AFTER)
        self._not_before[account_id, bot] = self._clock.time() + next(self._pauses[account_id, bot])


def may_be_asked(load: Load) -> bool:
    """Tells whether an account is in working order, and no task of its own waits to be sent now."""
    could_send = bool(load.waiting) and load.running < load.account.core_size
    return load.account.enable and load.ready and not could_send
