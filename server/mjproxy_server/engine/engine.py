"""The engine as a whole: what it is made of, and in which order it comes and goes."""

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.discord.timing import Clock
from mjproxy_server.engine.autosync import AutoSync
from mjproxy_server.engine.choice import ChoiceRule
from mjproxy_server.engine.clock import SteadyTime, now_ms
from mjproxy_server.engine.deliveries import DeliveryDesk
from mjproxy_server.engine.fleet import Fleet
from mjproxy_server.engine.fresh_links import FreshLinks
from mjproxy_server.engine.hooks import NO_HOOKS, HookRules
from mjproxy_server.engine.patience import PatientStore, keep_trying
from mjproxy_server.engine.recent import RecentTasks
from mjproxy_server.engine.recovery import left_behind
from mjproxy_server.engine.registry import Registry, load_roster
from mjproxy_server.engine.seeds import Seeds
from mjproxy_server.engine.sessions import Sessions, load_sessions
from mjproxy_server.engine.shelf import Shelf
from mjproxy_server.engine.submission import Submitter
from mjproxy_server.engine.syncing import Syncer
from mjproxy_server.engine.tending import tend
from mjproxy_server.engine.unknown_messages import UnknownCollector
from mjproxy_server.engine.upkeep import Retention, Upkeep
from mjproxy_server.engine.uploads import Uploads
from mjproxy_server.engine.watching import WatchHub
from mjproxy_server.model.account import PLAIN_ACCOUNT, Account
from mjproxy_server.model.errors import Unavailable
from mjproxy_server.prompts.config import DEFAULT_PROMPTS, PromptsConfig
from mjproxy_server.prompts.prompts import open_prompts
from mjproxy_server.store.images import Images
from mjproxy_server.store.interface import Revision, Store
from mjproxy_server.store.sqlite import open_store


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
        recent: Reads tasks.
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
    recent: RecentTasks
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
    steady = SteadyTime(clock)
    store = await open_store(config.data, now=lambda: now_ms(clock), steady=steady.now_ms, hook=config.hooks.own)
    prompts = open_prompts(config.prompts, rng=rng, monotonic=clock.monotonic)
    try:
        shelf = Shelf(Images(config.data / "images"))
        records = await load_roster(store.accounts, config.accounts)
        unknown = UnknownCollector(store.unknown_messages, clock)
        fleet = Fleet(
            records,
            await load_sessions(store.sessions, (record.account.user_token for record in records)),
            endpoints=config.endpoints,
            store=PatientStore(store, clock),
            shelf=shelf,
            prompts=prompts,
            unknown=unknown,
            clock=clock,
            rng=rng,
            choice=config.account_choice,
            after_crash=store.after_crash,
        )
        registry = Registry(store.accounts, fleet, Syncer(fleet.nonces, clock))
        sessions = Sessions(store.sessions, fleet.connections, fleet.new_sessions, clock)
        left = await left_behind(store, {record.id for record in records}, clock)
        await shelf.open(left.unfinished)
        fleet.open(left)
        hub = WatchHub(store)
        _follow_log(store, shelf, fleet)
        upkeep = Upkeep(store, config.retention, clock)
        asking = (AutoSync(fleet, registry, clock, rng).run,) if config.account_sync else ()
        needed = (fleet.run(), shelf.run(), sessions.run(), registry.run(), keep_trying(store, clock))
        helpful = (tend(run, clock) for run in (upkeep.run, unknown.run, *asking))
        async with _background(*needed, *helpful):
            submitter = Submitter(
                store=store, shelf=shelf, accounts=fleet, prompts=prompts, hooks=config.hooks, clock=clock
            )
            yield Engine(
                store=store,
                submitter=submitter,
                hub=hub,
                recent=RecentTasks(store),
                fleet=fleet,
                registry=registry,
                account_defaults=config.account_defaults,
                clock=clock,
                fresh_links=FreshLinks(fleet, clock),
                seeds=Seeds(store=store, fleet=fleet, clock=clock),
                uploads=Uploads(fleet),
                deliveries=DeliveryDesk(store, config.hooks.own, clock, steady, rng),
            )
        with suppress(Unavailable):  # An earlier point of a session does, too.
            await sessions.keep()
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
