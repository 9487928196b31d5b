"""The engine as a whole: what it is made of, and in which order it comes and goes."""

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.autosync import AutoSync
from mjproxy_server.engine.choice import ChoiceRule
from mjproxy_server.engine.clock import now_ms
from mjproxy_server.engine.deliveries import DeliveryDesk
from mjproxy_server.engine.fleet import Fleet
from mjproxy_server.engine.fresh_links import FreshLinks
from mjproxy_server.engine.hooks import NO_HOOKS, HookRules
from mjproxy_server.engine.registry import Registry, load_roster
from mjproxy_server.engine.seeds import Seeds
from mjproxy_server.engine.shelf import Shelf
from mjproxy_server.engine.submission import Submitter
from mjproxy_server.engine.syncing import Syncer
from mjproxy_server.engine.unknown_messages import UnknownCollector
from mjproxy_server.engine.upkeep import Retention, Upkeep
from mjproxy_server.engine.uploads import Uploads
from mjproxy_server.engine.watching import WatchHub
from mjproxy_server.model.account import PLAIN_ACCOUNT, Account
from mjproxy_server.model.facts import Failed
from mjproxy_server.model.task import Failure, Task
from mjproxy_server.model.vocabulary import ENDED, QUEUED_OR_AT_WORK, Reason, Status
from mjproxy_server.prompts.config import DEFAULT_PROMPTS, PromptsConfig
from mjproxy_server.prompts.prompts import open_prompts
from mjproxy_server.store.images import Images
from mjproxy_server.store.interface import Revision, Store, TaskQuery
from mjproxy_server.store.sqlite import open_store

_PAGE: Final = 1000
_LATE_MS: Final = 2 * 60 * 60 * 1000
_MOST_LATE: Final = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineConfig:
    """What the engine has to know.

    Attributes:
        data: Where its data lies.
        accounts: Who draws, as far as the configuration has it.
        endpoints: Where Discord is.
        retention: How long things are kept.
        account_defaults: What an account that is made while the engine runs has where it says nothing else.
        account_choice: How the account for a task is chosen.
        account_sync: Whether the bots are asked about the accounts without anybody asking for it.
        prompts: Who translates prompts, and what they are refused for.
        hooks: Where callbacks may go.
    """

    data: Path
    accounts: tuple[Account, ...]
    endpoints: Endpoints
    retention: Retention
    account_defaults: Account = PLAIN_ACCOUNT
    account_choice: ChoiceRule = ChoiceRule.BEST_WAIT_IDLE
    account_sync: bool = True
    prompts: PromptsConfig = DEFAULT_PROMPTS
    hooks: HookRules = NO_HOOKS


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine.

    Attributes:
        store: The tasks; for reading.
        submitter: Accepts commands.
        hub: Lets the task log be watched.
        fleet: The accounts; for reading.
        registry: Makes, changes and removes accounts.
        account_defaults: What a new account has where it says nothing else.
        clock: The time.
        fresh_links: Makes links to pictures that can be fetched now.
        seeds: Finds the seeds of pictures.
        uploads: Makes URLs of images.
        deliveries: Hands out callbacks.
    """

    store: Store
    submitter: Submitter
    hub: WatchHub
    fleet: Fleet
    registry: Registry
    account_defaults: Account
    clock: Clock
    fresh_links: FreshLinks
    seeds: Seeds
    uploads: Uploads
    deliveries: DeliveryDesk


@asynccontextmanager
async def running_engine(config: EngineConfig, *, clock: Clock, rng: random.Random) -> AsyncIterator[Engine]:
    """Runs the engine for the time of the block.

    Raises:
        StoreError: The data folder cannot be used; the message says why and what to do.
    """
    store = await open_store(config.data, now=lambda: now_ms(clock), hook=config.hooks.own)
    prompts = open_prompts(config.prompts, rng=rng, monotonic=clock.monotonic)
    try:
        shelf = Shelf(Images(config.data / "images"))
        records = await load_roster(store.accounts, config.accounts)
        unknown = UnknownCollector(store.unknown_messages, clock)
        fleet = Fleet(
            records,
            endpoints=config.endpoints,
            store=store,
            shelf=shelf,
            prompts=prompts,
            unknown=unknown,
            clock=clock,
            rng=rng,
            choice=config.account_choice,
        )
        registry = Registry(store.accounts, fleet, Syncer(fleet.nonces, clock))
        waiting = await _recover(store, {record.id for record in records}, clock)
        await shelf.open(waiting)
        fleet.open(waiting, await _recently_ended(store, clock))
        hub = WatchHub(store)
        _follow_log(store, shelf, fleet)
        upkeep = Upkeep(store, config.retention, clock)
        asking = (AutoSync(fleet, registry, clock, rng).run(),) if config.account_sync else ()
        async with _background(shelf.run(), fleet.run(), registry.run(), upkeep.run(), unknown.run(), *asking):
            submitter = Submitter(
                store=store, shelf=shelf, accounts=fleet, prompts=prompts, hooks=config.hooks, clock=clock
            )
            yield Engine(
                store=store,
                submitter=submitter,
                hub=hub,
                fleet=fleet,
                registry=registry,
                account_defaults=config.account_defaults,
                clock=clock,
                fresh_links=FreshLinks(fleet, clock),
                seeds=Seeds(store=store, fleet=fleet, clock=clock),
                uploads=Uploads(fleet),
                deliveries=DeliveryDesk(store, config.hooks.own, clock, rng),
            )
    finally:
        await prompts.close()
        await store.close()


def _follow_log(store: Store, shelf: Shelf, fleet: Fleet) -> None:
    """Lets the parts that live by the task log hear it."""

    def follow(revisions: Sequence[Revision]) -> None:
        shelf.follow(revisions)
        fleet.follow(revisions)

    store.subscribe(follow)


@asynccontextmanager
async def _background(*coroutines: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """Runs the coroutines for the time of the block; the failure of one ends the block."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(coroutine) for coroutine in coroutines]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def _recover(store: Store, accounts: AbstractSet[str], clock: Clock) -> list[Task]:
    """Ends what cannot be taken up again, and returns the tasks that go on waiting."""
    waiting = []
    for task in await _unfinished(store):
        failure = _why_lost(task, accounts)
        if failure is None:
            waiting.append(task)
        else:
            await store.record(task.id, Failed(now_ms(clock), failure))
    return waiting


def _why_lost(task: Task, accounts: AbstractSet[str]) -> Failure | None:
    if task.status is not Status.NOT_START or task.trace.in_doubt:
        return _INTERRUPTED
    if task.account_id not in accounts:
        return Failure(Reason.ACCOUNT_UNAVAILABLE, "Account unavailable", f"Account {task.account_id} is gone.")
    return None


async def _recently_ended(store: Store, clock: Clock) -> tuple[Task, ...]:
    """Returns tasks of the last hours that have ended; their jobs at the bot may not have."""
    since = now_ms(clock) - _LATE_MS
    listing = await store.list(TaskQuery(statuses=ENDED, submitted_from=since, limit=_MOST_LATE))
    return listing.tasks


async def _unfinished(store: Store) -> list[Task]:
    found: list[Task] = []
    more = True
    while more:
        after_id = found[-1].id if found else ""
        page = await store.list(
            TaskQuery(statuses=QUEUED_OR_AT_WORK, oldest_first=True, after_id=after_id, limit=_PAGE)
        )
        found.extend(page.tasks)
        more = page.more
    return found


_INTERRUPTED: Final = Failure(
    Reason.INTERRUPTED,
    "Interrupted",
    "The server was stopped while the job ran. Look into the channel for its result before you submit it again: the bot"
    " may have finished it.",
)
