"""Accounts that come, change and go while tasks are at work, against a real simulator."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mjproxy_server.engine.choice import Load
from mjproxy_server.engine.condition import PATIENCE
from mjproxy_server.engine.requests import ImagineRequest
from mjproxy_server.model.account import Account, AccountFilter
from mjproxy_server.model.command import Change
from mjproxy_server.model.errors import AccountNotFound, AccountUnavailable, NoAccount, Unavailable
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Action, Reason, Status, WhenHeld
from mjproxy_server.store.interface import Capacity, Submission
from tests.server.engine.engine_world import EngineWorld, running_engine_world
from tests.server.engine.tours import picture


def on(account_id: str) -> AccountFilter:
    return AccountFilter(account_id=account_id)


async def submit(world: EngineWorld, account_id: str, prompt: str = "a cat") -> Task:
    return await world.submit(ImagineRequest(prompt), account_filter=on(account_id))


async def test_an_account_that_comes_while_others_work_draws(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, spare=1) as world:
        first = world.engine.fleet.lanes[0].account.id
        (account,) = world.spare
        task = await submit(world, first)
        lane = await world.engine.registry.create(account, None)
        assert lane.record.base is None
        new = await submit(world, account.id)
        assert (await world.ended(new.id)).status is Status.SUCCESS
        assert (await world.ended(task.id)).status is Status.SUCCESS


async def test_a_deleted_account_ends_its_running_tasks_and_its_waiting_ones_fail(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, spare=1, speed=10) as world:
        account = replace(world.spare[0], core_size=1)
        lane = await world.engine.registry.create(account, None)
        running, waiting = [await submit(world, account.id, f"picture {number}") for number in range(2)]
        await world.until(running.id, lambda known: known.status.at_work)
        await world.engine.registry.delete(account.id)
        with pytest.raises(AccountNotFound):
            world.engine.fleet.lane(account.id)
        failure = (await world.ended(waiting.id)).failure
        assert failure is not None
        assert failure.reason is Reason.ACCOUNT_UNAVAILABLE
        with pytest.raises(Unavailable):
            await world.engine.registry.create(account, None)
        assert (await world.ended(running.id)).status is Status.SUCCESS
        await world.seen(lambda: lane.link.connection.unused)
        await world.engine.registry.create(account, None)
        assert (await world.ended((await submit(world, account.id)).id)).status is Status.SUCCESS


async def test_what_a_deleted_account_has_at_work_fails_if_it_stays_out_of_reach(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, spare=1, speed=0.001, clock_factor=60, timeout_minutes=1) as world:
        (account,) = world.spare
        lane = await world.engine.registry.create(account, None)
        task = await submit(world, account.id)
        await world.until(task.id, lambda known: known.status.at_work)
        await _update(world, account, user_token="not-known-to-discord")
        await world.seen(lambda: lane.link.rejection)
        await world.engine.registry.delete(account.id)
        failure = (await world.ended(task.id)).failure
        assert failure is not None
        assert failure.reason is Reason.ACCOUNT_UNAVAILABLE


async def test_an_account_with_a_new_token_goes_on_with_the_jobs_that_run(tmp_path: Path) -> None:
    """The new token is the same user's, as after a change of the password; the simulator knows one token only."""
    async with running_engine_world(tmp_path, speed=5) as world:
        lane = world.engine.fleet.lanes[0]
        task = await submit(world, lane.account.id)
        await world.until(task.id, lambda known: known.status.at_work)
        before, token = lane.link.connection, lane.account.user_token
        await _update(world, lane.account, user_token="not-known-to-discord")
        assert before.unused
        await world.seen(lambda: lane.link.rejection and not before.ready)
        await _update(world, lane.account, user_token=token)
        assert (await world.ended(task.id)).status is Status.SUCCESS


async def test_two_channels_of_one_user_share_a_connection_until_the_last_one_leaves(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, spare=1) as world:
        first = world.engine.fleet.lanes[0]
        await world.seen(lambda: first.link.ready)
        account = replace(world.spare[0], user_token=first.account.user_token)
        second = await world.engine.registry.create(account, None)
        assert second.link.connection is first.link.connection
        assert second.link.ready
        await world.engine.registry.delete(account.id)
        await world.seen(lambda: account.id not in world.engine.fleet.retiring)
        assert first.link.ready
        assert (await world.ended((await submit(world, first.account.id)).id)).status is Status.SUCCESS


async def test_a_change_of_the_core_size_holds_at_once(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, core_size=1, speed=0.001) as world:
        lane = world.engine.fleet.lanes[0]
        for number in range(3):
            await submit(world, lane.account.id, f"picture {number}")
        await world.seen(lambda: lane.load().running == 1)
        await _update(world, lane.account, core_size=3)
        await world.seen(lambda: lane.load().running == 3)


async def test_a_held_account_starts_nothing_until_it_is_enabled_again(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, core_size=1) as world:
        lane = world.engine.fleet.lanes[0]
        await world.fault("bot_notice", notice="subscription_required")
        await world.fault("http_latency", route="/interactions", seconds=1)
        asked = await submit(world, lane.account.id, "picture 1")
        waiting = await submit(world, lane.account.id, "picture 2")
        held = await world.ended(asked.id)
        assert held.failure is not None
        assert held.failure.reason is Reason.ACCOUNT_HELD
        assert "ubscription" in lane.condition.held_reason
        assert lane.load().waiting == 1
        assert not lane.load().ready
        await world.engine.registry.update(lane.account.id, lambda account: account, restore=True)
        assert (await world.ended(waiting.id)).status is Status.SUCCESS


async def test_a_held_account_is_given_no_new_tasks(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path) as world:
        account_id = world.engine.fleet.lanes[0].account.id
        grid = await world.done(ImagineRequest("a grid"))
        await world.fault("bot_notice", notice="subscription_required")
        await world.ended((await submit(world, account_id)).id)
        with pytest.raises(NoAccount):
            await world.submit(ImagineRequest("another"))
        with pytest.raises(AccountUnavailable, match=account_id):
            await world.submit(Change(grid.id, Action.UPSCALE, 1))


async def test_a_hold_is_known_after_a_restart(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path) as world:
        await world.fault("bot_notice", notice="subscription_required")
        lane = world.engine.fleet.lanes[0]
        await world.ended((await submit(world, lane.account.id)).id)
        await world.engine.registry.keep_findings()
    async with running_engine_world(tmp_path) as world:
        lane = world.engine.fleet.lanes[0]
        assert "ubscription" in lane.held_reason
        await world.engine.registry.update(lane.account.id, lambda account: account, restore=True)
    async with running_engine_world(tmp_path) as world:
        assert not world.engine.fleet.lanes[0].held_reason


async def test_the_tasks_that_wait_for_a_held_account_move_if_any_account_could_do_them(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, accounts=2, core_size=1, when_held=WhenHeld.MOVE) as world:
        first, second = world.engine.fleet.lanes
        await world.seen(lambda: first.link.ready and second.link.ready)
        await _update(world, second.account, enable=False)
        grid = await world.done(ImagineRequest("a grid"))
        await world.fault("bot_notice", notice="subscription_required", account=first.account.id)
        await world.fault("http_latency", route="/interactions", seconds=1)
        tasks = [await world.submit(ImagineRequest(f"picture {number}")) for number in range(3)]
        bound = await submit(world, first.account.id, "bound")
        follow_up = await world.submit(Change(grid.id, Action.UPSCALE, 1))
        await _update(world, second.account, enable=True)
        ended = [await world.ended(task.id) for task in tasks]
        assert ended[0].status is Status.FAILURE
        assert [task.status for task in ended[1:]] == [Status.SUCCESS] * 2
        assert {task.account_id for task in ended[1:]} == {second.account.id}
        assert [task.id for task in first.waiting] == [bound.id, follow_up.id]


async def test_an_account_that_is_refused_again_and_again_rests_and_comes_back(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, core_size=1, clock_factor=60) as world:
        lane = world.engine.fleet.lanes[0]
        await world.fault("interaction_status", status=403, code=50001, message="Missing Access", count=PATIENCE)
        tasks = [await submit(world, lane.account.id, f"picture {number}") for number in range(PATIENCE + 1)]
        refused = [await world.ended(task.id) for task in tasks[:PATIENCE]]
        assert all(task.failure and task.failure.reason is Reason.DISCORD_REFUSED for task in refused)
        assert lane.resting_until
        assert not lane.load().ready
        assert (await world.ended(tasks[-1].id)).status is Status.SUCCESS
        assert lane.load().ready


async def test_a_revoked_token_that_shows_only_as_closed_connections_is_found_out(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, clock_factor=60) as world:
        lane = world.engine.fleet.lanes[0]
        await world.seen(lambda: lane.link.ready)
        await world.fault("http_status", status=401, route="/users/@me", count=None)
        await world.fault("close_on_identify", code=4000, count=None)
        await world.fault("close_code", code=4007)
        await world.seen(lambda: lane.link.rejection)
        assert "401" in lane.link.rejection
        await world.control.delete("/control/faults")
        await world.engine.registry.update(lane.account.id, lambda account: account, restore=True)
        await world.seen(lambda: lane.link.ready)


async def _update(world: EngineWorld, account: Account, **settings: object) -> None:
    await world.engine.registry.update(
        account.id,
        lambda now: replace(now, **settings),  # type: ignore[arg-type]
        restore=False,
    )


async def test_a_choice_is_made_among_the_accounts_as_they_are(tmp_path: Path) -> None:
    settings = {"core_size": 1, "when_held": WhenHeld.MOVE}
    async with running_engine_world(tmp_path, accounts=3, spare=1, **settings) as world:  # type: ignore[arg-type]
        _choice_is_up_to_date(world)
        first, second, third = world.engine.fleet.lanes
        await world.seen(lambda: all(lane.link.ready for lane in world.engine.fleet.lanes))
        _choice_is_up_to_date(world)
        tasks = [await world.submit(ImagineRequest(f"picture {number}")) for number in range(9)]
        _choice_is_up_to_date(world)
        await world.engine.registry.create(world.spare[0], None)
        await world.fault("bot_notice", notice="subscription_required", account=first.account.id)
        await world.fault("close_code", code=4000)
        for task in tasks:
            await world.ended(task.id)
            _choice_is_up_to_date(world)
        await world.seen(lambda: first.held_reason)
        await _update(world, second.account, enable=False)
        await world.engine.registry.delete(world.spare[0].id)
        _choice_is_up_to_date(world)
        assert [load.account.id for load in world.engine.fleet.choose(AccountFilter())] == [third.account.id]


async def test_what_is_being_submitted_counts_until_it_is_stored(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, accounts=2, core_size=3) as world:
        fleet = world.engine.fleet
        await world.seen(lambda: all(lane.link.ready for lane in fleet.lanes))
        first, second = fleet.lanes
        await _update(world, first.account, core_size=1)
        async with _held_up_commit(world) as begun:
            submitted = [asyncio.create_task(world.submit(ImagineRequest(f"picture {number}"))) for number in range(4)]
            await begun.wait()
            waiting = {load.account.id: load.waiting for load in fleet.loads()}
            assert waiting == {first.account.id: 1, second.account.id: 3}
        for task in await asyncio.gather(*submitted):
            await world.ended(task.id)
        await world.seen(lambda: all(load.running + load.waiting == 0 for load in fleet.loads()))


@asynccontextmanager
async def _held_up_commit(world: EngineWorld) -> AsyncIterator[asyncio.Event]:
    """Keeps what the block submits from being stored before its end; yields what tells that all is handed over.

    The block must submit before it waits for anything.
    """
    loop, begun, to_end = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    store = world.engine.store

    def hold_up(_: str) -> Task:
        loop.call_soon_threadsafe(begun.set)
        to_end.wait()
        raise NoAccount

    first = Submission(
        builds=(hold_up,), account_id="", capacity=Capacity(0, 0), caller="", request_id=None, digest=b""
    )

    async def submit_first() -> None:
        await store.turn()  # As a submission does: what is submitted at once with it comes into the same commit.
        await store.submit(first)

    held_up = asyncio.create_task(submit_first())
    try:
        yield begun
    finally:
        to_end.set()
    with pytest.raises(NoAccount):
        await held_up


async def test_uploads_are_shared_among_the_accounts(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, accounts=2) as world:
        lanes = world.engine.fleet.lanes
        await world.seen(lambda: all(lane.link.ready for lane in lanes))
        urls = [(await world.engine.uploads.upload([picture("red")], AccountFilter()))[0] for _ in lanes]
        assert {urlsplit(url).path.split("/")[2] for url in urls} == {lane.account.id for lane in lanes}


def _choice_is_up_to_date(world: EngineWorld) -> None:
    """Checks that the accounts are chosen from by what they are, and not by what they were."""
    known = {load.account.id: _told(load) for load in world.engine.fleet.choose(AccountFilter())}
    assert known == {load.account.id: _told(load) for load in world.engine.fleet.loads() if load.takes_tasks}


def _told(load: Load) -> tuple[Account, bool, int, bool | None]:
    return load.account, load.ready, load.running + load.waiting, load.remix
