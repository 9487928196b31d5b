"""Broken networks, with a real simulator: the account tells what is going on, and work resumes by itself."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mjproxy_server.api.accounts_out import account_message
from mjproxy_server.discord.gateway.identify_gate import IDENTIFY_INTERVAL
from mjproxy_server.discord.gateway.types import GatewayPhase
from mjproxy_server.engine.engine import running_engine
from mjproxy_server.engine.images import InlineImage
from mjproxy_server.engine.requests import DescribeRequest, ImagineRequest
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Reason, Status
from mjproxy_server.tls import client_tls
from tests.server.engine.engine_world import EngineWorld, FastClock, running_engine_world, simulated_discord
from tests.server.engine.tls_front import TlsFront, make_certificate

ACCELERATED = 20
"""How many times as fast the engine's clock runs where it waits for what no test can wait for."""


def last_error(world: EngineWorld) -> str:
    return account_message(world.engine.fleet.lanes[0]).health.last_error


async def until(world: EngineWorld, text: str) -> None:
    """Waits until the account says so."""
    seen = -1
    async with asyncio.timeout(30):
        while text not in last_error(world):
            seen = await world.engine.fleet.changes.wait(seen)


async def drawn(world: EngineWorld, tasks: list[Task]) -> None:
    """Waits until all are drawn; each must have been paid for once."""
    ended = [await world.ended(task.id) for task in tasks]
    assert [task.status for task in ended] == [Status.SUCCESS] * len(tasks)
    assert all([await world.owns(task) for task in ended])
    paid = Counter(entry["prompt"] for entry in await world.ledger() if entry["job"])
    assert set(paid.values()) == {1}


async def test_a_storm_of_429_costs_no_task_and_few_requests(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, clock_factor=ACCELERATED, core_size=1) as world:
        await world.fault("interaction_status", status=429, retry_after=0.5, count=8)
        tasks = [await world.submit(ImagineRequest(f"cat number {number}")) for number in range(2)]
        await until(world, "being rate limited")
        await drawn(world, tasks)
        assert last_error(world) == ""
        refused = [entry for entry in await world.ledger() if entry["status"] == 429]
        assert len(refused) == 8


async def test_a_storm_of_5xx_costs_no_task(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, clock_factor=ACCELERATED, core_size=1) as world:
        await world.fault("http_status", method="POST", route="/interactions", status=503, count=6)
        tasks = [await world.submit(ImagineRequest(f"cat number {number}")) for number in range(2)]
        await until(world, "503")
        await drawn(world, tasks)
        assert last_error(world) == ""


async def test_uploads_that_are_cut_off_are_made_again(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, clock_factor=ACCELERATED) as world:
        await world.fault("http_cut", method="PUT", route="/upload/*", after_bytes=100, count=7)
        task = await world.submit(DescribeRequest(InlineImage(picture())))
        assert (await world.ended(task.id)).status is Status.SUCCESS


def picture() -> bytes:
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 90).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("fault", ["drop_socket", "half_open"])
async def test_a_connection_that_is_gone_is_made_again_and_the_account_says_so(tmp_path: Path, fault: str) -> None:
    factor = ACCELERATED if fault == "half_open" else 1  # That it is dead shows with a heartbeat that stays unanswered.
    async with running_engine_world(tmp_path, speed=5, clock_factor=factor) as world:
        tasks = [await world.submit(ImagineRequest("a cat"))]
        lane = world.engine.fleet.lanes[0]
        await lane.link.wait_until_ready()
        await world.fault(fault)
        seen, phases = -1, set()
        async with asyncio.timeout(60):
            while GatewayPhase.DISCONNECTED not in phases:
                phases.add(lane.link.status.phase)
                seen = await world.engine.fleet.changes.wait(seen)
        assert lane.link.status.last_error
        await drawn(world, tasks)


async def test_after_a_crash_nobody_identifies_until_what_the_dead_may_have_sent_is_old(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    (tmp_path / "server" / "lock").write_text("1234\n")
    async with running_engine_world(tmp_path, clock_factor=ACCELERATED) as world:
        await world.engine.fleet.lanes[0].link.wait_until_ready()
        assert world.engine.clock.monotonic() > IDENTIFY_INTERVAL, "its clock begins with the engine, at 0"


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A certificate that the engine trusts, and no other."""
    made = make_certificate(tmp_path / "trusted.crt")
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    client_tls.cache_clear()
    yield made
    client_tls.cache_clear()


@pytest.mark.parametrize("place", ["gateway", "server"])
async def test_work_waits_for_a_certificate_that_is_trusted_and_the_account_says_so(
    tmp_path: Path, trusted: Path, place: str
) -> None:
    stranger = make_certificate(tmp_path / "stranger.crt")
    async with (
        simulated_discord(tmp_path) as (control, config),
        TlsFront.serve(str(control.base_url), stranger) as front,
    ):
        url = front.url if place == "server" else front.url.replace("https", "wss")
        changed: dict[str, Any] = {place: url, "resume_gateway": None}
        behind_front = replace(config, endpoints=replace(config.endpoints, **changed))
        async with running_engine(behind_front, clock=FastClock(ACCELERATED), rng=random.Random(1)) as engine:
            world = EngineWorld(engine, control)
            task = await world.submit(ImagineRequest("a cat"))
            await until(world, "certificate verify failed")
            front.show(trusted)
            await drawn(world, [task])
            assert last_error(world) == ""


@pytest.mark.parametrize("hours", [2, -2])
async def test_a_wall_clock_that_jumps_costs_no_task(tmp_path: Path, hours: int) -> None:
    async with running_engine_world(tmp_path, clock_factor=100, timeout_minutes=5) as world:
        clock = world.engine.clock
        assert isinstance(clock, FastClock)
        await world.control.post("/control/speed", json={"speed": 0.001})
        tasks = [await world.submit(ImagineRequest("a cat"))]
        await taken(world, tasks[0])
        clock.set(hours * 3600)
        await clock.sleep(200)  # The job is silent for so long, which is looked at meanwhile, and allowed.
        await world.control.post("/control/speed", json={"speed": 100})
        tasks.append(await world.submit(ImagineRequest("a dog")))
        await drawn(world, tasks)
        assert tasks[1].id > tasks[0].id


async def test_a_silent_job_is_given_up_in_time_though_the_clock_was_set_back(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, clock_factor=100, timeout_minutes=5) as world:
        clock = world.engine.clock
        assert isinstance(clock, FastClock)
        await world.fault("stop_job", steps=1, outcome="silent")
        task = await world.submit(ImagineRequest("a cat"))
        await taken(world, task)
        begun_at = clock.monotonic()
        clock.set(-7200)
        ended = await world.ended(task.id)
        assert ended.failure
        assert ended.failure.reason is Reason.TIMED_OUT
        assert clock.monotonic() - begun_at < 3600


async def taken(world: EngineWorld, task: Task) -> None:
    """Waits until the task's job has given a sign of life."""
    watch = await world.engine.hub.watch(None, "")
    async with asyncio.timeout(30):
        while not (found := await world.engine.store.get(task.id)) or not found[0].trace.last_sign_at:
            await watch.next()


async def test_what_was_heard_is_not_measured_by_the_wall_clock(tmp_path: Path) -> None:
    """Whether an interaction was taken is concluded from what was not heard: a clock that is set must not prove it."""
    async with running_engine_world(tmp_path) as world:
        clock, link = world.engine.clock, world.engine.fleet.lanes[0].link
        assert isinstance(clock, FastClock)
        await link.wait_until_ready()
        clock.set(3600)
        await link.hear_out()
        assert link.heard_until < clock.monotonic() < 60
