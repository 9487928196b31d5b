"""What an account's tasks tell of its health: it is held, rests or pauses, and an operator is told.

The rules are those of `condition`; here they meet the clock and the log.
"""

import asyncio
import logging
from collections.abc import Callable

from mjproxy_server.discord.tasks import first_of
from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.condition import Condition, omen
from mjproxy_server.midjourney.messages import BotMessage
from mjproxy_server.midjourney.outcomes import TroubleKind, account_trouble
from mjproxy_server.model.task import Task

_logger = logging.getLogger(__name__)


class Health:
    """The health of one account.

    Args:
        account_id: The account.
        condition: Its condition, which others may change as well.
        clock: The time.
        on_change: Called when the account is held, rests or pauses, and when a rest or pause has ended.
    """

    def __init__(self, account_id: str, condition: Condition, *, clock: Clock, on_change: Callable[[], None]) -> None:
        self._account_id = account_id
        self._condition = condition
        self._clock = clock
        self._on_change = on_change
        self._idleness_begun = asyncio.Event()

    def heed_end(self, task: Task) -> None:
        """Lets the account rest if its tasks fail one after the other."""
        now = self._clock.monotonic()
        if self._condition.heed(omen(task), now):
            rest = self._condition.resting_until - now
            _logger.warning("Account %s rests for %.0f s, since its last tasks failed", self._account_id, rest)
            self._idleness_begun.set()
            self._on_change()

    def heed_trouble(self, message: BotMessage) -> None:
        """Holds the account if an answer to one of our own tasks says that its owner has to do something."""
        trouble = account_trouble(message)
        if trouble is None or trouble.kind is TroubleKind.FAST_EXHAUSTED:
            return
        self._condition.held_reason = f"[{trouble.title}] {trouble.description}"
        _logger.error("Account %s is held, its owner has to act: %s", self._account_id, self._condition.held_reason)
        self._on_change()

    def pause(self, seconds: float) -> None:
        """Starts nothing for some seconds; the account's health does not tell why, so the log does."""
        _logger.warning("Account %s pauses for %.0f s, since the bot is busy", self._account_id, seconds)
        self._condition.pause(self._clock.monotonic() + seconds)
        self._idleness_begun.set()
        self._on_change()

    async def run(self) -> None:
        """Tells when a rest or pause has ended, until cancelled.

        Another one may end sooner, since an operator can lift the one that is slept through.
        """
        while True:
            await self._idleness_begun.wait()
            self._idleness_begun.clear()
            seconds = self._condition.idle_until - self._clock.monotonic()
            await first_of(self._clock.sleep(seconds), self._idleness_begun.wait())
            self._on_change()
