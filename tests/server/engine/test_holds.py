"""Tasks that wait for an account whose owner does not act have an end, at a day's length; by a fast clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from mjproxy_server.engine.clock import now_ms
from mjproxy_server.engine.holds import LONGEST_HOLD, HoldTimes
from mjproxy_server.engine.requests import ImagineRequest
from mjproxy_server.model.vocabulary import Reason
from tests.server.engine.engine_world import running_engine_world


def test_a_hold_is_too_long_after_a_day() -> None:
    times = HoldTimes()
    times.note({"1": 0}, 1000)
    times.note({"1": 1000, "2": 0}, 2000)
    assert not times.too_long(1000 + LONGEST_HOLD - 1)
    assert times.too_long(1000 + LONGEST_HOLD) == {"1"}
    assert times.too_long(2000 + LONGEST_HOLD) == {"1", "2"}


def test_a_hold_that_was_lifted_does_not_count_when_the_next_one_begins() -> None:
    times = HoldTimes()
    times.note({"1": 0}, 0)
    times.note({}, LONGEST_HOLD / 2)
    times.note({"1": 0}, LONGEST_HOLD / 2 + 1)
    assert not times.too_long(LONGEST_HOLD + 1)
    assert times.next_end(LONGEST_HOLD + 1) == LONGEST_HOLD / 2


def test_a_hold_that_another_process_has_begun_counts_from_there() -> None:
    times = HoldTimes()
    times.note({"1": LONGEST_HOLD - 10}, 1000)
    assert not times.too_long(1009)
    assert times.too_long(1010) == {"1"}


@pytest.mark.parametrize(("now", "left"), [(0, LONGEST_HOLD), (1, LONGEST_HOLD - 1), (LONGEST_HOLD + 5, 5)])
def test_the_next_end_is_that_of_the_oldest_hold_that_has_not_lasted_too_long(now: float, left: float) -> None:
    times = HoldTimes()
    times.note({"1": 0}, 0)
    times.note({"1": 10, "2": 0}, 10)
    assert times.next_end(now) == left


async def test_what_waits_for_a_held_account_fails_after_a_day_with_the_reason_of_the_hold(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, core_size=1) as world:
        await world.fault("bot_notice", notice="subscription_required")
        await world.fault("http_latency", route="/interactions", seconds=1)
        asked = await world.submit(ImagineRequest("picture 1"))
        waiting = [await world.submit(ImagineRequest(f"picture {number}")) for number in (2, 3)]
        await world.ended(asked.id)
        await world.engine.registry.keep_findings()
        assert len(world.engine.fleet.lanes[0].waiting) == 2
    async with running_engine_world(tmp_path, core_size=1, clock_factor=LONGEST_HOLD / 2) as world:
        held_since = world.engine.fleet.lanes[0].condition.held_since
        for task in waiting:
            ended = await world.ended(task.id)
            assert ended.failure is not None
            assert ended.failure.reason is Reason.ACCOUNT_HELD
            assert "ubscription" in ended.failure.description
            assert ended.finished_at >= held_since + LONGEST_HOLD * 1000
        assert not world.engine.fleet.lanes[0].waiting


async def test_a_hold_goes_on_in_the_next_process_and_ends_when_it_is_lifted(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path) as world:
        (lane,) = world.engine.fleet.lanes
        await lane.link.wait_until_ready()
        begun_at = now_ms(world.engine.clock)
        lane.condition.held_reason = "[Blocked] Write to support."
        lane.notice_change()
        await world.seen(lambda: lane.condition.held_since)
        await world.engine.registry.keep_findings()
        held_since = lane.condition.held_since
        assert begun_at <= held_since <= now_ms(world.engine.clock)
    async with running_engine_world(tmp_path) as world:
        (lane,) = world.engine.fleet.lanes
        await lane.link.wait_until_ready()
        assert lane.condition.held_since == held_since
        lane.condition.held_reason = ""
        lane.notice_change()
        await world.seen(lambda: not lane.condition.held_since)


async def test_a_token_that_was_rejected_before_the_restart_is_held_since_then(tmp_path: Path) -> None:
    """Until Discord has judged it anew, nothing says that its owner has acted."""
    async with running_engine_world(tmp_path) as world:
        await world.fault("close_on_identify", code=4004)
        (lane,) = world.engine.fleet.lanes
        await world.seen(lambda: lane.condition.held_since)
        await world.engine.registry.keep_findings()
        held_since = lane.condition.held_since
    async with running_engine_world(tmp_path, clock_ahead=3600) as world:
        (lane,) = world.engine.fleet.lanes
        assert lane.condition.held_since == held_since
        await lane.link.wait_until_ready()
        await world.seen(lambda: not lane.condition.held_since)
