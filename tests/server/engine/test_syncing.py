"""What the bots tell of an account, and what can be changed there, against a real simulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from mjproxy_server.engine.lane import Lane
from mjproxy_server.engine.syncing import BotSettings
from mjproxy_server.model.errors import AccountNotConnected, BotNotInvited, BotSilent, InvalidField
from mjproxy_server.model.vocabulary import Bot, Level, Mode
from tests.server.engine.engine_world import EngineWorld, running_engine_world

both_bots = pytest.mark.parametrize("bot", [Bot.MIDJOURNEY, Bot.NIJI])


async def connected(world: EngineWorld) -> Lane:
    lane = world.engine.fleet.lanes[0]
    await lane.link.wait_until_ready()
    return lane


async def kinds(world: EngineWorld) -> list[object]:
    return [entry["kind"] for entry in await world.ledger()]


@both_bots
async def test_a_sync_reads_what_a_bot_tells_of_the_account(tmp_path: Path, bot: Bot) -> None:
    async with running_engine_world(tmp_path) as world:
        lane = await connected(world)
        await world.engine.registry.sync(lane.account.id, bot)
        (sync,) = lane.syncs.values()
        assert sync.plan
        assert sync.fast_hours_left is not None
        assert (sync.mode, sync.remix, sync.stealth) == (Mode.FAST, False, False)
        assert sync.version in sync.versions
        (kept,) = await world.engine.store.accounts.all()
        assert kept.syncs == {bot: sync}


@both_bots
async def test_a_bots_settings_can_be_changed(tmp_path: Path, bot: Bot) -> None:
    async with running_engine_world(tmp_path) as world:
        lane = await connected(world)
        await world.engine.registry.sync(lane.account.id, bot)
        version = next(each for each in lane.syncs[bot].versions if each != lane.syncs[bot].version)
        wanted = BotSettings(version=version, remix=True, stylize=Level.VERY_HIGH, variation=Level.LOW, mode=Mode.RELAX)
        await world.engine.registry.change_bot_settings(lane.account.id, bot, wanted)
        (sync,) = lane.syncs.values()
        assert (sync.version, sync.remix, sync.mode) == (version, True, Mode.RELAX)
        assert (sync.stylize, sync.variation) == (Level.VERY_HIGH, Level.LOW)
        (kept,) = await world.engine.store.accounts.all()
        assert kept.syncs == {bot: sync}
        sent = len(await world.ledger())
        await world.engine.registry.change_bot_settings(lane.account.id, bot, wanted)
        assert (await kinds(world))[sent:] == ["settings", "info"], "nothing was left to be pressed"


async def test_each_bot_has_a_remix_mode_of_its_own(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path) as world:
        lane = await connected(world)
        await world.engine.registry.sync(lane.account.id, Bot.MIDJOURNEY)
        await world.engine.registry.change_bot_settings(lane.account.id, Bot.NIJI, BotSettings(remix=True))
        assert (lane.remix(Bot.MIDJOURNEY), lane.remix(Bot.NIJI)) == (False, True)
        assert not world.engine.fleet.remix_is_on(lane.account.id, Bot.MIDJOURNEY)
        assert world.engine.fleet.remix_is_on(lane.account.id, Bot.NIJI)


async def test_a_bot_that_the_guild_does_not_have_cannot_be_asked(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, bots=["midjourney"]) as world:
        lane = await connected(world)
        with pytest.raises(BotNotInvited, match="NIJI"):
            await world.engine.registry.sync(lane.account.id, Bot.NIJI)
        with pytest.raises(BotNotInvited):
            await world.engine.registry.change_bot_settings(lane.account.id, Bot.NIJI, BotSettings(remix=True))
        assert not lane.syncs
        assert await kinds(world) == []


async def test_a_setting_that_the_bot_does_not_offer_is_refused_and_nothing_is_pressed(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path) as world:
        lane = await connected(world)
        wanted = BotSettings(remix=True, version="Midjourney Model V99")
        with pytest.raises(InvalidField, match=r"settings\.version"):
            await world.engine.registry.change_bot_settings(lane.account.id, Bot.MIDJOURNEY, wanted)
        assert await kinds(world) == ["settings"]


async def test_a_bot_that_does_not_answer_is_given_up(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path) as world:
        lane = await connected(world)
        await world.fault("bot_silent", count=None)
        with pytest.raises(BotSilent, match="/info"):
            await world.engine.registry.sync(lane.account.id, Bot.MIDJOURNEY)
        assert not lane.syncs


async def test_nobody_is_asked_by_an_account_that_is_not_connected(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path) as world:
        lane = await connected(world)
        await world.fault("close_on_identify", count=None)
        await world.fault("invalidate_session")
        rings = -1
        while lane.link.ready:
            rings = await world.engine.fleet.changes.wait(rings)
        with pytest.raises(AccountNotConnected):
            await world.engine.registry.sync(lane.account.id, Bot.MIDJOURNEY)
