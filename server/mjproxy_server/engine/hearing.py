"""What an account hears of its channel: what Discord sends, and what the channel's history holds, as sightings.

From when a session begins until the history was read, what no exact key tells waits: it may be about jobs of which only
the history knows. The history is told together with it, when all is heard that was told while it was read: what it
shows of the newest jobs would lack their nonces otherwise. And it is not read before the bot must have answered what
was sent last: otherwise it could show another's job alone, of two that are alike.

What Discord has sent together is heard together. Each event is reported before the next one is read, but for those that
tell only how far a job is: nothing else is read otherwise for that, so that they are reported, and stored, together.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final

from mjproxy_server.discord.errors import DiscordError, Forbidden
from mjproxy_server.discord.gateway.types import Dispatch
from mjproxy_server.discord.tasks import first_of
from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.asking import Inquiries
from mjproxy_server.engine.clock import now_ms
from mjproxy_server.engine.history import History, Message
from mjproxy_server.engine.link import Link
from mjproxy_server.engine.unknown_messages import UnknownCollector
from mjproxy_server.engine.workload import Workload
from mjproxy_server.midjourney.correlate import Correlator, Sighting
from mjproxy_server.midjourney.messages import MESSAGES, BotMessage, Deleted, Event
from mjproxy_server.midjourney.scrubbing import Place
from mjproxy_server.midjourney.versions import MessageReader, is_fragment
from mjproxy_server.model.account import Account
from mjproxy_server.model.facts import Progressed, Reported
from mjproxy_server.model.task import Task, Trace

_logger = logging.getLogger(__name__)

Report = Callable[[Event, Sequence[Sighting]], Awaitable[None]]
"""Takes in an event and what it tells of the account's tasks."""

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
"""So many seconds pass until a history that could not be read is read again: twice as many each time."""
ANSWERED_WITHIN: Final = 15.0
"""So many seconds after it was taken, an interaction has been answered; Discord gives applications 3."""


class Hearing:
    """Reads what Discord sends to one account, and has reported what that tells of its tasks.

    Args:
        account: The account.
        workload: Its tasks.
        link: Its way to Discord.
        correlator: Knows whose a message is.
        history: Has heard what was missed, or was not told in full.
        inquiries: What is asked of the bot besides; it hears every event first.
        unknown: Collects what is heard and not understood.
        clock: The time.
        report: Takes in what was heard.

    Attributes:
        account: The account; it may be replaced by itself with other settings at any time.
    """

    def __init__(
        self,
        account: Account,
        workload: Workload,
        *,
        link: Link,
        correlator: Correlator,
        history: History,
        inquiries: Inquiries,
        unknown: UnknownCollector,
        clock: Clock,
        report: Report,
    ) -> None:
        self.account = account
        self._workload = workload
        self._link = link
        self._correlator = correlator
        self._history = history
        self._inquiries = inquiries
        self._unknown = unknown
        self._clock = clock
        self._report = report
        self._reader = MessageReader(account.channel_id)
        self._waiting: list[BotMessage] = []
        self._progress: dict[str, list[tuple[Event, Progressed]]] = {}  # What is yet to be reported, by the tasks.
        self._missed = asyncio.Event()  # Something may have happened that only the history tells.
        self._caught_up = asyncio.Event()
        history.join(self._look_back)
        link.listen(self.hear)

    async def hear(self, dispatches: Sequence[Dispatch]) -> None:
        """Takes in what Discord sent, and returns when what it tells of the account's tasks is reported."""
        for dispatch in dispatches:
            event = self._reader.read(dispatch.type, dispatch.payload)
            self._unknown.hear(dispatch, event, self._place)
            if event is None:
                await self._complete(dispatch)
            elif not self._inquiries.hear(event) and self._concerns(event):
                await self._observe(event, dispatch.session_id)
        await self._report_progress()

    def begin_session(self) -> None:
        """Has the history read before anything is known by its likeness again."""
        self._caught_up.clear()
        self._missed.set()

    async def wait_until_caught_up(self) -> None:
        """Returns when all is known that the history told; what is sent before could be taken for what it tells."""
        await self._caught_up.wait()

    async def run(self) -> None:
        """Reads the history each time when a session has begun, until cancelled."""
        pause = FIRST_PAUSE
        while True:
            await self._missed.wait()
            await self._link.wait_until_ready()
            await self._clock.sleep(self._time_to_answer())
            self._missed.clear()
            if await self._catch_up():
                pause = FIRST_PAUSE
            else:
                self._missed.set()
                await self._clock.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    @property
    def _place(self) -> Place:
        return Place(
            guild_id=self.account.guild_id,
            channel_id=self.account.channel_id,
            user_id=self._correlator.user_id,
        )

    def _concerns(self, event: Event) -> bool:
        """Interactions come without a channel: the correlator knows its own nonces."""
        if isinstance(event, BotMessage | Deleted):
            return event.channel_id == self.account.channel_id
        return True

    async def _complete(self, dispatch: Dispatch) -> None:
        """Reads the message of a change that does not tell enough, if that may be about a task.

        What comes after it waits for that: the change may be the last word.
        """
        data = dispatch.data if dispatch.type in MESSAGES else {}
        message_id, here = str(data.get("id")), data.get("channel_id") == self.account.channel_id
        if not (here and is_fragment(dispatch.type, data) and self._correlator.awaits_change_of(message_id)):
            return
        await self._report_progress()
        if now := await self._history.message(message_id):
            for message in self._messages([now]):
                await self._observe(message)

    async def _observe(self, event: Event, session_id: str = "") -> None:
        if isinstance(event, BotMessage) and not self._caught_up.is_set() and self._correlator.awaits_history(event):
            self._waiting.append(event)
            return
        sightings = self._correlator.observe(event, now_ms(self._clock), session_id)
        match sightings:
            case []:
                pass
            case [Sighting(task_id, Progressed() as report)]:
                self._progress.setdefault(task_id, []).append((event, report))
            case _:
                await self._report_progress()
                await self._report(event, sightings)

    async def _report_progress(self) -> None:
        """Has reported how far jobs are, as messages that came together told it."""
        progress, self._progress = self._progress, {}
        for task_id, told in progress.items():
            newest, _ = told[-1]
            await self._report(newest, [Sighting(task_id, Reported(tuple(report for _, report in told)))])

    async def _catch_up(self) -> bool:
        """Takes in the history since the account's jobs began, and what waits for it; returns whether it could."""
        tasks = tuple(self._workload.at_work.values())
        messages = await self._read(tasks)
        if messages is None or not await self._heard_out() or self._missed.is_set():
            return False
        waiting, self._waiting = self._waiting, []
        self._caught_up.set()
        await self._take_in([*self._messages(messages), *waiting], tasks)
        return True

    async def _read(self, tasks: Collection[Task]) -> Sequence[Message] | None:
        """Returns what the history holds, none of it to an account that may not read it; None if it could not be read.

        Nothing is sent before it was, so the operator is told as of what Discord does not take.
        """
        try:
            messages = await self._history.read(tasks)
        except Forbidden as refusal:
            _logger.warning("Account %s may not read its channel's history: %s", self.account.id, refusal)
            messages = []
        except DiscordError as error:
            self._link.pace.back_off(0.0, f"the history of the channel could not be read: {error}")
            return None
        self._link.pace.go_on()
        return messages

    def _time_to_answer(self) -> float:
        """Returns how many seconds the bot still has to answer what this session is not told of."""
        unheard = [task.trace.attempt[-1] for task in self._workload.at_work.values() if _is_unheard(task.trace)]
        missed = [step.sent_at / 1000 for step in unheard if step.session_id != self._link.session_id]
        left = max(missed, default=0.0) + ANSWERED_WITHIN - self._clock.time()
        return min(max(0.0, left), ANSWERED_WITHIN)

    async def _look_back(self, messages: Sequence[Message], tasks: Collection[Task]) -> bool:
        """Takes in what was read of the history for some tasks; returns whether it could."""
        await self._caught_up.wait()
        if not await self._heard_out():
            return False
        await self._take_in(self._messages(messages), tasks)
        return True

    async def _heard_out(self) -> bool:
        """Returns whether all was heard that was told before the call; False if another session has begun meanwhile."""
        asked_at = self._clock.monotonic()
        await first_of(self._link.hear_out(), self._missed.wait())
        return self._link.heard_until >= asked_at

    async def _take_in(self, messages: Sequence[BotMessage], tasks: Collection[Task]) -> None:
        at, session_id, task_ids = now_ms(self._clock), self._link.session_id, [task.id for task in tasks]
        for message, sightings in self._correlator.look_back(messages, at, session_id, task_ids):
            await self._report(message, sightings)

    def _messages(self, messages: Sequence[Message]) -> list[BotMessage]:
        """Returns those among the messages that a bot wrote."""
        events = [self._reader.read("MESSAGE_CREATE", message) for message in messages]
        return [event for event in events if isinstance(event, BotMessage)]


def _is_unheard(trace: Trace) -> bool:
    """Tells whether something was sent, and nothing was heard of it."""
    return bool(trace.attempt) and not (trace.interaction_id or trace.progress_message_id)
