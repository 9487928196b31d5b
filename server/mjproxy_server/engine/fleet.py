"""The fleet: all accounts, each with its lane, and one connection for each Discord user.

Lanes and connections come and go while the others work. The fleet owns their tasks: each is started in its one task
group, and stopped when its account is removed or its last account has left it. An account that is removed retires: it
can be seen and chosen no more, its waiting tasks leave it, and its lane stays until those at work have ended.
"""

import asyncio
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from msgspec import structs
from pydantic import SecretStr

from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.discord.gateway.identify_gate import IDENTIFY_INTERVAL, IdentifyGate
from mjproxy_server.discord.rest.budget import InvalidRequestBudget
from mjproxy_server.discord.snowflake import NonceSource
from mjproxy_server.discord.tasks import first_of
from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.asking import Inquiries
from mjproxy_server.engine.bell import Bell, NamedBell
from mjproxy_server.engine.choice import ChoiceRule, Chooser, Load, candidates
from mjproxy_server.engine.clock import now_ms
from mjproxy_server.engine.composing import Composer
from mjproxy_server.engine.connection import Connection
from mjproxy_server.engine.history import MOST_AT_ONCE, History
from mjproxy_server.engine.holds import Holds
from mjproxy_server.engine.lane import Lane
from mjproxy_server.engine.link import Link
from mjproxy_server.engine.pace import Pace
from mjproxy_server.engine.patience import PatientStore
from mjproxy_server.engine.recovery import LeftBehind
from mjproxy_server.engine.shelf import Shelf
from mjproxy_server.engine.unknown_messages import UnknownCollector
from mjproxy_server.engine.worker import Worker
from mjproxy_server.model.account import Account, AccountFilter, AccountRecord, AccountSync
from mjproxy_server.model.errors import AccountExists, AccountNotFound, Unavailable
from mjproxy_server.model.facts import Failed, Moved
from mjproxy_server.model.task import Failure, Task
from mjproxy_server.model.vocabulary import Bot, Reason, Status, WhenHeld
from mjproxy_server.prompts.prompts import Prompts
from mjproxy_server.store.interface import Revision
from mjproxy_server.store.sessions import StoredSession

STAGGER: Final = 0.1
"""Seconds between the first connections of two users, so that the start of many accounts is no storm."""


class Fleet:
    """The accounts that draw.

    Attributes:
        changes: Rings for an account when its settings, its health or its load have changed.
        findings: Rings for an account when something else than before is found out about it.
        nonces: Gives the nonces of all that is sent to Discord.
        connections: The connections of the accounts' users, by their tokens.
        new_sessions: Rings when a connection has begun a new session.
        retiring: The lanes of removed accounts that still have something at work, by the accounts' ids.
    """

    def __init__(
        self,
        records: Iterable[AccountRecord],
        sessions: Mapping[str, StoredSession],
        *,
        endpoints: Endpoints,
        store: PatientStore,
        shelf: Shelf,
        prompts: Prompts,
        unknown: UnknownCollector,
        clock: Clock,
        rng: random.Random,
        choice: ChoiceRule,
        after_crash: bool,
    ) -> None:
        self.changes = NamedBell()
        self.findings = NamedBell()
        self._holds = Bell()  # It rings for any account while one is held: another one may relieve it.
        self._endpoints = endpoints
        self._store = store
        self._shelf = shelf
        self._prompts = prompts
        self._unknown = unknown
        self._clock = clock
        self._rng = rng
        self.nonces = NonceSource(clock, rng)
        self._budget = InvalidRequestBudget(began_at=clock.monotonic())
        self._chooser = Chooser(choice, rng)
        self._unnoted: set[str] = set()  # The accounts that the chooser has yet to look at again.
        self._expected: Counter[str] = Counter()
        self._group: asyncio.TaskGroup | None = None
        self._running: dict[Connection | Lane, asyncio.Task[None]] = {}
        self.connections: dict[str, Connection] = {}
        self.new_sessions = Bell()
        self._sessions = dict(sessions)
        # Who died may have sent IDENTIFY a moment before, and could not store the session any more.
        gates_open_at = clock.monotonic() + IDENTIFY_INTERVAL if after_crash else -math.inf
        self._gates: defaultdict[str, IdentifyGate] = defaultdict(partial(IdentifyGate, clock, gates_open_at))
        self._history_turns = asyncio.Semaphore(MOST_AT_ONCE)
        self.retiring: dict[str, Lane] = {}
        self._stranded: asyncio.Queue[Task] = asyncio.Queue()
        self._held: dict[str, Lane] = {}
        self._found: dict[str, Findings | None] = {}
        self._lanes: dict[str, Lane] = {}
        for record in records:
            self._take_in(record)

    @property
    def lanes(self) -> Sequence[Lane]:
        """The lanes, in the order of their accounts' ids."""
        return [self._lanes[account_id] for account_id in sorted(self._lanes)]

    def lane(self, account_id: str) -> Lane:
        """Returns the lane of an account.

        Raises:
            AccountNotFound: There is no such account.
        """
        try:
            return self._lanes[account_id]
        except KeyError:
            raise AccountNotFound(account_id) from None

    def changed_since(self, rings: int) -> Mapping[str, Lane | None]:
        """Returns the accounts that have changed after so many rings of `changes`; one without a lane is gone."""
        return {account_id: self._lanes.get(account_id) for account_id in self.changes.named_since(rings)}

    def found_out_since(self, rings: int) -> Sequence[Lane]:
        """Returns the lanes of which something was found out after so many rings of `findings`."""
        return [self._lanes[account_id] for account_id in self.findings.named_since(rings) if account_id in self._lanes]

    def loads(self) -> Sequence[Load]:
        """Returns how busy each account is."""
        return [self._load(lane) for lane in self._lanes.values()]

    def choose(self, wanted: AccountFilter) -> Iterator[Load]:
        """Yields the accounts that take tasks and match, the best one first; `take` tells which one is used."""
        while self._unnoted:
            account_id = self._unnoted.pop()
            if lane := self._lanes.get(account_id):
                self._chooser.note(self._load(lane))
            else:
                self._chooser.forget(account_id)
        return self._chooser.order(wanted)

    def remix_is_on(self, account_id: str, bot: Bot) -> bool:
        """Returns whether the account has a bot's Remix mode on, as far as is known."""
        lane = self._lanes.get(account_id)
        return bool(lane and lane.remix(bot))

    def take(self, chosen: Load, count: int) -> None:
        """Gives a chosen account its turn, and counts tasks that are being submitted to it, until they are `settled`.

        Nobody but the next submission is told: the log tells the others of what was stored.
        """
        self._expected[chosen.account.id] += count
        self._chooser.take_turn(structs.replace(chosen, waiting=chosen.waiting + count))

    def settled(self, account_id: str, count: int) -> None:
        """Counts tasks no longer that were submitted to an account: they are in its queue by now, or were refused."""
        self._expected[account_id] -= count
        self._unnoted.add(account_id)

    def open(self, left: LeftBehind) -> None:
        """Lets the lanes take over what an earlier process has left behind."""
        unfinished, ended = _by_account(left.unfinished), _by_account(left.ended)
        for account_id, lane in self._lanes.items():
            lane.open(unfinished[account_id], ended[account_id])

    def follow(self, revisions: Sequence[Revision]) -> None:
        """Passes the task log on to the lanes that it concerns; notes tasks that wait for an account that is gone."""
        for revision in revisions:
            task = revision.subject
            lane = self._lanes.get(task.account_id) or self.retiring.get(task.account_id)
            if lane is not None:
                lane.follow(revision)
            if task.status is Status.NOT_START and task.account_id not in self._lanes and not _works_on(lane, task):
                self._stranded.put_nowait(task)

    def _load(self, lane: Lane) -> Load:
        """Returns how busy an account is, what is being submitted to it included."""
        return lane.load(self._expected[lane.account.id])

    async def run(self) -> None:
        """Keeps every account connected and works their tasks off, until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for number, connection in enumerate(self.connections.values()):
                self._running[connection] = group.create_task(connection.run(number * STAGGER))
            for lane in self._lanes.values():
                self._start(lane)
            group.create_task(self._relieve_held_lanes())
            group.create_task(Holds(self._store, self._clock).watch(self._held.values, self._holds))
            while True:
                await self._relieve(await self._stranded.get(), may_move=False)

    def check_free(self, account_id: str) -> None:
        """Checks that an account can be taken in under this id.

        Raises:
            AccountExists: There is one.
            Unavailable: There was one, which still ends its last tasks.
        """
        if account_id in self._lanes:
            raise AccountExists(account_id)
        if account_id in self.retiring:
            raise Unavailable(f"Account {account_id} is still ending its last tasks; try again later.")

    def add(self, record: AccountRecord) -> Lane:
        """Takes in and connects an account, whose id must be free."""
        lane = self._take_in(record)
        self._start(lane)
        lane.link.greet()
        self._note_change(record.id)
        return lane

    def change(self, account: Account, *, restore: bool) -> Lane:
        """Lets an account go on with other settings, connected anew if that takes it.

        Args:
            account: The account with all its settings.
            restore: Whether it is to work again, whatever keeps it from that.

        Raises:
            AccountNotFound: There is no such account.
        """
        lane = self.lane(account.id)
        before = lane.account
        if restore:
            lane.condition.recover()
        lane.change(account)
        if account.user_token != before.user_token:
            self._connect([lane], account)
        elif account.user_agent != before.user_agent or (restore and lane.link.rejection):
            connection = self.connections.pop(account.user_token)
            everybody = (*self.lanes, *self.retiring.values())
            self._connect([each for each in everybody if each.link.connection is connection], account)
        return lane

    def remove(self, account_id: str) -> None:
        """Takes an account out of service; what it has at work ends first.

        Raises:
            AccountNotFound: There is no such account.
        """
        lane = self.lane(account_id)
        self.retiring[account_id] = self._lanes.pop(account_id)
        lane.change(replace(lane.account, enable=False))  # It starts nothing any more.
        if self._group:
            self._group.create_task(self._retire(lane))

    def _take_in(self, record: AccountRecord) -> Lane:
        lane = self._lanes[record.id] = self._lane(record)
        self._note_change(record.id)
        return lane

    def _note_change(self, account_id: str) -> None:
        """Lets everybody whom it concerns look at an account, which may be gone."""
        lane = self._lanes.get(account_id)
        was_held = self._held.pop(account_id, None)
        if lane and (lane.held_reason or lane.condition.held_since):
            self._held[account_id] = lane
        if self._held or was_held:
            self._holds.ring()
        found = findings(lane) if lane else None
        if found != self._found.get(account_id):
            self._found[account_id] = found
            self.findings.ring_for(account_id)
        self._note_load(account_id)

    def _note_load(self, account_id: str) -> None:
        """Lets those look at an account whom its load concerns; it tells nothing of its health."""
        self._unnoted.add(account_id)
        self.changes.ring_for(account_id)

    def _lane(self, record: AccountRecord) -> Lane:
        on_change = partial(self._note_change, record.id)
        pace = Pace(record.account.interval_seconds, self._clock, on_change)
        link = Link(self._connection(record.account), pace)
        history = History(record.account.channel_id, link, self._history_turns)
        inquiries = Inquiries(self._clock)
        worker = Worker(
            record.account,
            link=link,
            composer=Composer(link=link, shelf=self._shelf, inquiries=inquiries, nonces=self.nonces),
            history=history,
            store=self._store,
            nonces=self.nonces,
            clock=self._clock,
        )
        return Lane(
            record,
            link=link,
            worker=worker,
            history=history,
            inquiries=inquiries,
            prompts=self._prompts,
            unknown=self._unknown,
            store=self._store,
            clock=self._clock,
            on_change=on_change,
            on_load=partial(self._note_load, record.id),
        )

    def _connection(self, account: Account) -> Connection:
        """Returns the connection of the account's user, which is a new one if there is none."""
        if account.user_token not in self.connections:
            connection = self.connections[account.user_token] = Connection(
                token=SecretStr(account.user_token),
                user_agent=account.user_agent,
                endpoints=self._endpoints,
                budget=self._budget,
                nonces=self.nonces,
                identify_gate=self._gates[account.user_token],
                clock=self._clock,
                rng=self._rng,
                begun=self.new_sessions,
                left=self._sessions.pop(account.user_token, None),
            )
            self._start(connection)
        return self.connections[account.user_token]

    def _connect(self, lanes: Sequence[Lane], account: Account) -> None:
        """Has lanes that share a connection go over to the one of the account's user."""
        old = lanes[0].link.connection
        connection = self._connection(account)
        for lane in lanes:
            lane.link.switch(connection)
            lane.notice_change()
        self._disconnect_if_unused(old)

    def _disconnect_if_unused(self, connection: Connection) -> None:
        if not connection.unused:
            return
        for token, known in tuple(self.connections.items()):
            if known is connection:
                del self.connections[token]
        self._stop(connection)

    def _start(self, part: Connection | Lane) -> None:
        """Lets a part run; before the fleet itself runs, it has to wait for that."""
        if self._group:
            self._running[part] = self._group.create_task(part.run())

    def _stop(self, part: Connection | Lane) -> None:
        task = self._running.pop(part, None)
        if task:
            task.cancel()

    async def _retire(self, lane: Lane) -> None:
        """Lets what a removed account has at work end, and its connection go if nobody else needs it."""
        for task in lane.waiting:
            lane.withdraw(task.id)
            await self._relieve(task, may_move=lane.account.when_held is WhenHeld.MOVE)
        await first_of(lane.wait_until_idle(), self._unreachable(lane))
        for task in lane.at_work:
            await self._abandon(task)
        self._stop(lane)
        lane.link.leave()
        self._disconnect_if_unused(lane.link.connection)
        del self.retiring[lane.account.id]
        self._note_change(lane.account.id)

    async def _unreachable(self, lane: Lane) -> None:
        """Returns when an account has been without a connection for as long as it lets a job be silent."""
        timeout = lane.account.timeout_minutes * 60.0
        heard_at = self._clock.monotonic()
        while self._clock.monotonic() < heard_at + timeout:
            await self._clock.sleep(timeout / 4)
            if lane.link.ready:
                heard_at = self._clock.monotonic()

    async def drain(self) -> None:
        """Has nothing more sent to Discord, for good; returns when what is being sent has been answered."""
        lanes = (*self._lanes.values(), *self.retiring.values())
        await asyncio.gather(*(lane.link.pace.stop() for lane in lanes))

    async def _relieve_held_lanes(self) -> None:
        """Moves what waits for accounts whose owner has to act, where that is configured, until cancelled."""
        seen = -1
        while True:
            seen = await self._holds.wait(seen)
            for lane in tuple(self._held.values()):
                if lane.account.when_held is WhenHeld.MOVE and lane.held_reason:
                    for task in lane.waiting:
                        await self._move_from(lane, task)

    async def _move_from(self, lane: Lane, task: Task) -> None:
        """Moves a waiting task from a lane, which must not start it meanwhile, to another account that has room."""
        target = self._another_account(task)
        if target and lane.withdraw(task.id):
            await self._store.record(task.id, Moved(now_ms(self._clock), target))

    async def _relieve(self, task: Task, *, may_move: bool) -> None:
        """Does for a task whose account is gone what can be done."""
        target = self._another_account(task) if may_move else ""
        if target:
            await self._store.record(task.id, Moved(now_ms(self._clock), target))
        else:
            await self._abandon(task)

    async def _abandon(self, task: Task) -> None:
        failure = Failure(Reason.ACCOUNT_UNAVAILABLE, "Account unavailable", f"Account {task.account_id} is gone.")
        await self._store.record(task.id, Failed(now_ms(self._clock), failure))

    def _another_account(self, task: Task) -> str:
        """Returns another account that may work on the task, is in working order and has room; "" if there is none."""
        if task.movable_to is None:
            return ""
        fit = candidates((load for load in self.loads() if load.ready and load.has_room), task.movable_to)
        return next((load.account.id for load in fit if load.account.id != task.account_id), "")


def _works_on(retiring: Lane | None, task: Task) -> bool:
    """Tells whether the lane of a removed account has just begun one of its last tasks."""
    return retiring is not None and retiring.works_on(task.id)


Findings = tuple[str, int, dict[Bot, AccountSync]]
"""Why an account is held by its bot, since when it is held, and what the bots told of it."""


def findings(of: Lane | AccountRecord) -> Findings:
    """Returns what is found out about an account while it works."""
    condition = of.condition if isinstance(of, Lane) else of
    return condition.held_reason, condition.held_since, dict(of.syncs)


def _by_account(tasks: Iterable[Task]) -> defaultdict[str, list[Task]]:
    found: defaultdict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        found[task.account_id].append(task)
    return found
