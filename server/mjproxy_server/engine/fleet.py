"""The fleet: all accounts, each with its lane, and one connection for each Discord user."""

import asyncio
import logging
import random
from collections.abc import Iterable, Sequence

from pydantic import SecretStr

from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.discord.rest.budget import InvalidRequestBudget
from mjproxy_server.discord.snowflake import NonceSource
from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.choice import Load
from mjproxy_server.engine.connection import Connection
from mjproxy_server.engine.lane import Lane
from mjproxy_server.engine.shelf import Shelf
from mjproxy_server.engine.worker import Worker
from mjproxy_server.model.account import Account
from mjproxy_server.model.task import Task
from mjproxy_server.store.interface import Revision, Store

_logger = logging.getLogger(__name__)


class Fleet:
    """The accounts that draw."""

    def __init__(
        self,
        accounts: Iterable[Account],
        *,
        endpoints: Endpoints,
        store: Store,
        shelf: Shelf,
        clock: Clock,
        rng: random.Random,
    ) -> None:
        self._endpoints = endpoints
        self._store = store
        self._shelf = shelf
        self._clock = clock
        self._rng = rng
        self._nonces = NonceSource(clock)
        self._budget = InvalidRequestBudget()
        self._connections: dict[str, Connection] = {}
        self._lanes = {account.id: self._lane(account) for account in accounts}

    @property
    def lanes(self) -> Sequence[Lane]:
        """The lanes, in the order of their accounts' ids."""
        return [self._lanes[account_id] for account_id in sorted(self._lanes)]

    def loads(self) -> Sequence[Load]:
        """Returns how busy each account is."""
        return [lane.load() for lane in self._lanes.values()]

    def expect(self, account_id: str, count: int) -> None:
        """Counts a task that is being submitted to the account, or with -1 no longer."""
        self._lanes[account_id].expect(count)

    def open(self, waiting: Sequence[Task], ended: Sequence[Task]) -> None:
        """Lets the lanes take over the tasks that wait since before the start, and know those that ended lately."""
        for account_id, lane in self._lanes.items():
            lane.open(
                [task for task in waiting if task.account_id == account_id],
                [task for task in ended if task.account_id == account_id],
            )

    def follow(self, revisions: Sequence[Revision]) -> None:
        """Passes the task log on to the lanes that it concerns."""
        for revision in revisions:
            lane = self._lanes.get(revision.subject.account_id)
            if lane is not None:
                lane.follow(revision)

    async def run(self) -> None:
        """Keeps every account connected and works their tasks off, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for connection in self._connections.values():
                group.create_task(connection.run())
            for lane in self._lanes.values():
                group.create_task(lane.run())

    def _lane(self, account: Account) -> Lane:
        connection = self._connection(account)
        worker = Worker(
            account,
            connection=connection,
            store=self._store,
            shelf=self._shelf,
            nonces=self._nonces,
            clock=self._clock,
        )
        return Lane(account, connection=connection, worker=worker, store=self._store, clock=self._clock)

    def _connection(self, account: Account) -> Connection:
        if account.user_token not in self._connections:
            self._connections[account.user_token] = Connection(
                token=SecretStr(account.user_token),
                user_agent=account.user_agent,
                endpoints=self._endpoints,
                budget=self._budget,
                nonces=self._nonces,
                clock=self._clock,
                rng=self._rng,
            )
        return self._connections[account.user_token]
