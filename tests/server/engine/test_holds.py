"""Tasks that wait for an account whose owner does not act have an end, at a day's length; by a fast clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from mjproxy_server.engine.holds import LONGEST_HOLD, HoldTimes
from mjproxy_server.engine.requests import ImagineRequest
from mjproxy_server.model.vocabulary import Reason
from server.engine.engine_world import running_engine_world


def test_a_hold_is_too_long_after_a_day() -> None:
    times = HoldTimes()
    times.note({"1"}, 1000)
    times.note({"1", "2"}, 2000)
    assert not times.too_long(1000 + LONGEST_HOLD - 1)
    assert times.too_long(1000 + LONGEST_HOLD) == {"1"}
    assert times.too_long(2000 + LONGEST_HOLD) == {"1", "2"}


def test_a_hold_that_was_lifted_does_not_count_when_the_next_one_begins() -> None:
    times = HoldTimes()
    times.note({"1"}, 0)
    times.note(set(), LONGEST_HOLD / 2)
    times.note({"1"}, LONGEST_HOLD / 2 + 1)
    assert not times.too_long(LONGEST_HOLD + 1)
    assert times.next_end(LONGEST_HOLD + 1) == LONGEST_HOLD / 2


@pytest.mark.parametrize(("now", "left"), [(0, LONGEST_HOLD), (1, LONGEST_HOLD - 1), (LONGEST_HOLD + 5, 5)])
def test_the_next_end_is_that_of_the_oldest_hold_that_has_not_lasted_too_long(now: float, left: float) -> None:
    times = HoldTimes()
    times.note({"1"}, 0)
    times.note({"1", "2"}, 10)
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
        held_at = world.engine.clock.time()
        for task in waiting:
            ended = await world.ended(task.id)
            assert ended.failure is not None
            assert ended.failure.reason is Reason.ACCOUNT_HELD
            assert "ubscription" in ended.failure.description
            assert ended.finished_at / 1000 >= held_at + LONGEST_HOLD * 0.9
        assert not world.engine.fleet.lanes[0].waiting
