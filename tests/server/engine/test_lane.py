"""The lane against a real simulator: order, cores, pace, silence, and accounts whose owner has to act."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from mjproxy_server.engine.images import InlineImage
from mjproxy_server.engine.requests import DescribeRequest, ImagineRequest, NewCommand
from mjproxy_server.model.command import Press, Shorten
from mjproxy_server.model.vocabulary import Reason, Status
from tests.server.engine.engine_world import running_engine_world


def cat() -> InlineImage:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(buffer, "PNG")
    return InlineImage(buffer.getvalue())


@pytest.mark.parametrize("profile", [2026, 2023])
async def test_tasks_run_in_their_order_and_no_more_at_once_than_there_are_cores(tmp_path: Path, profile: int) -> None:
    async with running_engine_world(tmp_path, profile=profile, core_size=2) as world:
        tasks = [await world.submit(ImagineRequest(f"picture {number}")) for number in range(6)]
        ended = [await world.ended(task.id) for task in tasks]
        assert [task.status for task in ended] == [Status.SUCCESS] * 6
        sent = [task.trace.steps[0].sent_at for task in ended]
        assert sent == sorted(sent)  # Of two that are on their way together, either may be answered first.
        for task in ended:
            at_once = [other for other in ended if other.started_at <= task.started_at < other.finished_at]
            assert len(at_once) <= 2


async def test_tasks_that_start_together_have_discord_asked_once_for_the_commands(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, core_size=4) as world:
        await world.fault("http_latency", route="/guilds/*/application-command-index", seconds=0.1, count=100)
        tasks = [await world.submit(ImagineRequest(f"picture {number}")) for number in range(4)]
        ended = [await world.ended(task.id) for task in tasks]
        (latency,) = (await world.control.get("/control/faults")).json()
        assert latency["left"] == 99
        sent = [task.trace.steps[0].sent_at for task in ended]
        assert sent == sorted(sent)


async def test_interactions_keep_their_distance(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, core_size=3, interval_seconds=0.3) as world:
        tasks = [await world.submit(ImagineRequest(f"picture {number}")) for number in range(3)]
        for task in tasks:
            await world.ended(task.id)
        times = [float(entry["time"]) for entry in await world.ledger()]  # type: ignore[arg-type]
        assert all(later - earlier >= 0.29 for earlier, later in pairwise(times))


async def test_a_silent_job_times_out_after_the_history_was_read(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, speed=0.001, clock_factor=60, timeout_minutes=1) as world:
        task = await world.ended((await world.submit(ImagineRequest("a cat"))).id)
        assert task.failure is not None
        assert task.failure.reason is Reason.TIMED_OUT
        assert task.finished_at - task.trace.last_sign_at >= 60_000


async def test_a_job_that_shows_life_does_not_time_out_however_long_it_takes(tmp_path: Path) -> None:
    """A job of more than two minutes of the engine's time, with signs of life in between."""
    async with running_engine_world(tmp_path, speed=20, clock_factor=100, timeout_minutes=1) as world:
        task = await world.ended((await world.submit(ImagineRequest("a cat"))).id)
        assert task.status is Status.SUCCESS
        assert task.finished_at - task.started_at > 60_000


@pytest.mark.parametrize(
    ("command", "button"),
    [(DescribeRequest(cat()), "MJ::Picread::Retry"), (Shorten("appdash appdash, dadaistic, toonami"), "Extended")],
)
async def test_a_change_of_the_parents_message_that_nobody_heard_of_is_read_from_the_history(
    tmp_path: Path, command: NewCommand, button: str
) -> None:
    async with running_engine_world(tmp_path, speed=200, clock_factor=60, timeout_minutes=1) as world:
        parent = await world.done(command)
        assert parent.result is not None, parent.failure
        custom_id = next(each.custom_id for each in parent.result.buttons if button in each.custom_id)
        await world.fault("drop_dispatch", event="MESSAGE_UPDATE", count=None)
        task = await world.done(Press(parent.id, custom_id))
        assert task.status is Status.SUCCESS, task.failure
        assert task.result is not None
        assert task.result.message_id == parent.result.message_id
        assert task.result.prompt != parent.result.prompt
