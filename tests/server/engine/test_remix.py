"""Presses whose outcome depends on the Remix mode, which its owner may switch in Discord unknown to us."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mjproxy_server.engine.requests import ImagineRequest
from mjproxy_server.midjourney.custom_id import Manner, meaning
from mjproxy_server.model.command import Press
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Bot, Reason, Status
from tests.server.engine.engine_world import EngineWorld, running_engine_world

both_profiles = pytest.mark.parametrize("profile", [2026, 2023])


async def switch_remix(world: EngineWorld, *, on: bool) -> None:
    (account,) = (await world.control.get("/control/accounts")).json()
    answer = await world.control.patch(f"/control/accounts/{account['user_id']}", json={"remix": on})
    answer.raise_for_status()


def remixable(parent: Task) -> list[str]:
    """The buttons that open a modal while Remix is on."""
    assert parent.result is not None, parent.failure
    told = {button.custom_id: meaning(button.custom_id) for button in parent.result.buttons}
    return [custom_id for custom_id, each in told.items() if each and each.manner is Manner.REMIX]


@both_profiles
async def test_the_press_does_what_it_was_for(tmp_path: Path, profile: int) -> None:
    async with running_engine_world(tmp_path, profile=profile) as world:
        parent = await world.done(ImagineRequest("a cat"))
        assert parent.result is not None
        await switch_remix(world, on=True)
        buttons = remixable(parent)
        assert len(buttons) == 5, "four variations, and all anew"
        for custom_id in buttons:
            task = await world.submit(Press(parent.id, custom_id))
            assert (task.status, task.modal) == (Status.NOT_START, None)
            task = await world.ended(task.id)
            assert task.status is Status.SUCCESS, task.failure
            assert await world.owns(task)
            assert task.result is not None
            assert task.result.prompt == parent.result.prompt, "the prompt is unchanged"


async def test_it_is_noted_that_remix_is_on_and_the_next_caller_is_asked(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path) as world:
        parent = await world.done(ImagineRequest("a cat"))
        (lane,) = world.engine.fleet.lanes
        await world.engine.registry.sync(lane.account.id, Bot.MIDJOURNEY)
        told = lane.syncs[Bot.MIDJOURNEY]
        await switch_remix(world, on=True)
        await world.done(Press(parent.id, remixable(parent)[0]))
        assert lane.syncs == {Bot.MIDJOURNEY: replace(told, remix=True)}
        await world.engine.registry.keep_findings()
        (kept,) = await world.engine.store.accounts.all()
        assert kept.sync == lane.syncs[Bot.MIDJOURNEY]
        assert (await world.submit(Press(parent.id, remixable(parent)[0]))).status is Status.MODAL


async def test_a_modal_that_is_heard_of_twice_is_answered_once(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path) as world:
        parent = await world.done(ImagineRequest("a cat"))
        await switch_remix(world, on=True)
        await world.fault("duplicate_dispatch", count=None)
        task = await world.done(Press(parent.id, remixable(parent)[0]))
        assert task.status is Status.SUCCESS
        assert len([entry for entry in await world.ledger() if entry["type"] == 5]) == 1


async def test_the_prompt_of_the_caller_is_drawn_when_remix_is_known_to_be_on(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path) as world:
        parent = await world.done(ImagineRequest("a cat"))
        (lane,) = world.engine.fleet.lanes
        await switch_remix(world, on=True)
        await world.engine.registry.sync(lane.account.id, Bot.MIDJOURNEY)
        for custom_id in remixable(parent):
            task = await world.submit(Press(parent.id, custom_id))
            assert task.status is Status.MODAL
            await world.confirm(task.id, "a dog")
            task = await world.ended(task.id)
            assert await world.owns(task), task.failure
            assert task.result is not None
            assert task.result.prompt.startswith("a dog")


@pytest.mark.parametrize(("remix", "reason"), [(True, Reason.OUTCOME_UNKNOWN), (False, Reason.TIMED_OUT)])
async def test_a_modal_that_nobody_heard_of_is_no_fault_of_the_bot_and_is_not_opened_again(
    tmp_path: Path, remix: bool, reason: Reason
) -> None:
    """The press draws if the mode is off, so that what has been taken is not repeated on a mere likelihood."""
    async with running_engine_world(tmp_path, clock_factor=30, timeout_minutes=1) as world:
        parent = await world.done(ImagineRequest("a cat"))
        await switch_remix(world, on=remix)
        await world.fault("drop_dispatch", event="INTERACTION_MODAL_CREATE")
        await world.fault("stop_job", steps=1, outcome="silent")
        task = await world.done(Press(parent.id, remixable(parent)[0]))
        assert task.failure is not None
        assert task.failure.reason is reason
        assert len([entry for entry in await world.ledger() if entry["type"] == 3]) == 1


@both_profiles
async def test_a_press_that_draws_at_once_since_remix_was_switched_off_is_not_lost(
    tmp_path: Path, profile: int
) -> None:
    async with running_engine_world(tmp_path, profile=profile) as world:
        parent = await world.done(ImagineRequest("a cat"))
        (lane,) = world.engine.fleet.lanes
        await switch_remix(world, on=True)
        await world.engine.registry.sync(lane.account.id, Bot.MIDJOURNEY)
        await switch_remix(world, on=False)
        task = await world.submit(Press(parent.id, remixable(parent)[0]))
        assert task.status is Status.MODAL
        await world.confirm(task.id, "a dog")
        task = await world.ended(task.id)
        assert task.status is Status.SUCCESS, task.failure
        assert await world.owns(task)
        assert lane.remix(Bot.MIDJOURNEY) is False
