"""The lane of one account: it takes the waiting tasks in their order, and keeps at most `core_size` of them at work.

A lane is a reader of the task log: the log tells it which tasks wait, which are at work and which have ended. It is
not called by those who submit. What Discord sends is heard here, given to the correlator, and stored as facts; the
log then tells the lane what became of them.

A task whose job has failed may get a second chance. The log then tells that it waits again: it goes to the front, and
starts as any other when it may. What an earlier process has begun is taken up at the start (`recovery`).
"""

import asyncio
import dataclasses
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from mjproxy_server.discord.gateway.types import Dispatch
from mjproxy_server.discord.tasks import first_of
from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine import second_chances
from mjproxy_server.engine.asking import Inquiries
from mjproxy_server.engine.choice import Load
from mjproxy_server.engine.clock import now_ms
from mjproxy_server.engine.condition import Condition, omen
from mjproxy_server.engine.dialogues import depends_on_remix
from mjproxy_server.engine.history import History
from mjproxy_server.engine.link import Link
from mjproxy_server.engine.modes import SpentModes, mode_for
from mjproxy_server.engine.patience import PatientStore
from mjproxy_server.engine.recovery import has_open_modal, is_begun, is_unsettled
from mjproxy_server.engine.unknown_messages import UnknownCollector
from mjproxy_server.engine.wording import in_chinese, wants_chinese
from mjproxy_server.engine.worker import Worker
from mjproxy_server.midjourney.correlate import Correlator, Sighting
from mjproxy_server.midjourney.messages import BotMessage, Deleted, Event, ModalOpened
from mjproxy_server.midjourney.outcomes import TroubleKind, account_trouble
from mjproxy_server.midjourney.scrubbing import Place
from mjproxy_server.midjourney.versions import MessageReader, is_fragment
from mjproxy_server.model.account import Account, AccountRecord
from mjproxy_server.model.facts import Cancelled, Fact, Failed, Finished
from mjproxy_server.model.task import Failure, Task
from mjproxy_server.model.vocabulary import Bot, Mode, Reason, Setback, Status
from mjproxy_server.prompts.prompts import Prompts
from mjproxy_server.store.interface import Revision

_logger = logging.getLogger(__name__)

SILENCE_CHECKS: Final = 4
"""How many times within its time-out a job's silence is looked at."""
CANCEL_PATIENCE: Final = 30.0
"""Seconds that a job has to stop after its task was cancelled."""
CANCEL_PAUSE: Final = 0.5
"""Seconds until it is looked again whether a cancelled job can be stopped."""


class Lane:
    """The tasks of one account, waiting and at work."""

    def __init__(
        self,
        record: AccountRecord,
        *,
        link: Link,
        worker: Worker,
        history: History,
        inquiries: Inquiries,
        prompts: Prompts,
        unknown: UnknownCollector,
        store: PatientStore,
        clock: Clock,
        on_change: Callable[[], None],
    ) -> None:
        """Prepares a lane that does nothing yet.

        Args:
            record: The account, and what is known of it.
            link: The account's way to Discord.
            worker: Works the tasks off.
            history: What the account's channel holds; it tells what was not heard.
            inquiries: What is asked of the bot besides; it hears every event first.
            prompts: Translates results.
            unknown: Collects what is heard and not understood.
            store: The task log.
            clock: The time.
            on_change: Called when the account's health or load is another one than before.
        """
        self.account = record.account
        self.base = record.base
        self.syncs = record.syncs
        self.condition = Condition(record.held_reason)
        self.inquiries = inquiries
        self._link = link
        self._worker = worker
        self._history = history
        self._prompts = prompts
        self._unknown = unknown
        self._store = store
        self._clock = clock
        self._on_change = on_change
        self._spent_modes = SpentModes()
        self._reader = MessageReader(record.account.channel_id)
        self._correlator = Correlator()
        self._waiting: dict[str, Task] = {}
        self._at_work: dict[str, Task] = {}
        self._heard_at: dict[str, float] = {}  # Their last signs of life, by the clock that is never set.
        self._expected = 0
        self._changed = asyncio.Event()
        self._cancel_wanted = asyncio.Event()
        self._opened: asyncio.Queue[tuple[Task, ModalOpened]] = asyncio.Queue()
        self._answered: dict[str, str] = {}
        self._translations: asyncio.Queue[tuple[str, Finished]] = asyncio.Queue()
        self._idleness_begun = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        link.join(self)
        history.join(self._observe_again)

    @property
    def link(self) -> Link:
        """The account's way to Discord."""
        return self._link

    @property
    def record(self) -> AccountRecord:
        """What is worth being kept of the account."""
        return AccountRecord(
            account=self.account,
            base=self.base,
            sync=self.syncs.get(Bot.MIDJOURNEY),
            held_reason=self.condition.held_reason,
            niji_sync=self.syncs.get(Bot.NIJI),
        )

    @property
    def held_reason(self) -> str:
        """Why the account's owner has to act, for the bot or for Discord; "" if nothing is the matter."""
        return self.condition.held_reason or self._link.rejection

    @property
    def resting_until(self) -> float:
        """Until when the account rests, in seconds since the Unix epoch; 0 while it does not."""
        left = self.condition.resting_until - self._clock.monotonic()
        return self._clock.time() + left if left > 0 else 0.0

    @property
    def waiting(self) -> Sequence[Task]:
        """The tasks that wait, in their order."""
        return tuple(self._waiting.values())

    @property
    def at_work(self) -> Sequence[Task]:
        """The tasks that are at work."""
        return tuple(self._at_work.values())

    def works_on(self, task_id: str) -> bool:
        """Tells whether a task is at work."""
        return task_id in self._at_work

    def load(self) -> Load:
        """Returns how busy the account is."""
        return Load(
            account=self.account,
            ready=self._link.ready and self.condition.fit(self._clock.monotonic()),
            running=len(self._at_work),
            waiting=len(self._waiting) + self._expected,
            remix=self.remix(Bot.MIDJOURNEY),
            held=bool(self.held_reason),
        )

    def remix(self, bot: Bot) -> bool | None:
        """Returns whether the Remix mode of a bot is on, as the last sync told it; None if that is not known."""
        return self.syncs[bot].remix if bot in self.syncs else None

    def change(self, account: Account) -> None:
        """Goes on with other settings."""
        self.account = account
        self._worker.account = account
        self._link.pace.interval = account.interval_seconds
        self.notice_change()

    def notice_change(self) -> None:
        """Looks again at what may start, and lets others look at the account."""
        self._changed.set()
        self._on_change()

    def withdraw(self, task_id: str) -> bool:
        """Takes a waiting task back before it may start; returns False if it does not wait any more."""
        return self._waiting.pop(task_id, None) is not None

    async def wait_until_idle(self) -> None:
        """Returns when nothing is at work."""
        await self._idle.wait()

    def expect(self, count: int) -> None:
        """Counts a task that is being submitted, or with -1 no longer."""
        self._expected += count
        self._on_change()

    def open(self, unfinished: Sequence[Task], ended: Iterable[Task]) -> None:
        """Takes over the account's tasks from an earlier process.

        Those that ended lately are made known to the correlator, since their jobs may still bring results.
        """
        self._correlator.user_id = self._link.user_id
        for task in ended:
            self._correlator.watch(task)
            self._correlator.forget(task.id)
        self._waiting = _in_order(task for task in unfinished if not is_begun(task))
        for task in unfinished:
            if is_begun(task):
                self._give_core(task)
            if has_open_modal(task):
                self._answered[task.id] = task.trace.interaction_id

    def follow(self, revision: Revision) -> None:
        """Learns from the task log what became of one of the account's tasks."""
        task = revision.subject
        if revision.removed or task.status.ended:
            self._forget(task)
        elif task.trace.failed and task.id in self._at_work:
            self._put_back(task)
        elif task.id in self._at_work:
            if task.trace.last_sign_at != self._at_work[task.id].trace.last_sign_at:
                self._heard_at[task.id] = self._clock.monotonic()
            self._at_work[task.id] = task
            self._correlator.watch(task)
            if task.cancel_requested_at:
                self._cancel_wanted.set()
        elif task.status is Status.NOT_START:
            self._waiting[task.id] = task
        self.notice_change()

    async def run(self) -> None:
        """Works the tasks off until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_for_silence())
            group.create_task(self._wake_when_idleness_ends())
            group.create_task(self._stop_cancelled())
            group.create_task(self._translate())
            group.create_task(self._answer_opened())
            for begun in filter(is_unsettled, self.at_work):
                group.create_task(self._worker.take_up(self._as_sent(begun)))
            while True:
                await self._link.wait_until_ready()
                self._changed.clear()
                task = self._claim()
                if task is None:
                    await self._changed.wait()
                else:
                    group.create_task(self._worker.work(self._as_sent(task)))

    async def _stop_cancelled(self) -> None:
        """Asks the bot to stop the jobs whose tasks are cancelled; gives up a job that does not stop in time.

        Until then the task keeps its core, since its job does.
        """
        asked: set[str] = set()
        began = now_ms(self._clock)
        while True:
            self._cancel_wanted.clear()
            wanted = [task for task in self._at_work.values() if task.cancel_requested_at]
            asked &= {task.id for task in wanted}
            for task in wanted:
                if now_ms(self._clock) - max(began, task.cancel_requested_at) > CANCEL_PATIENCE * 1000:
                    await self._store.record(task.id, Cancelled(now_ms(self._clock)))
                elif task.id not in asked and await self._worker.stop(task):
                    asked.add(task.id)
            if wanted:
                await self._clock.sleep(CANCEL_PAUSE)
            else:
                await self._cancel_wanted.wait()

    async def hear(self, dispatch: Dispatch) -> None:
        """Takes in what Discord sent, and returns when what it tells of the account's tasks is stored."""
        event = self._reader.read(dispatch.type, dispatch.data)
        self._unknown.hear(dispatch, event, self._place)
        if event is None:
            await self._complete(dispatch)
        elif not self.inquiries.hear(event) and self._concerns(event):
            await self._observe(event)

    async def begin_session(self, user_id: str) -> None:
        """Takes note of whose session it is, and reads from the channel's history what was missed before it."""
        self._correlator.user_id = user_id
        if self._at_work:
            await self._history.read_for(self.at_work)

    def connection_changed(self) -> None:
        """Lets others look at the account, whose connection does something else than before."""
        self._on_change()

    def _claim(self) -> Task | None:
        """Takes the first waiting task that may start, and gives it a core."""
        fit = self.account.enable and self.condition.fit(self._clock.monotonic())
        if not fit or len(self._at_work) >= self.account.core_size:
            return None
        for task in self._waiting.values():
            if self._correlator.may_start(task):
                del self._waiting[task.id]
                self._give_core(task)
                return task
        return None

    def _give_core(self, task: Task) -> None:
        self._at_work[task.id] = task
        self._heard_at[task.id] = self._clock.monotonic()
        self._idle.clear()
        self._correlator.watch(task)

    def _forget(self, task: Task) -> None:
        self._waiting.pop(task.id, None)
        if self._at_work.pop(task.id, None):
            del self._heard_at[task.id]
            self._answered.pop(task.id, None)
            self._correlator.forget(task.id)
            self._heed_end(task)
        self._note_idleness()

    def _put_back(self, task: Task) -> None:
        """Lets a task whose job has failed wait for its second chance, before those that have had none."""
        del self._at_work[task.id], self._heard_at[task.id]
        self._correlator.forget(task.id)
        self._waiting = _in_order([*self._waiting.values(), task])
        self._note_idleness()

    def _note_idleness(self) -> None:
        if not self._at_work:
            self._idle.set()

    def _heed_end(self, task: Task) -> None:
        """Lets the account rest if its tasks fail one after the other."""
        now = self._clock.monotonic()
        if self.condition.heed(omen(task), now):
            rest = self.condition.resting_until - now
            _logger.warning("Account %s rests for %.0f s, since its last tasks failed", self.account.id, rest)
            self._idleness_begun.set()

    async def _wake_when_idleness_ends(self) -> None:
        """Another rest or pause may end sooner, since an operator can lift the one that is slept through."""
        while True:
            await self._idleness_begun.wait()
            self._idleness_begun.clear()
            seconds = self.condition.idle_until - self._clock.monotonic()
            await first_of(self._clock.sleep(seconds), self._idleness_begun.wait())
            self.notice_change()

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
        message_id, channel_id = str(dispatch.data.get("id")), dispatch.data.get("channel_id")
        here = is_fragment(dispatch.type, dispatch.data) and channel_id == self.account.channel_id
        if here and self._correlator.awaits_change_of(message_id):
            await self._history.read_again(message_id)

    async def _observe_again(self, message: Mapping[str, object]) -> None:
        """Takes in a message of the channel's history."""
        event = self._reader.read("MESSAGE_CREATE", message)
        if event is not None:
            await self._observe(event)

    async def _observe(self, event: Event) -> None:
        sightings = self._correlator.observe(event, now_ms(self._clock))
        if isinstance(event, BotMessage) and sightings:
            self._heed_trouble(event)
        for sighting in sightings:
            await self._report(sighting, event)
            self._heed_remix(event, sighting.task_id)

    async def _report(self, sighting: Sighting, event: Event) -> None:
        """Stores what was seen; a text that is to be translated first is stored when that is done."""
        task, fact = self._at_work.get(sighting.task_id), sighting.fact
        if task is not None and isinstance(fact, Finished) and wants_chinese(task):
            self._translations.put_nowait((sighting.task_id, fact))
        elif task is not None and isinstance(fact, Failed) and isinstance(event, BotMessage):
            await self._store.record(sighting.task_id, self._outcome(task, fact, event))
        else:
            await self._store.record(sighting.task_id, fact)

    def _outcome(self, task: Task, failed: Failed, message: BotMessage) -> Fact:
        """Returns what becomes of a task whose job has failed, and heeds what that tells of the account."""
        match second_chances.setback_of(failed.failure, message):
            case Setback.EXHAUSTED:
                _logger.warning("Account %s: %s", self.account.id, failed.failure.description)
                self._spent_modes.note(task.mode, self._clock.time())
            case Setback.BUSY:
                self._pause(second_chances.pause(task, message, failed.at))
        return second_chances.outcome(task, failed, message, self.account, self._known_spent_modes())

    def _pause(self, seconds: float) -> None:
        """Starts nothing for some seconds; the account's health does not tell why, so the log does."""
        _logger.warning("Account %s pauses for %.0f s, since the bot is busy", self.account.id, seconds)
        self.condition.pause(self._clock.monotonic() + seconds)
        self._idleness_begun.set()

    def _heed_remix(self, event: Event, task_id: str) -> None:
        """Learns from what a press leads to whether Remix is on; has a modal answered, once however often it comes."""
        task = self._at_work.get(task_id)
        if task is None or not depends_on_remix(task) or task.cancel_requested_at:
            return
        if isinstance(event, BotMessage) and event.content and task_id not in self._answered:
            self._note_remix(task.bot, on=False)
        newest = isinstance(event, ModalOpened) and event.nonce in {"", task.trace.nonce}
        if isinstance(event, ModalOpened) and newest and self._answered.get(task_id) != event.id:
            self._answered[task_id] = event.id
            self._note_remix(task.bot, on=True)
            self._opened.put_nowait((task, event))

    def _note_remix(self, bot: Bot, *, on: bool) -> None:
        known = self.syncs.get(bot)
        if known and known.remix is not on:
            self.syncs[bot] = dataclasses.replace(known, remix=on)
            self._on_change()

    async def _answer_opened(self) -> None:
        """Answers the modals that presses have opened: as the callers said, or unchanged if they were not asked."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._worker.work(*await self._opened.get()))

    def _as_sent(self, task: Task) -> Task:
        """Returns a task in the mode in which it is to be sent now."""
        return replace(task, mode=mode_for(task, self.account, self._known_spent_modes()))

    def _known_spent_modes(self) -> frozenset[Mode]:
        return self._spent_modes.known(self._clock.time(), self.syncs.get(Bot.MIDJOURNEY))

    async def _translate(self) -> None:
        """Translates results, which may take seconds, for which nothing else waits."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._finish_in_chinese(*await self._translations.get()))

    async def _finish_in_chinese(self, task_id: str, finished: Finished) -> None:
        await self._store.record(task_id, await in_chinese(finished, self._prompts))
        self._translations.task_done()

    def _heed_trouble(self, message: BotMessage) -> None:
        """Holds the account if an answer to one of our own tasks says that its owner has to do something."""
        trouble = account_trouble(message)
        if trouble is None or trouble.kind is TroubleKind.FAST_EXHAUSTED:
            return
        self.condition.held_reason = f"[{trouble.title}] {trouble.description}"
        _logger.error("Account %s is held, its owner has to act: %s", self.account.id, self.condition.held_reason)
        self._on_change()

    async def _watch_for_silence(self) -> None:
        while True:
            timeout = self.account.timeout_minutes * 60.0
            await self._clock.sleep(timeout / SILENCE_CHECKS)
            silent = self._silent_for(timeout)
            if silent and self._link.ready:
                await self._give_up(silent, timeout)

    def _silent_for(self, seconds: float) -> list[Task]:
        limit = self._clock.monotonic() - seconds - self._link.lag  # A sign of life may wait to be heard.
        return [task for task in self._at_work.values() if task.trace.last_sign_at and self._heard_at[task.id] < limit]

    async def _give_up(self, silent: Sequence[Task], seconds: float) -> None:
        """Ends the tasks that stay silent even after the channel's history was read."""
        if not await self._history.read_for(silent):
            return
        await self._translations.join()  # Results that the history held may still be on their way.
        for task in self._silent_for(seconds):
            await self._store.record(task.id, Failed(now_ms(self._clock), _silence(self.account.timeout_minutes)))


def _in_order(waiting: Iterable[Task]) -> dict[str, Task]:
    return {task.id: task for task in sorted(waiting, key=_rank)}


def _rank(task: Task) -> tuple[bool, str]:
    """Those that were begun before come first, the oldest of them at the head; the others keep their order."""
    return not task.trace.failed, task.id if task.trace.failed else ""


def _silence(minutes: int) -> Failure:
    return Failure(
        Reason.TIMED_OUT,
        "Timed out",
        f"The bot gave no sign of life for {minutes} minutes, and the channel holds no result.",
    )
