"""Working one task off: prepare it, send it, and settle whether Discord has taken it.

What happens after that is the bot's business; the lane hears of it. The rule for what spends the account's hours: it
is sent at most once. A refusal proves that it was not taken. After a cut connection it stays in doubt until evidence
comes; it is sent again only if the absence of INTERACTION_CREATE on the session that it named, which was alive all
the time or was resumed, proves that it was not taken. It is absent if the session has told everything up to a moment
at which Discord must have taken it long ago; that nothing was heard is not enough, since a network that is stalled is
silent, too. The same holds of what an earlier process has sent. What is submitted on a page of the bot's own creates no
interaction, so that its absence proves nothing.
"""

import logging
import math
from collections.abc import Awaitable, Callable
from typing import Final

from mjproxy_server.discord.errors import (
    DiscordError,
    DiscordUnavailable,
    InvalidRequestBudgetSpent,
    RateLimited,
    RateLimitTooLong,
)
from mjproxy_server.discord.rest.types import InDoubt, InteractionOutcome, Refused
from mjproxy_server.discord.rest.types import Taken as Accepted
from mjproxy_server.discord.snowflake import NonceSource
from mjproxy_server.discord.tasks import first_of
from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.clock import now_ms
from mjproxy_server.engine.composing import Composer, Message, NotComposed
from mjproxy_server.engine.connection import UnknownCommand
from mjproxy_server.engine.dialogues import DialogueRefused
from mjproxy_server.engine.history import History
from mjproxy_server.engine.link import Link
from mjproxy_server.engine.patience import PatientStore
from mjproxy_server.midjourney.messages import BotMessage, ModalOpened
from mjproxy_server.model.account import Account
from mjproxy_server.model.errors import BotSilent
from mjproxy_server.model.facts import Fact, Failed, NotTaken, Sending, Taken
from mjproxy_server.model.task import Failure, Step, Task
from mjproxy_server.model.vocabulary import Reason

_logger = logging.getLogger(__name__)

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


Judge = Callable[[Task, Failed, BotMessage], Fact]
"""Returns what becomes of a task of which a message tells a failure."""


class _Again(Exception):
    """It is proved that Discord has not taken the interaction, and it may be sent again after a pause in seconds."""

    def __init__(self, pause: float) -> None:
        super().__init__(pause)
        self.pause = pause


class _Refusal(Exception):
    """Discord does not want the interaction, now or later."""


class Worker:
    """Works the tasks of one account off.

    Attributes:
        account: The account; it may be replaced by itself with other settings at any time.
    """

    def __init__(
        self,
        account: Account,
        *,
        link: Link,
        composer: Composer,
        history: History,
        store: PatientStore,
        nonces: NonceSource,
        clock: Clock,
    ) -> None:
        self.account = account
        self._link = link
        self._composer = composer
        self._history = history
        self._store = store
        self._nonces = nonces
        self._clock = clock

    def join(self, judge: Judge) -> None:
        """Has somebody judge what the bot says instead of opening a dialogue; called before there is any work."""
        self._judge_notice = judge

    async def work(self, task: Task, opened: ModalOpened | None = None) -> None:
        """Sends what the task asks for; returns when it is settled whether Discord has taken it.

        Whatever goes wrong ends the task as a failure with a reason; nothing is raised.

        Args:
            task: The task.
            opened: The modal that its press has opened, and that is to be answered; None if it is yet to be sent.
        """
        await self._see_through(task, self._send(task, opened))

    async def take_up(self, task: Task) -> None:
        """Goes on with a task for which an earlier process has sent something; returns as `work` does."""
        await self._see_through(task, self._settle_and_send(task))

    async def _see_through(self, task: Task, work: Awaitable[None]) -> None:
        try:
            await work
        except DialogueRefused as refused:
            await self._heed_refusal(task, refused)
        except BotSilent as silent:
            await self._fail(task, Reason.BOT_ERROR, "No answer", str(silent))
        except (_Refusal, UnknownCommand, DiscordError) as error:
            _logger.warning("Task %s could not be sent: %s", task.id, error)
            await self._fail(task, Reason.DISCORD_REFUSED, "Discord refused", str(error))
        except Exception:
            _logger.exception("Task %s failed by a fault of the server", task.id)
            await self._fail(task, Reason.INTERNAL, "Internal error", "A fault of the server; its log says more.")

    async def _heed_refusal(self, task: Task, refused: DialogueRefused) -> None:
        """Stores the press that has opened nothing as one whose job has failed: it may be tried again."""
        at = now_ms(self._clock)
        outcome = self._judge_notice(task, Failed(at, refused.failure), refused.notice)
        await self._store.record(task.id, Sending(at, refused.nonce, mode=task.mode), outcome)

    async def stop(self, task: Task) -> bool:
        """Asks the bot to stop the task's job; returns False if that is not possible yet or Discord refused it."""
        if not task.trace.progress_message_id or not self._link.ready:
            return False
        try:
            stop = await self._composer.stop(task, self.account)
            async with self._link.pace.turn():
                return isinstance(await stop.send(self._link.session_id, self._nonces.next()), Accepted)
        except (DiscordError, UnknownCommand) as error:
            _logger.warning("The job of task %s could not be stopped: %s", task.id, error)
            return False

    async def _settle_and_send(self, task: Task) -> None:
        """Sends a task unless what was sent for it before is found to have been taken."""
        try:
            if task.trace.in_doubt:
                await self._settle(task, task.trace.steps[-1])
            else:
                await self._send(task, None)
        except _Again:
            await self._send(task, None)

    async def _send(self, task: Task, opened: ModalOpened | None) -> None:
        first, given_up_at = True, math.inf
        while self._clock.monotonic() < given_up_at:
            await self._link.wait_until_ready()
            try:
                message = await self._compose(task, opened, first=first)
                return await self._send_once(task, message, first=first)
            except _Again as again:
                await self._clock.sleep(again.pause)
            if first:
                first, given_up_at = False, self._clock.monotonic() + MOST_PATIENCE
        raise _Refusal(f"it was not taken for an hour; submit it again later ({self._link.pace.obstacle})")

    async def _compose(self, task: Task, opened: ModalOpened | None, *, first: bool) -> Message:
        try:
            return await self._composer.compose(task, self.account, opened)
        except NotComposed as refused:
            outcome = refused.outcome
            self._heed(outcome)
            if isinstance(outcome, Refused):
                self._judge(task, outcome, first=first)
            raise _Again(UNREACHABLE_PAUSE) from refused
        except (RateLimited, RateLimitTooLong, InvalidRequestBudgetSpent) as held_back:
            raise _Again(held_back.retry_after) from held_back
        except DiscordUnavailable as failure:
            self._link.pace.back_off(0.0, failure.reason)
            raise _Again(UNREACHABLE_PAUSE) from failure

    async def _send_once(self, task: Task, message: Message, *, first: bool) -> None:
        """Sends the interaction in the account's turn, and settles what came of it.

        Raises:
            _Again: It was not taken and may be sent again.
            _Refusal: It was not taken and must not be sent again.
        """
        async with self._link.pace.turn():
            session_id, nonce = self._link.session_id, message.nonce or self._nonces.next()
            told = "" if message.interaction_id else session_id
            sending = Sending(now_ms(self._clock), nonce, message.interaction_id, task.mode, told)
            stored = await self._store.record(task.id, sending)
            if stored is None or stored.status.ended:
                return
            try:
                outcome = await message.send(session_id, nonce)
            except (RateLimitTooLong, InvalidRequestBudgetSpent) as held_back:
                outcome = Refused(None, None, str(held_back), held_back.retry_after)
            self._heed(outcome)
        match outcome:
            case Accepted():
                await self._store.record(task.id, Taken(now_ms(self._clock), nonce))
            case Refused():
                await self._store.record(task.id, NotTaken(now_ms(self._clock), nonce))
                self._judge(task, outcome, first=first)
            case InDoubt():
                await self._settle(task, stored.trace.steps[-1])

    def _heed(self, outcome: InteractionOutcome) -> None:
        """Has the account send nothing for a while if Discord takes nothing just now."""
        match outcome:
            case InDoubt():
                self._link.pace.back_off(0.0, outcome.reason)
            case Refused() if outcome.retry_after is not None or outcome.http_status is None:
                self._link.pace.back_off(outcome.retry_after or 0.0, outcome.message)
            case _:
                self._link.pace.go_on()

    def _judge(self, task: Task, refused: Refused, *, first: bool) -> None:
        """Decides whether what Discord refused may be sent again."""
        if refused.retry_after is not None:
            raise _Again(refused.retry_after)
        if refused.http_status is None:
            raise _Again(UNREACHABLE_PAUSE)
        if first and task.source is None and refused.code == INVALID_FORM_BODY:  # The command may be outdated.
            self._link.forget_commands(self.account.guild_id)
            raise _Again(0.0)
        raise _Refusal(f"Discord answered {refused.http_status}: {refused.message} (code {refused.code})")

    async def _settle(self, task: Task, step: Step) -> None:
        """Waits until evidence shows whether Discord has taken an interaction whose answer was lost.

        Raises:
            _Again: It was not taken and may be sent again.
        """
        _logger.warning("Task %s: the answer to its interaction was lost; waiting for evidence", task.id)
        absent_at, connected = self._clock.monotonic() + PROOF_OF_ABSENCE, 0.0
        while connected < MOST_DOUBT:
            connected += await self._listen()
            absent = self._would_have_told(step) and self._link.heard_until >= absent_at
            if not await self._is_in_doubt(task, step):
                return
            if absent:
                await self._store.record(task.id, NotTaken(now_ms(self._clock), step.nonce))
                raise _Again(0.0)
        await self._history.read_for([task])
        if await self._is_in_doubt(task, step):
            await self._fail(task, Reason.OUTCOME_UNKNOWN, "Outcome unknown", _UNKNOWN)

    async def _listen(self) -> float:
        """Waits for a while, and until all is heard that was told meanwhile, unless that takes too long.

        Returns:
            The seconds that it took; 0 if the account is not connected.
        """
        began = self._clock.monotonic()
        await self._clock.sleep(PROOF_OF_ABSENCE)
        await first_of(self._link.hear_out(), self._clock.sleep(PROOF_OF_ABSENCE))
        return self._clock.monotonic() - began if self._link.ready else 0.0

    async def _is_in_doubt(self, task: Task, step: Step) -> bool:
        """Tells whether it is still to be settled what became of a step; the task may have been sent again since."""
        known = await self._store.get(task.id)
        return known is not None and _in_doubt(known[0], step.nonce)

    def _would_have_told(self, step: Step) -> bool:
        """Tells whether this is the session that is told of the step if it is taken."""
        return bool(step.session_id) and self._link.session_id == step.session_id

    async def _fail(self, task: Task, reason: Reason, title: str, description: str) -> None:
        await self._store.record(task.id, Failed(now_ms(self._clock), Failure(reason, title, description)))


def _in_doubt(task: Task, nonce: str) -> bool:
    return not task.status.ended and task.trace.in_doubt and task.trace.nonce == nonce


_UNKNOWN: Final = (
    "The connection broke while it was sent, and nothing shows whether Discord took it. Look into the channel before"
    " you submit it again."
)
