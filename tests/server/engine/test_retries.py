"""Tasks that are tried again, through the simulator: their order, pauses and modes, and what the ledger says."""

from __future__ import annotations

from pathlib import Path

import pytest

from mjproxy_server.engine.condition import PATIENCE
from mjproxy_server.engine.requests import ImagineRequest
from mjproxy_server.engine.second_chances import FIRST_PAUSE
from mjproxy_server.model.command import Change
from mjproxy_server.model.vocabulary import Action, Bot, Mode, Reason, Setback, Status, WhenHeld
from tests.server.engine.engine_world import EngineWorld, running_engine_world


async def use_up(world: EngineWorld, hours: float) -> None:
    account = world.engine.fleet.lanes[0].account.id
    (await world.control.patch(f"/control/accounts/{account}", json={"fast_hours_used": hours})).raise_for_status()


@pytest.mark.parametrize("profile", [2026, 2023])
async def test_a_task_that_is_tried_again_goes_before_those_that_wait(tmp_path: Path, profile: int) -> None:
    async with running_engine_world(tmp_path, profile=profile, core_size=1, failure_retries=1) as world:
        await world.fault("bot_notice", notice="went_wrong")
        tasks = [await world.submit(ImagineRequest(f"picture {number}")) for number in range(3)]
        ended = [await world.ended(task.id) for task in tasks]
        assert [task.status for task in ended] == [Status.SUCCESS] * 3
        asked = [str(entry["prompt"]).removesuffix(" --fast") for entry in await world.ledger()]
        assert asked == ["picture 0", "picture 0", "picture 1", "picture 2"]


async def test_what_is_sent_again_is_sent_after_the_first_job_has_failed(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, failure_retries=2) as world:
        await world.fault("bot_notice", notice="went_wrong", count=2)
        task = await world.done(ImagineRequest("a cat"))
        jobs = {str(entry["nonce"]): str(entry["job"]) for entry in await world.ledger()}
        assert set(jobs) == {step.nonce for step in task.trace.steps}
        states = [(await world.control.get(f"/control/jobs/{jobs[step.nonce]}")).json() for step in task.trace.steps]
        assert [state["status"] for state in states] == ["failed", "failed", "finished"]
        assert task.result is not None
        assert task.result.job_id == jobs[task.trace.nonce]


@pytest.mark.parametrize("profile", [2026, 2023])
async def test_equal_prompts_keep_their_own_pictures_when_some_are_tried_again(tmp_path: Path, profile: int) -> None:
    async with running_engine_world(tmp_path, profile=profile, core_size=4, failure_retries=3) as world:
        await world.fault("bot_notice", notice="went_wrong_in_progress", count=3)
        tasks = [await world.submit(ImagineRequest("a cat")) for _ in range(6)]
        ended = [await world.ended(task.id) for task in tasks]
        assert [task.status for task in ended] == [Status.SUCCESS] * 6
        assert sum(len(task.trace.steps) for task in ended) == 9
        assert all([await world.owns(task) for task in ended])


async def test_a_busy_bot_is_left_alone_for_a_while(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, clock_factor=10) as world:
        lane = world.engine.fleet.lanes[0]
        await world.fault("bot_notice", notice="queue_full")
        first = await world.submit(ImagineRequest("picture 1"))
        await world.seen(lambda: lane.condition.paused_until > 0)
        second = await world.submit(ImagineRequest("picture 2"))
        assert [(await world.ended(task.id)).status for task in (first, second)] == [Status.SUCCESS] * 2
        refused, *later = [float(entry["time"]) for entry in await world.ledger()]  # type: ignore[arg-type]
        assert len(later) == 2
        assert min(later) - refused >= FIRST_PAUSE / 10
        assert not lane.resting_until


async def test_a_pause_ends_in_time_though_a_longer_rest_was_lifted_before(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, core_size=1, clock_factor=5) as world:
        lane = world.engine.fleet.lanes[0]
        await world.fault("interaction_status", status=403, code=50001, message="Missing Access", count=PATIENCE)
        for number in range(PATIENCE):
            await world.done(ImagineRequest(f"picture {number}"))
        rested_at = lane.resting_until
        await world.engine.registry.update(lane.account.id, lambda account: account, restore=True)
        await world.fault("bot_notice", notice="queue_full")
        task = await world.done(ImagineRequest("a cat"))
        assert task.trace.count(Setback.BUSY) == 1
        assert task.finished_at < rested_at * 1000


async def test_hours_that_are_used_up_cost_one_refusal_and_are_used_again_when_they_are_back(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, fallback_modes=(Mode.TURBO, Mode.RELAX)) as world:
        await use_up(world, 1000)
        first, second = [await world.done(ImagineRequest(f"picture {number}")) for number in range(2)]
        assert [step.mode for step in first.trace.steps] == [Mode.FAST, Mode.RELAX]
        assert [step.mode for step in second.trace.steps] == [Mode.RELAX]
        assert (first.mode, second.mode) == (Mode.RELAX, Mode.RELAX)
        await use_up(world, 0)
        await world.engine.registry.sync(world.engine.fleet.lanes[0].account.id, Bot.MIDJOURNEY)
        third = await world.done(ImagineRequest("picture 3"))
        assert [step.mode for step in third.trace.steps] == [Mode.FAST]


async def test_a_button_fails_when_the_hours_are_used_up_and_says_what_to_do(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, fallback_modes=(Mode.RELAX,)) as world:
        grid = await world.done(ImagineRequest("a cat"))
        await use_up(world, 1000)
        task = await world.done(Change(grid.id, Action.VARIATION, 1))
        assert task.failure is not None
        assert task.failure.reason is Reason.ACCOUNT_HELD
        assert "set at the bot" in task.failure.description


async def test_appeal_is_pressed_once_for_a_task(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, press_appeal=True) as world:
        await world.fault("bot_notice", notice="action_needed", count=2)
        task = await world.done(ImagineRequest("a cat"))
        assert task.failure is not None
        assert task.failure.reason is Reason.MODERATED
        pressed = [str(entry["custom_id"] or "").rpartition("::")[0] for entry in await world.ledger()]
        assert pressed == ["", "MJ::Prompts::Appeal"]
        assert (await world.done(ImagineRequest("a dog"))).status is Status.SUCCESS


async def test_a_task_that_waits_to_be_tried_again_survives_a_restart(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path) as world:
        lane = world.engine.fleet.lanes[0]
        await world.fault("bot_notice", notice="queue_full")
        task = await world.submit(ImagineRequest("a cat"))
        await world.seen(lambda: bool(lane.waiting and lane.waiting[0].trace.failed))
    async with running_engine_world(tmp_path) as world:
        ended = await world.ended(task.id)
        assert ended.status is Status.SUCCESS
        assert [step.setback for step in ended.trace.steps] == [Setback.BUSY, None]
        assert await world.owns(ended)


async def test_a_task_that_waits_to_be_tried_again_is_cancelled_at_once(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path) as world:
        lane = world.engine.fleet.lanes[0]
        await world.fault("bot_notice", notice="queue_full")
        task = await world.submit(ImagineRequest("a cat"))
        await world.seen(lambda: bool(lane.waiting and lane.waiting[0].trace.failed))
        await world.cancel(task.id)
        assert (await world.ended(task.id)).status is Status.CANCELLED
        assert not lane.waiting


async def test_a_task_that_waits_to_be_tried_again_leaves_an_account_that_is_held(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, accounts=2, when_held=WhenHeld.MOVE) as world:
        lanes = world.engine.fleet.lanes
        await world.seen(lambda: all(lane.link.ready for lane in lanes))
        await world.fault("bot_notice", notice="queue_full")
        task = await world.submit(ImagineRequest("a cat"))
        first, second = sorted(lanes, key=lambda lane: lane.account.id != task.account_id)
        await world.seen(lambda: bool(first.waiting and first.waiting[0].trace.failed))
        first.condition.held_reason = "[Blocked] Write to support."
        first.notice_change()
        ended = await world.ended(task.id)
        assert (ended.status, ended.account_id) == (Status.SUCCESS, second.account.id)


@pytest.mark.parametrize("profile", [2026, 2023])
@pytest.mark.parametrize("action", [Action.UPSCALE, Action.VARIATION, Action.REROLL])
async def test_the_appeal_of_a_button_brings_its_result(tmp_path: Path, action: Action, profile: int) -> None:
    async with running_engine_world(tmp_path, profile=profile, press_appeal=True) as world:
        grid = await world.done(ImagineRequest("a cat"))
        await world.fault("bot_notice", notice="action_needed")
        task = await world.done(Change(grid.id, action, 0 if action is Action.REROLL else 2))
        assert task.status is Status.SUCCESS
        assert [step.setback for step in task.trace.steps] == [Setback.MODERATED, None]
        assert await world.owns(task)
