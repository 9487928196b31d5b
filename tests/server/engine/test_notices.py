"""What the bot says instead of drawing, each title through the simulator: what becomes of the task and its account."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mjproxy_server.engine.requests import ImagineRequest
from mjproxy_server.engine.second_chances import MOST_PUT_OFF
from mjproxy_server.model.vocabulary import Mode, Reason, Setback, Status
from mjproxy_simulator.bot.notices import NOTICES
from tests.server.engine.engine_world import running_engine_world

ENDS = {
    "invalid_parameter": Reason.PROMPT_REJECTED,
    "invalid_link": Reason.PROMPT_REJECTED,
    "invalid_prompt": Reason.PROMPT_REJECTED,
    "invalid_request": Reason.PROMPT_REJECTED,
    "empty_prompt": Reason.PROMPT_REJECTED,
    "duplicate_images": Reason.PROMPT_REJECTED,
    "banned_prompt": Reason.MODERATED,
    "banned_image_prompt": Reason.MODERATED,
    "image_denied": Reason.MODERATED,
    "output_filters": Reason.MODERATED,
    "job_action_restricted": Reason.BOT_ERROR,
}
"""The task fails, whatever is configured, and the account goes on."""

HOLDS = {
    "pending_mod_message",
    "tos",
    "action_required",
    "blocked",
    "subscription_required",
    "subscription_paused",
    "plan_cancelled",
}
"""The task fails, and the account is held until its owner acts."""

CHANCES = {
    "went_wrong": (Reason.BOT_ERROR, Setback.FAULT),
    "went_wrong_in_progress": (Reason.BOT_ERROR, Setback.FAULT),
    "could_not_complete": (Reason.BOT_ERROR, Setback.FAULT),
    "failed_to_process": (Reason.BOT_ERROR, Setback.FAULT),
    "queue_full": (Reason.BOT_BUSY, Setback.BUSY),
    "slow_down": (Reason.BOT_BUSY, Setback.BUSY),
    "action_needed": (Reason.MODERATED, Setback.MODERATED),
    "credits_exhausted": (Reason.ACCOUNT_HELD, Setback.EXHAUSTED),
}
"""The task fails if it has no chance, and succeeds by the next one if it has; the account goes on in any case."""

GRANTED: dict[str, Any] = {"failure_retries": 1, "press_appeal": True, "fallback_modes": (Mode.RELAX,)}


def test_every_notice_has_its_class() -> None:
    assert {*ENDS, *HOLDS, *CHANCES} == set(NOTICES)


@pytest.mark.parametrize(
    ("notice", "reason"),
    [*ENDS.items(), *((name, Reason.ACCOUNT_HELD) for name in sorted(HOLDS))],
)
async def test_a_notice_fails_the_task_and_may_hold_the_account(tmp_path: Path, notice: str, reason: Reason) -> None:
    async with running_engine_world(tmp_path, **GRANTED) as world:
        await world.fault("bot_notice", notice=notice, count=None)
        task = await world.done(ImagineRequest("a cat"))
        assert task.failure is not None
        assert (task.failure.reason, task.failure.title) == (reason, NOTICES[notice].title)
        assert len(task.trace.steps) == 1
        held_reason = world.engine.fleet.lanes[0].held_reason
        assert held_reason.startswith(f"[{NOTICES[notice].title}]") == (notice in HOLDS)


@pytest.mark.parametrize(("notice", "reason"), [(name, reason) for name, (reason, _) in CHANCES.items()])
async def test_without_a_chance_it_fails_the_task(tmp_path: Path, notice: str, reason: Reason) -> None:
    async with running_engine_world(tmp_path, clock_factor=60) as world:
        await world.fault("bot_notice", notice=notice, count=None)
        task = await world.done(ImagineRequest("a cat"))
        assert task.failure is not None
        assert (task.failure.reason, task.failure.title) == (reason, NOTICES[notice].title or "Failed")
        assert len(task.trace.steps) == (1 + MOST_PUT_OFF if reason is Reason.BOT_BUSY else 1)
        assert not world.engine.fleet.lanes[0].held_reason


@pytest.mark.parametrize(("notice", "setback"), [(name, setback) for name, (_, setback) in CHANCES.items()])
async def test_with_a_chance_the_task_goes_on(tmp_path: Path, notice: str, setback: Setback) -> None:
    async with running_engine_world(tmp_path, clock_factor=60, **GRANTED) as world:
        await world.fault("bot_notice", notice=notice)
        task = await world.done(ImagineRequest("a cat"))
        assert task.status is Status.SUCCESS
        assert [step.setback for step in task.trace.steps] == [setback, None]
        assert await world.owns(task)
        assert not world.engine.fleet.lanes[0].held_reason


async def test_a_queued_job_goes_on_by_itself(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, core_size=2) as world:
        account = world.engine.fleet.lanes[0].account.id
        (await world.control.patch(f"/control/accounts/{account}", json={"concurrency": 1})).raise_for_status()
        tasks = [await world.submit(ImagineRequest(f"picture {number}")) for number in range(2)]
        ended = [await world.ended(task.id) for task in tasks]
        assert [task.status for task in ended] == [Status.SUCCESS] * 2
        assert [len(task.trace.steps) for task in ended] == [1, 1]
