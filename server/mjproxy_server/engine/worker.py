"""Working one task off: what its transmission asks for is done, and it is told what came of that.

What is to be sent, when, and how often is decided in `transmission`; what happens after that is the bot's business, and
the lane hears of it.
"""

import logging
from collections import deque
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
from mjproxy_server.engine.transmission import (
    Action,
    Actions,
    ForgetCommands,
    GiveUp,
    Heard,
    Listen,
    LookBack,
    Pause,
    Send,
    Settle,
    Transmission,
    may_be_sent,
    obstacle,
)
from mjproxy_server.midjourney.messages import BotMessage, ModalOpened
from mjproxy_server.model.account import Account
from mjproxy_server.model.errors import BotSilent
from mjproxy_server.model.facts import Fact, Failed, NotTaken, Sending, Taken
from mjproxy_server.model.task import Failure, Task
from mjproxy_server.model.vocabulary import Reason

_logger = logging.getLogger(__name__)

Judge = Callable[[Task, Failed, BotMessage], Fact]
"""Returns what becomes of a task of which a message tells a failure."""


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
        transmission = Transmission(task)
        await self._see_through(task, self._carry_out(transmission.begin(), transmission, opened))

    async def take_up(self, task: Task) -> None:
        """Goes on with a task for which an earlier process has sent something; returns as `work` does."""
        if task.trace.in_doubt:
            _warn_of_doubt(task)
        transmission = Transmission(task)
        todo = transmission.take_up(self._clock.monotonic())
        await self._see_through(task, self._carry_out(todo, transmission, None))

    async def _see_through(self, task: Task, work: Awaitable[None]) -> None:
        try:
            await work
        except DialogueRefused as refused:
            await self._heed_refusal(task, refused)
        except BotSilent as silent:
            await self._give_up(task, Failure(Reason.BOT_ERROR, "No answer", str(silent)))
        except (UnknownCommand, DiscordError) as error:
            await self._give_up(task, Failure(Reason.DISCORD_REFUSED, "Discord refused", str(error)))
        except Exception:
            _logger.exception("Task %s failed by a fault of the server", task.id)
            await self._fail(task, _FAULT)

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

    async def _carry_out(self, actions: Actions, transmission: Transmission, opened: ModalOpened | None) -> None:
        """Does one thing after the other, and what follows from them, until nothing does."""
        todo = deque(actions)
        while todo:
            todo += await self._do(todo.popleft(), transmission, opened)

    async def _do(self, action: Action, transmission: Transmission, opened: ModalOpened | None) -> Actions:
        match action:
            case Send():
                return await self._compose_and_send(transmission, opened)
            case Pause(seconds):
                await self._clock.sleep(seconds)
                return transmission.paused(self._clock.monotonic())
            case Listen(seconds):
                heard = await self._listen(seconds)
                return transmission.listened(heard, await self._known(transmission))
            case LookBack():
                await self._history.read_for([transmission.task])
                return transmission.looked_back(await self._known(transmission))
            case Settle(nonce, taken):
                fact = Taken if taken else NotTaken
                await self._store.record(transmission.task.id, fact(now_ms(self._clock), nonce))
            case ForgetCommands():
                self._link.forget_commands(self.account.guild_id)
            case GiveUp(failure):
                await self._give_up(transmission.task, failure)
        return []

    async def _compose_and_send(self, transmission: Transmission, opened: ModalOpened | None) -> Actions:
        await self._link.wait_until_ready()
        try:
            message = await self._composer.compose(transmission.task, self.account, opened)
        except NotComposed as refused:
            self._heed(refused.outcome)
            return transmission.not_composed(refused.outcome)
        except (RateLimited, RateLimitTooLong, InvalidRequestBudgetSpent) as held_back:
            return transmission.not_composed(_held_back(held_back))
        except DiscordUnavailable as failure:
            unreachable = InDoubt(failure.reason)
            self._heed(unreachable)
            return transmission.not_composed(unreachable)
        return await self._send(transmission, message)

    async def _send(self, transmission: Transmission, message: Message) -> Actions:
        """Sends the interaction in the account's turn, after its step was stored."""
        async with self._link.pace.turn():
            session_id, nonce = self._link.session_id, message.nonce or self._nonces.next()
            sending = transmission.sending(now_ms(self._clock), nonce, session_id, message.interaction_id)
            if not may_be_sent(await self._store.record(transmission.task.id, sending)):
                return []
            try:
                outcome = await message.send(session_id, nonce)
            except (RateLimitTooLong, InvalidRequestBudgetSpent) as held_back:
                outcome = _held_back(held_back)
            self._heed(outcome)
        if isinstance(outcome, InDoubt):
            _warn_of_doubt(transmission.task)
        return transmission.answered(outcome, self._clock.monotonic())

    def _heed(self, outcome: InteractionOutcome) -> None:
        """Has the account send nothing for a while if Discord takes nothing just now."""
        if met := obstacle(outcome):
            self._link.pace.back_off(met.seconds, met.reason)
        else:
            self._link.pace.go_on()

    async def _listen(self, seconds: float) -> Heard:
        began = self._clock.monotonic()
        await self._clock.sleep(seconds)
        await first_of(self._link.hear_out(), self._clock.sleep(seconds))
        connected = self._clock.monotonic() - began if self._link.ready else 0.0
        return Heard(connected, self._link.session_id, self._link.heard_until)

    async def _known(self, transmission: Transmission) -> Task | None:
        known = await self._store.get(transmission.task.id)
        return known[0] if known else None

    async def _give_up(self, task: Task, failure: Failure) -> None:
        _logger.warning("Task %s could not be sent: %s", task.id, failure.description)
        await self._fail(task, failure)

    async def _fail(self, task: Task, failure: Failure) -> None:
        await self._store.record(task.id, Failed(now_ms(self._clock), failure))


def _held_back(error: RateLimited | RateLimitTooLong | InvalidRequestBudgetSpent) -> Refused:
    """Returns what is proved of something that was not sent, or was refused, since too much was sent before."""
    return Refused(None, None, str(error), error.retry_after)


def _warn_of_doubt(task: Task) -> None:
    _logger.warning("Task %s: the answer to its interaction was lost; waiting for evidence", task.id)


_FAULT: Final = Failure(Reason.INTERNAL, "Internal error", "A fault of the server; its log says more.")
