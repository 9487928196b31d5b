"""Work that a stopped engine has left behind is taken up by the next one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mjproxy_server.engine.recovery import has_open_modal
from mjproxy_server.engine.requests import BlendRequest, ImagineRequest
from mjproxy_server.model.command import Change, Press, Shorten
from mjproxy_server.model.facts import CancelRequested, Sending
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Action, Dimensions, Reason, Status
from mjproxy_server.prompts.config import OpenAiConfig, PromptsConfig, TranslationConfig
from mjproxy_server.store.interface import Store
from mjproxy_server.store.sqlite import open_store
from tests.server.engine.engine_world import EngineWorld
from tests.server.engine.restarts import Restarts, running_restarts
from tests.server.engine.test_remix import remixable, switch_remix
from tests.server.engine.tours import Tourist, picture

both_profiles = pytest.mark.parametrize("profile", [2026, 2023])


async def until(world: EngineWorld, task: Task, holds: Callable[[Task], bool]) -> None:
    """Follows the task until this holds of it."""
    watch = await world.engine.hub.watch(0, "", lambda revision: revision.task_id == task.id)
    while not any(holds(revision.subject) for revision in await watch.next()):
        pass


def runs(task: Task) -> bool:
    return task.status is Status.IN_PROGRESS


async def opened(restarts: Restarts) -> Store:
    return await open_store(restarts.config.data, now=lambda: int(time.time() * 1000), hook="")


@both_profiles
async def test_running_jobs_bring_their_results_to_the_next_engine(tmp_path: Path, profile: int) -> None:
    async with running_restarts(tmp_path, speed=20, profile=profile) as restarts:
        async with restarts.abandoned() as world:
            tasks = [await world.submit(ImagineRequest(prompt)) for prompt in ("a cat", "a dog", "a fox")]
            await until(world, tasks[0], runs)
        async with restarts.stopped() as world:
            for task in tasks:
                ended = await world.ended(task.id)
                assert ended.status is Status.SUCCESS, ended.failure
                assert await world.owns(ended)
            assert len(await world.ledger()) == 3


@both_profiles
async def test_results_that_came_meanwhile_are_read_from_the_history_when_the_session_is_gone(
    tmp_path: Path, profile: int
) -> None:
    async with running_restarts(tmp_path, speed=50, profile=profile) as restarts:
        async with restarts.abandoned() as world:
            task = await world.submit(ImagineRequest("a cat"))
            await until(world, task, runs)
        await world.fault("op9", resumable=False)
        while not (await world.control.get("/control/jobs?status=finished")).json():
            pass
        async with restarts.stopped() as world:
            ended = await world.ended(task.id)
            assert ended.status is Status.SUCCESS, ended.failure
            assert await world.owns(ended)
            assert len(await world.ledger()) == 1


@pytest.mark.parametrize("clean", [False, True])
async def test_the_session_goes_on(tmp_path: Path, clean: bool) -> None:
    async with running_restarts(tmp_path) as restarts:
        async with restarts.stopped() if clean else restarts.abandoned() as world:
            await world.done(ImagineRequest("a cat"))
            session_id = world.engine.fleet.lanes[0].link.session_id
        async with restarts.stopped() as world:
            await world.engine.fleet.lanes[0].link.wait_until_ready()
            assert world.engine.fleet.lanes[0].link.session_id == session_id


async def test_the_store_has_no_token(tmp_path: Path) -> None:
    async with running_restarts(tmp_path) as restarts:
        async with restarts.stopped() as world:
            await world.engine.fleet.lanes[0].link.wait_until_ready()
        store = await opened(restarts)
        (session,) = await store.sessions.all()
        await store.close()
        assert restarts.config.accounts[0].user_token not in repr(session)


@pytest.mark.parametrize(
    ("told", "reason"), [("{}", None), ("another", Reason.OUTCOME_UNKNOWN), ("", Reason.OUTCOME_UNKNOWN)]
)
async def test_what_was_not_taken_is_sent_again_only_if_the_session_would_have_told(
    tmp_path: Path, told: str, reason: Reason | None
) -> None:
    async with running_restarts(tmp_path, clock_factor=30) as restarts:
        async with restarts.stopped() as world:
            (lane,) = world.engine.fleet.lanes
            await lane.link.wait_until_ready()
            session_id = lane.link.session_id
            lane.condition.pause(float("inf"))
            task = await world.submit(ImagineRequest("a cat"))
        store = await opened(restarts)
        at = int(time.time() * 1000)
        nonce = world.engine.fleet.nonces.next()
        await store.record(task.id, Sending(at, nonce, session_id=told.format(session_id)))
        await store.close()
        async with restarts.stopped() as world:
            ended = await world.ended(task.id)
            assert (ended.failure.reason if ended.failure else None) == reason
            assert len(await world.ledger()) == (0 if reason else 1)


async def test_a_region_names_no_session_since_none_is_told_of_it(tmp_path: Path) -> None:
    async with running_restarts(tmp_path) as restarts, restarts.stopped() as world:
        grid = await world.done(ImagineRequest("a cat"))
        single = await world.done(Change(grid.id, Action.UPSCALE, 1))
        (task,) = await Tourist(world, world.engine.fleet.lanes[0]).pressed(single, "Inpaint", prompt="a hat")
        assert [step.session_id for step in task.trace.steps] == [""]


async def test_a_modal_that_was_not_answered_is_opened_once_more(tmp_path: Path) -> None:
    async with running_restarts(tmp_path, interval_seconds=2) as restarts:
        async with restarts.stopped() as world:
            parent = await world.done(ImagineRequest("a cat"))
            await switch_remix(world, on=True)
        async with restarts.abandoned() as world:
            task = await world.submit(Press(parent.id, remixable(parent)[0]))
            await until(world, task, has_open_modal)
        async with restarts.stopped() as world:
            ended = await world.ended(task.id)
            assert ended.status is Status.SUCCESS, ended.failure
            assert await world.owns(ended)
            assert len([entry for entry in await world.ledger() if entry["type"] == 5]) == 1


async def test_what_is_brought_again_changes_nothing(tmp_path: Path) -> None:
    """The session is resumed from its beginning: a modal that was answered, too, is brought once more."""
    async with running_restarts(tmp_path, speed=20) as restarts:
        async with restarts.stopped() as world:
            parent = await world.done(ImagineRequest("a cat"))
            await switch_remix(world, on=True)
        async with restarts.abandoned() as world:
            task = await world.submit(Press(parent.id, remixable(parent)[0]))
            await until(world, task, runs)
        store = await opened(restarts)
        (session,) = await store.sessions.all()
        await store.sessions.put([replace(session, sequence=1)])
        await store.close()
        async with restarts.stopped() as world:
            ended = await world.ended(task.id)
            assert ended.status is Status.SUCCESS, ended.failure
            assert await world.owns(ended)
            assert world.engine.fleet.lanes[0].link.session_id == session.session_id
            assert [entry["type"] for entry in await world.ledger()] == [2, 3, 5]


async def test_a_text_that_was_being_translated_is_read_again(tmp_path: Path) -> None:
    """It was heard, so that the session does not bring it once more; but it was not stored."""
    asked = asyncio.Event()

    async def be_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(be_silent, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
    translation = TranslationConfig(backend=OpenAiConfig(base_url=url, model="any"), timeout_seconds=60)
    async with running_restarts(tmp_path, speed=50) as restarts, silent:
        config = restarts.config
        restarts.config = replace(config, prompts=PromptsConfig(translation=translation))
        async with restarts.abandoned() as world:
            task = await world.submit(Shorten("appdash appdash, dadaistic, toonami"))
            await asked.wait()
            point = world.engine.fleet.lanes[0].link.connection.resume_point
            assert point is not None
            while (await world.engine.store.sessions.all())[0].sequence != point.sequence:
                pass
        restarts.config = config
        async with restarts.stopped() as world:
            assert (await world.ended(task.id)).status is Status.SUCCESS


@pytest.mark.parametrize("uploading", [False, True])
async def test_the_images_of_an_accepted_task_are_there_for_the_next_engine(tmp_path: Path, uploading: bool) -> None:
    """It is stopped before it has begun, or in the midst of the upload."""
    async with running_restarts(tmp_path) as restarts:
        async with restarts.abandoned() as world:
            (lane,) = world.engine.fleet.lanes
            await world.fault("http_latency", method="PUT", route="/upload/*", seconds=60)
            if not uploading:
                lane.condition.pause(float("inf"))
            task = await world.submit(BlendRequest((picture("red"), picture("green")), Dimensions.SQUARE))
            if uploading:
                await world.seen(lambda: lane.works_on(task.id))
        await world.control.delete("/control/faults")
        async with restarts.stopped() as world:
            ended = await world.ended(task.id)
            assert ended.status is Status.SUCCESS, ended.failure
            assert await world.owns(ended)


async def test_a_cancel_that_was_asked_for_is_carried_out_by_the_next_engine(tmp_path: Path) -> None:
    async with running_restarts(tmp_path, speed=2, clock_factor=10) as restarts:
        async with restarts.abandoned() as world:
            task = await world.submit(ImagineRequest("a cat"))
            await until(world, task, runs)
        store = await opened(restarts)
        long_ago = int(time.time() * 1000) - 3_600_000
        await store.record(task.id, CancelRequested(long_ago))
        await store.close()
        async with restarts.stopped() as world:
            assert (await world.ended(task.id)).status is Status.CANCELLED
            assert (await world.control.get("/control/jobs?status=stopped")).json()


async def test_a_job_whose_account_is_gone_ends_with_a_reason(tmp_path: Path) -> None:
    async with running_restarts(tmp_path, speed=5, accounts=2) as restarts:
        async with restarts.abandoned() as world:
            task = await world.submit(ImagineRequest("a cat"))
            await until(world, task, runs)
        others = tuple(account for account in restarts.config.accounts if account.id != task.account_id)
        restarts.config = replace(restarts.config, accounts=others)
        async with restarts.stopped() as world:
            ended = await world.ended(task.id)
            assert ended.failure is not None
            assert ended.failure.reason is Reason.INTERRUPTED
