"""Bots that are asked about accounts without anybody asking for it, against a real simulator."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from mjproxy_server.engine.autosync import STALE_AFTER, may_be_asked
from mjproxy_server.engine.choice import Load
from mjproxy_server.engine.requests import ImagineRequest
from mjproxy_server.model.account import Account
from mjproxy_server.model.command import Press
from mjproxy_server.model.vocabulary import Bot, Status
from tests.server.engine.engine_world import EngineWorld, running_engine_world


async def asked(world: EngineWorld) -> Counter[tuple[object, object]]:
    """How often which command was given by whom."""
    return Counter((entry["user_id"], entry["kind"]) for entry in await world.ledger())


def both_known(world: EngineWorld) -> bool:
    return all(lane.syncs.keys() == {Bot.MIDJOURNEY, Bot.NIJI} for lane in world.engine.fleet.lanes)


async def test_the_bots_are_asked_about_new_accounts_and_again_after_hours(tmp_path: Path) -> None:
    def told_at(world: EngineWorld) -> list[int]:
        return [sync.at for lane in world.engine.fleet.lanes for sync in lane.syncs.values()]

    async with running_engine_world(tmp_path, accounts=2, account_sync=True, clock_factor=20) as world:
        await world.seen(lambda: both_known(world))
        assert set((await asked(world)).values()) == {2}, "/info and /settings of two bots"
        first = told_at(world)
    soon, late = STALE_AFTER - 600, STALE_AFTER + 600
    async with running_engine_world(
        tmp_path, accounts=2, account_sync=True, clock_factor=20, clock_ahead=soon
    ) as world:
        for _ in range(3):
            await world.done(ImagineRequest("a cat"))
        assert told_at(world) == first
        assert {times for (_, kind), times in (await asked(world)).items() if kind == "info"} == {2}, "as before"
    async with running_engine_world(
        tmp_path, accounts=2, account_sync=True, clock_factor=20, clock_ahead=late
    ) as world:
        await world.seen(lambda: min(told_at(world)) > max(first))


async def test_a_guild_without_the_niji_bot_is_not_asked_for_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_engine_world(tmp_path, bots=["midjourney"], account_sync=True, clock_factor=50) as world:
        (lane,) = world.engine.fleet.lanes
        await world.seen(lambda: lane.syncs)
        await world.done(ImagineRequest("a cat"))
        assert lane.syncs.keys() == {Bot.MIDJOURNEY}
        assert not [record for record in caplog.records if record.name.endswith("autosync")]


async def test_an_account_whose_remix_is_on_asks_the_caller_without_a_sync_by_hand(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, account_sync=True, clock_factor=50) as world:
        (account,) = (await world.control.get("/control/accounts")).json()
        await world.control.patch(f"/control/accounts/{account['user_id']}", json={"remix": True})
        (lane,) = world.engine.fleet.lanes
        await world.seen(lambda: lane.remix(Bot.MIDJOURNEY))
        grid = await world.done(ImagineRequest("a cat"))
        assert grid.result is not None
        varied = next(button for button in grid.result.buttons if "variation" in button.custom_id)
        assert (await world.submit(Press(grid.id, varied.custom_id))).status is Status.MODAL


async def test_a_bot_that_does_not_answer_is_asked_again_and_complained_about_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_engine_world(tmp_path, bots=["midjourney"], account_sync=True, clock_factor=50) as world:
        (lane,) = world.engine.fleet.lanes
        await world.fault("bot_silent", count=2)
        with caplog.at_level(logging.WARNING, logger="mjproxy_server.engine.autosync"):
            await world.seen(lambda: lane.syncs)
        complaints = [record.getMessage() for record in caplog.records if record.name.endswith("autosync")]
        assert len(complaints) == 1
        assert lane.account.id in complaints[0]
        assert sum(count for (_, kind), count in (await asked(world)).items() if kind == "info") >= 3


def test_nothing_is_asked_while_a_task_could_be_sent() -> None:
    account = Account(guild_id="1", channel_id="2", user_token="t", user_agent="u", core_size=2)
    idle = Load(account=account, ready=True, running=0, waiting=0)
    assert may_be_asked(idle)
    assert may_be_asked(structs.replace(idle, running=2, waiting=5)), "what waits for a core is not delayed"
    assert not may_be_asked(structs.replace(idle, running=1, waiting=1))
    assert not may_be_asked(structs.replace(idle, ready=False))
    assert not may_be_asked(structs.replace(idle, account=replace(account, enable=False)))
