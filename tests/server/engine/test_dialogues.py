"""What becomes of a task whose press opens no dialogue, since the bot says something else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from mjproxy_server.engine.requests import ImagineRequest
from mjproxy_server.engine.second_chances import FIRST_PAUSE
from mjproxy_server.model.command import Change, Press
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Action, Reason, Setback, Status
from tests.server.engine.engine_world import EngineWorld, running_engine_world

MIDJOURNEY = "936929561302675456"


async def zoom_refused(world: EngineWorld, title: str) -> Task:
    """Has the bot answer the press of Custom Zoom by a notice in the place of the modal; returns the task."""
    grid = await world.done(ImagineRequest("a cat"))
    picture = await world.done(Change(grid.id, Action.UPSCALE, 1))
    assert picture.result is not None
    zoom = next(each.custom_id for each in picture.result.buttons if "CustomZoom" in each.custom_id)
    await world.fault("drop_dispatch", event="INTERACTION_MODAL_CREATE")
    task = await world.submit(Press(picture.id, zoom))
    await world.confirm(task.id)
    await told(world, zoom)
    await tell(world, task.account_id, title)
    return task


async def told(world: EngineWorld, custom_id: str) -> None:
    """Returns when Discord was told of a press, of which nothing else tells."""
    async with asyncio.timeout(30):
        while custom_id not in [entry["custom_id"] for entry in await world.ledger()]:
            pass


async def tell(world: EngineWorld, account_id: str, title: str) -> None:
    """Has the bot answer what the account has sent last by a notice that offers an appeal."""
    appeal = {"type": 2, "style": 1, "label": "Appeal", "custom_id": "MJ::Prompts::Appeal::a1b2"}
    notice = {
        "id": "$ID1",
        "channel_id": "$CHANNEL",
        "guild_id": "$GUILD",
        "nonce": "$NONCE",
        "flags": 64,
        "author": {"id": MIDJOURNEY, "bot": True},
        "embeds": [{"type": "rich", "title": title, "description": "", "color": 0xFF0000}],
        "components": [{"type": 1, "components": [appeal]}],
    }
    scenario = {"name": title, "events": [{"after": 0, "type": "MESSAGE_CREATE", "data": notice}]}
    (await world.control.post(f"/control/accounts/{account_id}/replay", json=scenario)).raise_for_status()


@pytest.mark.parametrize(
    ("title", "setback"), [("Queue full", Setback.BUSY), ("Sorry, something went wrong", Setback.FAULT)]
)
async def test_the_press_is_tried_again_as_a_job_is(tmp_path: Path, title: str, setback: Setback) -> None:
    async with running_engine_world(tmp_path, clock_factor=10, failure_retries=1) as world:
        refused = await zoom_refused(world, title)
        task = await world.ended(refused.id)
        assert task.status is Status.SUCCESS, task.failure
        assert [step.setback for step in task.trace.steps] == [setback, None]
        assert await world.owns(task)
        pressed, again = [entry for entry in await world.ledger() if "CustomZoom::" in str(entry["custom_id"])]
        pause = float(str(again["time"])) - float(str(pressed["time"]))
        assert setback is not Setback.BUSY or pause >= FIRST_PAUSE / 10


async def test_without_a_chance_the_task_fails(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path) as world:
        refused = await zoom_refused(world, "Sorry, something went wrong")
        failure = (await world.ended(refused.id)).failure
        assert failure is not None
        assert (failure.reason, failure.title) == (Reason.BOT_ERROR, "Sorry, something went wrong")


async def test_an_account_whose_owner_has_to_act_is_held(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path) as world:
        refused = await zoom_refused(world, "Pending mod message")
        failure = (await world.ended(refused.id)).failure
        assert failure is not None
        assert failure.reason is Reason.ACCOUNT_HELD
        assert world.engine.fleet.lanes[0].held_reason.startswith("[Pending mod message]")


async def test_what_an_appeal_would_open_is_not_asked_for(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, press_appeal=True) as world:
        refused = await zoom_refused(world, "Action needed to continue")
        failure = (await world.ended(refused.id)).failure
        assert failure is not None
        assert failure.reason is Reason.MODERATED
        assert not [entry for entry in await world.ledger() if "Appeal" in str(entry["custom_id"])]
