"""The lane of one account: it takes the waiting tasks in their order, and keeps at most `core_size` of them at work.

A lane is a reader of the task log: the log tells it which tasks wait, which are at work and which have ended. It is
not called by those who submit. What Discord sends is heard here, given to the correlator, and stored as facts; the
log then tells the lane what became of them.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Final

from mjproxy_server.discord.errors import DiscordError
from mjproxy_server.discord.gateway.types import Dispatch
from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.choice import Load
from mjproxy_server.engine.clock import now_ms
from mjproxy_server.engine.connection import Connection
from mjproxy_server.engine.worker import Worker
from mjproxy_server.midjourney.correlate import Correlator
from mjproxy_server.midjourney.messages import BotMessage, Deleted, Event, read
from mjproxy_server.midjourney.outcomes import TroubleKind, account_trouble
from mjproxy_server.model.account import Account
from mjproxy_server.model.facts import Failed
from mjproxy_server.model.task import Failure, Task
from mjproxy_server.model.vocabulary import Reason, Status
from mjproxy_server.store.interface import Revision, Store

_logger = logging.getLogger(__name__)

SILENCE_CHECKS: Final = 4
"""How many times within its time-out a job's silence is looked at."""
HISTORY_PAGE: Final = 100
MOST_HISTORY_PAGES: Final = 10


class Lane:
    """The tasks of one account, waiting and at work."""

    def __init__(self, account: Account, *, connection: Connection, worker: Worker, store: Store, clock: Clock) -> None:
        self.account = account
        self.held_reason = ""
        self._connection = connection
        self._worker = worker
        self._store = store
        self._clock = clock
        self._correlator = Correlator()
        self._waiting: dict[str, Task] = {}
        self._at_work: dict[str, Task] = {}
        self._expected = 0
        self._newest_message_id = ""
        self._changed = asyncio.Event()
        connection.join(self)

    @property
    def connection(self) -> Connection:
        """The connection of the account's user."""
        return self._connection

    def load(self) -> Load:
        """Returns how busy the account is."""
        return Load(
            account=self.account,
            ready=self._connection.ready and not self.held_reason,
            running=len(self._at_work),
            waiting=len(self._waiting) + self._expected,
        )

    def expect(self, count: int) -> None:
        """Counts a task that is being submitted, or with -1 no longer."""
        self._expected += count

    def open(self, waiting: Iterable[Task], ended: Iterable[Task]) -> None:
        """Takes over the account's tasks that wait since before the start.

        Those that ended lately are made known to the correlator, since their jobs may still bring results.
        """
        self._waiting = {task.id: task for task in waiting}
        for task in ended:
            self._correlator.watch(task)
            self._correlator.forget(task.id)

    def follow(self, revision: Revision) -> None:
        """Learns from the task log what became of one of the account's tasks."""
        task = revision.subject
        if revision.removed or task.status.ended:
            self._forget(task.id)
        elif task.id in self._at_work:
            self._at_work[task.id] = task
            self._correlator.watch(task)
        elif task.status is Status.NOT_START:
            self._waiting[task.id] = task
        self._changed.set()

    async def run(self) -> None:
        """Works the tasks off until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_for_silence())
            while True:
                await self._connection.wait_until_ready()
                self._changed.clear()
                task = self._claim()
                if task is None:
                    await self._changed.wait()
                else:
                    group.create_task(self._worker.work(task))

    async def hear(self, dispatch: Dispatch) -> None:
        """Takes in what Discord sent, and returns when what it tells of the account's tasks is stored."""
        event = read(dispatch.type, dispatch.data)
        if event is not None and self._concerns(event):
            await self._observe(event)

    async def begin_session(self, user_id: str) -> None:
        """Takes note of whose session has begun, and reads from the channel's history what was missed before it."""
        self._correlator.user_id = user_id
        if self._at_work and self._newest_message_id:
            await self._read_history(self._newest_message_id)

    def _claim(self) -> Task | None:
        """Takes the first waiting task that may start, and gives it a core."""
        if self.held_reason or not self.account.enable or len(self._at_work) >= self.account.core_size:
            return None
        for task in self._waiting.values():
            if self._correlator.may_start(task):
                del self._waiting[task.id]
                self._at_work[task.id] = task
                self._correlator.watch(task)
                return task
        return None

    def _forget(self, task_id: str) -> None:
        self._waiting.pop(task_id, None)
        if self._at_work.pop(task_id, None):
            self._correlator.forget(task_id)

    def _concerns(self, event: Event) -> bool:
        """Interactions come without a channel: the correlator knows its own nonces."""
        if isinstance(event, BotMessage | Deleted):
            return event.channel_id == self.account.channel_id
        return True

    async def _observe(self, event: Event) -> None:
        sightings = self._correlator.observe(event, now_ms(self._clock))
        if isinstance(event, BotMessage):
            self._newest_message_id = max(self._newest_message_id, event.id, key=lambda each: int(each or 0))
            if sightings:
                self._heed_trouble(event)
        for sighting in sightings:
            await self._store.record(sighting.task_id, sighting.fact)

    def _heed_trouble(self, message: BotMessage) -> None:
        """Holds the account if an answer to one of our own tasks says that its owner has to do something."""
        trouble = account_trouble(message)
        if trouble is None or trouble.kind is TroubleKind.FAST_EXHAUSTED:
            return
        self.held_reason = f"[{trouble.title}] {trouble.description}"
        _logger.error("Account %s is held, its owner has to act: %s", self.account.id, self.held_reason)

    async def _watch_for_silence(self) -> None:
        timeout = self.account.timeout_minutes * 60.0
        while True:
            await self._clock.sleep(timeout / SILENCE_CHECKS)
            silent = self._silent_for(timeout)
            if silent and self._connection.ready:
                await self._give_up(silent, timeout)

    def _silent_for(self, seconds: float) -> list[Task]:
        limit = now_ms(self._clock) - seconds * 1000
        return [task for task in self._at_work.values() if 0 < task.trace.last_sign_at < limit]

    async def _give_up(self, silent: Sequence[Task], seconds: float) -> None:
        """Ends the tasks that stay silent even after the channel's history was read."""
        oldest = min((_first_known_id(task) for task in silent), key=int)
        if not await self._read_history(oldest):
            return
        for task in self._silent_for(seconds):
            await self._store.record(task.id, Failed(now_ms(self._clock), _silence(self.account.timeout_minutes)))

    async def _read_history(self, after: str) -> bool:
        """Observes what the channel holds after a message; returns whether it could be read."""
        try:
            for _ in range(MOST_HISTORY_PAGES):
                page = await self._connection.rest.history(self.account.channel_id, after=after, limit=HISTORY_PAGE)
                for message in reversed(page):
                    event = read("MESSAGE_CREATE", message)
                    if event is not None:
                        await self._observe(event)
                if len(page) < HISTORY_PAGE:
                    break
                after = str(page[0]["id"])
        except DiscordError as error:
            _logger.warning("The history of channel %s could not be read: %s", self.account.channel_id, error)
            return False
        return True


def _first_known_id(task: Task) -> str:
    """The oldest of Discord's ids that the task is known by: what belongs to it in the channel comes after."""
    known = (task.trace.interaction_id, task.trace.progress_message_id, task.trace.nonce)
    return min((each for each in known if each.isdecimal()), key=int)


def _silence(minutes: int) -> Failure:
    return Failure(
        Reason.TIMED_OUT,
        "Timed out",
        f"The bot gave no sign of life for {minutes} minutes, and the channel holds no result.",
    )
