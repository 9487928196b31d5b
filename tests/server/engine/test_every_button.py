"""Every command and every button that the bot shows, through a real simulator, in both profiles of the bot."""

from __future__ import annotations

from pathlib import Path

import pytest

from mjproxy_server.engine.requests import BlendRequest, DescribeRequest, FaceSwapRequest, ImagineRequest
from mjproxy_server.midjourney.custom_id import Manner, meaning
from mjproxy_server.model.command import Change, Press, Shorten
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Action, Bot, Dimensions, Status
from tests.server.engine.engine_world import EngineWorld, running_engine_world
from tests.server.engine.tours import mask_for, picture

pytestmark = pytest.mark.usefixtures("everything_is_understood")
both_profiles = pytest.mark.parametrize("profile", [2026, 2023])


async def pressed(world: EngineWorld, parent: Task, custom_id: str) -> list[Task]:
    """Presses a button, confirms what it asks, and returns the tasks that it made, ended."""
    tasks = await world.submit_all(Press(parent.id, custom_id))
    if tasks[0].status is Status.MODAL:
        assert tasks[0].modal is not None
        await world.confirm(tasks[0].id, mask=mask_for(parent) if tasks[0].modal.wants_mask else None)
    return [await world.ended(task.id) for task in tasks]


async def every_button(world: EngineWorld, parent: Task) -> dict[str, list[Task]]:
    assert parent.result is not None, parent.failure
    return {button.custom_id: await pressed(world, parent, button.custom_id) for button in parent.result.buttons}


async def all_succeed(world: EngineWorld, parent: Task) -> dict[str, list[Task]]:
    made = await every_button(world, parent)
    for custom_id, tasks in made.items():
        told = meaning(custom_id)
        assert told is not None, custom_id
        for task in tasks:
            assert task.status is Status.SUCCESS, (custom_id, task.failure)
            assert told.action in {None, task.action}
            if told.manner in {Manner.PRESS, Manner.DIALOGUE, Manner.REMIX} and task.result and task.result.job_id:
                assert await world.owns(task), custom_id
    return made


@both_profiles
async def test_every_button_of_a_grid_and_of_its_pictures(tmp_path: Path, profile: int) -> None:
    async with running_engine_world(tmp_path, speed=200, profile=profile) as world:
        grid = await world.done(ImagineRequest("a cat in the rain"))
        made = await all_succeed(world, grid)
        assert {task.action for tasks in made.values() for task in tasks} == {
            Action.UPSCALE,
            Action.VARIATION,
            Action.REROLL,
        }
        solo = next(task for tasks in made.values() for task in tasks if task.action is Action.UPSCALE)
        of_solo = await all_succeed(world, solo)
        actions = {task.action for tasks in of_solo.values() for task in tasks}
        assert {Action.UPSCALE, Action.VARIATION, Action.ZOOM, Action.PAN, Action.BOOKMARK} <= actions
        assert (Action.VIDEO in actions) == (profile == 2026)
        for task in (task for tasks in of_solo.values() for task in tasks if task.action is Action.VIDEO):
            await all_succeed(world, task)


@both_profiles
async def test_describe_and_all_that_its_buttons_do(tmp_path: Path, profile: int) -> None:
    async with running_engine_world(tmp_path, speed=200, profile=profile) as world:
        described = await world.done(DescribeRequest(picture("teal")))
        assert (described.status, described.description) == (Status.SUCCESS, f"/describe {described.id}.png")
        assert described.result is not None
        assert described.result.prompt.startswith("1\ufe0f\u20e3 ")
        made = await all_succeed(world, described)
        assert len(made["MJ::Job::PicReader::all"]) == 4
        assert {task.action for task in made["MJ::Job::PicReader::2"]} == {Action.IMAGINE}
        (again,) = made["MJ::Picread::Retry"]
        assert again.action is Action.DESCRIBE


@both_profiles
async def test_shorten_and_all_that_its_buttons_do(tmp_path: Path, profile: int) -> None:
    async with running_engine_world(tmp_path, speed=200, profile=profile) as world:
        shortened = await world.done(
            Shorten("appdash appdash, in the style of expert draftsmanship, dadaistic, toonami")
        )
        assert shortened.status is Status.SUCCESS
        assert shortened.result is not None
        assert "## Shortened prompts" in shortened.result.prompt
        made = await all_succeed(world, shortened)
        details = next(tasks[0] for custom_id, tasks in made.items() if "Extended" in custom_id)
        assert details.result is not None
        assert "(1.00)" in details.result.prompt or "█" in details.result.prompt


@both_profiles
async def test_blends_and_face_swaps(tmp_path: Path, profile: int) -> None:
    async with running_engine_world(tmp_path, speed=200, profile=profile) as world:
        images = tuple(picture(colour) for colour in ("red", "green", "blue"))
        blended = await world.done(BlendRequest(images, Dimensions.LANDSCAPE))
        assert (blended.status, blended.description) == (Status.SUCCESS, f"/blend {blended.id} 3")
        assert await world.owns(blended)
        swapped = await world.done(FaceSwapRequest(picture("red"), picture("blue")))
        assert (swapped.status, swapped.bot) == (Status.SUCCESS, Bot.INSIGHT_FACE), swapped.failure


async def test_the_niji_bot_draws_as_well(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, speed=200) as world:
        grid = await world.done(ImagineRequest("a cat"), bot=Bot.NIJI)
        assert (grid.status, grid.bot) == (Status.SUCCESS, Bot.NIJI), grid.failure
        solo = await world.done(Change(grid.id, Action.UPSCALE, 1))
        assert (solo.status, solo.bot) == (Status.SUCCESS, Bot.NIJI), solo.failure


async def test_the_prompt_of_a_modal_is_what_is_drawn(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, speed=200) as world:
        grid = await world.done(ImagineRequest("a cat"))
        solo = await world.done(Change(grid.id, Action.UPSCALE, 1))
        assert solo.result is not None
        zoom = next(button for button in solo.result.buttons if "CustomZoom" in button.custom_id)
        task = await world.submit(Press(solo.id, zoom.custom_id))
        assert len(await world.ledger()) == 2
        await world.confirm(task.id, "a dog --zoom 1.5")
        ended = await world.ended(task.id)
        assert ended.result is not None
        assert "a dog" in ended.result.prompt


async def test_the_seed_is_found_once_and_kept(tmp_path: Path) -> None:
    async with running_engine_world(tmp_path, speed=200) as world:
        grid = await world.done(ImagineRequest("a cat --seed 4711"))
        assert await world.engine.seeds.find(grid) == "4711"
        found = await world.engine.store.get(grid.id)
        assert found is not None
        assert found[0].image_seed == "4711"


@both_profiles
async def test_a_cancelled_job_is_stopped_at_discord(tmp_path: Path, profile: int) -> None:
    async with running_engine_world(tmp_path, speed=5, profile=profile) as world:
        task = await world.submit(ImagineRequest("a cat"))
        watch = await world.engine.hub.watch(0, "")
        while not any(revision.subject.progress for revision in await watch.next()):
            pass
        await world.cancel(task.id)
        ended = await world.ended(task.id)
        assert ended.status is Status.CANCELLED
        assert ended.finished_at - ended.cancel_requested_at < 20_000
        jobs = (await world.control.get("/control/jobs")).json()
        assert [job["status"] for job in jobs] == ["stopped"]
