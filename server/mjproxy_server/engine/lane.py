"""The lane of one account: it takes the waiting tasks in their order, and keeps at most `core_size` of them at work.

A lane is a reader of the task log: the log tells it which tasks wait, which are at work and which have ended
(`workload`). It is not called by those who submit. What Discord sends is given to the correlator (`hearing`) and stored
here as facts; the log then tells the lane what became of them.

A task whose job has failed may get a second chance. The log then tells that it waits again: it goes to the front, and
starts as any other when it may. What an earlier process has begun is taken up at the start (`recovery`).
"""

import asyncio
import dataclasses
import logging
from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace

from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine import second_chances
from mjproxy_server.engine.asking import Inquiries
from mjproxy_server.engine.cancellations import Cancellations
from mjproxy_server.engine.choice import Load
from mjproxy_server.engine.condition import Condition
from mjproxy_server.engine.health import Health
from mjproxy_server.engine.hearing import Hearing
from mjproxy_server.engine.history import History
from mjproxy_server.engine.link import Link
from mjproxy_server.engine.modes import SpentModes, mode_for
from mjproxy_server.engine.opened_modals import OpenedModals
from mjproxy_server.engine.patience import PatientStore
from mjproxy_server.engine.recovery import is_unsettled
from mjproxy_server.engine.translations import Translations
from mjproxy_server.engine.unknown_messages import UnknownCollector
from mjproxy_server.engine.watchdog import Watchdog
from mjproxy_server.engine.wording import wants_chinese
from mjproxy_server.engine.worker import Worker
from mjproxy_server.engine.workload import News, Workload
from mjproxy_server.midjourney.correlate import Correlator, Sighting
from mjproxy_server.midjourney.messages import BotMessage, Event
from mjproxy_server.model.account import Account, AccountRecord
from mjproxy_server.model.facts import Fact, Failed, Finished
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Bot, Mode, Setback
from mjproxy_server.prompts.prompts import Prompts
from mjproxy_server.store.interface import Revision

_logger = logging.getLogger(__name__)


class Lane:
    """The tasks of one account, waiting and at work; nothing is done with them before it runs.

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
        on_change: Called when the account's health is another one than before.
        on_load: Called when its load is.

    Attributes:
        account: The account, with its present settings.
        base: The account as the configuration has it; None if it was made through the API.
        syncs: What the bots told of the account when they were asked last.
        condition: Whether the account is fit to work.
        inquiries: What is asked of the bot besides.
    """

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
        on_load: Callable[[], None],
    ) -> None:
        self.account = record.account
        self.base = record.base
        self.syncs = record.syncs
        self.condition = Condition(record.held_reason, record.held_since)
        self.inquiries = inquiries
        self._link = link
        self._worker = worker
        self._store = store
        self._clock = clock
        self._on_change = on_change
        self._on_load = on_load
        self._changed = asyncio.Event()
        self._spent_modes = SpentModes()
        self._core_freed = asyncio.Event()
        self._tasks = Workload()
        self._correlator = Correlator()
        self._hearing = Hearing(
            record.account,
            self._tasks,
            link=link,
            correlator=self._correlator,
            history=history,
            inquiries=inquiries,
            unknown=unknown,
            clock=clock,
            report=self._report_all,
        )
        self._health = Health(record.id, self.condition, clock=clock, on_change=self.notice_change)
        self._cancellations = Cancellations(self._tasks, stop=worker.stop, store=store, clock=clock)
        self._modals = OpenedModals(worker.work)
        self._translations = Translations(prompts, store)
        self._watchdog = Watchdog(
            record.account,
            self._tasks,
            link=link,
            history=history,
            translations=self._translations,
            store=store,
            clock=clock,
        )
        link.join(self)
        worker.join(self._judge)

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
            held_since=self.condition.held_since,
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
        return tuple(self._tasks.waiting.values())

    @property
    def at_work(self) -> Sequence[Task]:
        """The tasks that are at work."""
        return tuple(self._tasks.at_work.values())

    def works_on(self, task_id: str) -> bool:
        """Tells whether a task is at work."""
        return task_id in self._tasks.at_work

    def load(self, expected: int = 0) -> Load:
        """Returns how busy the account is, with so many tasks that it is about to be given."""
        return Load(
            account=self.account,
            ready=self._link.ready and self.condition.fit(self._clock.monotonic()),
            running=len(self._tasks.at_work),
            waiting=len(self._tasks.waiting) + expected,
            remix=self.remix(Bot.MIDJOURNEY),
            held=bool(self.held_reason),
        )

    def remix(self, bot: Bot) -> bool | None:
        """Returns whether the Remix mode of a bot is on, as the last sync told it; None if that is not known."""
        return self.syncs[bot].remix if bot in self.syncs else None

    def change(self, account: Account) -> None:
        """Goes on with other settings."""
        self.account = account
        self._worker.account = self._hearing.account = self._watchdog.account = account
        self._link.pace.interval = account.interval_seconds
        self.notice_change()

    def notice_change(self) -> None:
        """Looks again at what may start, and lets others look at the account."""
        self._changed.set()
        self._on_change()

    def withdraw(self, task_id: str) -> bool:
        """Takes a waiting task back before it may start; returns False if it does not wait any more."""
        withdrawn = self._tasks.withdraw(task_id)
        self._on_load()
        return withdrawn

    async def wait_until_idle(self) -> None:
        """Returns when nothing is at work."""
        while self._tasks.at_work:
            self._core_freed.clear()
            await self._core_freed.wait()

    def open(self, unfinished: Sequence[Task], ended: Iterable[Task]) -> None:
        """Takes over the account's tasks from an earlier process.

        Those that ended lately are made known to the correlator, since their jobs may still bring results, and so are
        those that wait to be sent again: what is told of their failed jobs is no other's.
        """
        self._correlator.user_id = self._link.user_id
        for task in [*ended, *(task for task in unfinished if task.trace.failed)]:
            self._correlator.watch(task)
            self._correlator.forget(task.id)
        self._tasks.take_over(unfinished, self._clock.monotonic())
        for begun in self.at_work:
            self._correlator.watch(begun)
            self._modals.take_over(begun)

    def follow(self, revision: Revision) -> None:
        """Learns from the task log what became of one of the account's tasks."""
        task = revision.subject
        match self._tasks.follow(task, self._clock.monotonic(), removed=revision.removed):
            case News.WAITING:
                pass
            case News.REPORTED:
                return  # How far its job is decides neither what may start nor how busy the account is.
            case News.LEARNED:
                self._correlator.watch(task)
                self._cancellations.notice(task)
            case News.PUT_BACK:
                self._correlator.forget(task.id)
                self._core_freed.set()
            case News.ENDED:
                self._modals.forget(task.id)
                self._correlator.forget(task.id)
                self._health.heed_end(task)
                self._core_freed.set()
        self._changed.set()
        self._on_load()

    async def run(self) -> None:
        """Works the tasks off until cancelled."""
        async with asyncio.TaskGroup() as group:
            for part in (
                self._hearing,
                self._health,
                self._watchdog,
                self._cancellations,
                self._translations,
                self._modals,
            ):
                group.create_task(part.run())
            for begun in filter(is_unsettled, self.at_work):
                group.create_task(self._worker.take_up(self._as_sent(begun)))
            while True:
                await self._link.wait_until_ready()
                await self._hearing.wait_until_caught_up()
                self._changed.clear()
                task = self._claim()
                if task is None:
                    await self._changed.wait()
                else:
                    group.create_task(self._worker.work(self._as_sent(task)))

    def begin_session(self, user_id: str) -> None:
        """Takes note of whose session it is, before which something may have been missed."""
        self._correlator.user_id = user_id
        self._hearing.begin_session()

    def connection_changed(self) -> None:
        """Lets others look at the account, whose connection does something else than before."""
        self._on_change()

    def _claim(self) -> Task | None:
        """Takes the first waiting task that may start, and gives it a core."""
        now = self._clock.monotonic()
        task = self._tasks.claim(self.condition.cores(self.account, now), self._correlator.may_start, now)
        if task is not None:
            self._correlator.watch(task)
        return task

    def _judge(self, task: Task, failed: Failed, message: BotMessage) -> Fact:
        """Returns what becomes of a task whose dialogue the bot does not open; heeds it as the failure of a job."""
        self._health.heed_trouble(message)
        return self._outcome(task, failed, message)

    async def _report_all(self, event: Event, sightings: Sequence[Sighting]) -> None:
        """Stores what was seen, and heeds what that tells of the account."""
        if isinstance(event, BotMessage) and sightings:
            self._health.heed_trouble(event)
        for sighting in sightings:
            await self._report(sighting, event)
            if task := self._tasks.at_work.get(sighting.task_id):
                self._note_remix(task.bot, on=self._modals.heed(task, event))

    async def _report(self, sighting: Sighting, event: Event) -> None:
        """Stores what was seen; a text that is to be translated first is stored when that is done."""
        task, fact = self._tasks.at_work.get(sighting.task_id), sighting.fact
        if task is not None and isinstance(fact, Finished) and wants_chinese(task):
            self._translations.put(sighting.task_id, fact)
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
                self._health.pause(second_chances.pause(task, message, failed.at))
        return second_chances.outcome(task, failed, message, self.account, self._known_spent_modes())

    def _note_remix(self, bot: Bot, *, on: bool | None) -> None:
        """Keeps whether the Remix mode of a bot was seen to be on; None if nothing was seen of that."""
        known = self.syncs.get(bot)
        if known and on is not None and known.remix is not on:
            self.syncs[bot] = dataclasses.replace(known, remix=on)
            self._on_change()

    def _as_sent(self, task: Task) -> Task:
        """Returns a task in the mode in which it is to be sent now."""
        return replace(task, mode=mode_for(task, self.account, self._known_spent_modes()))

    def _known_spent_modes(self) -> frozenset[Mode]:
        return self._spent_modes.known(self._clock.time(), self.syncs.get(Bot.MIDJOURNEY))
