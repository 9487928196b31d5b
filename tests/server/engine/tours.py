"""Short tours through what the bot can do, each by one account, which check that every task got its own result."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from PIL import Image

from mjproxy_server.engine.images import InlineImage
from mjproxy_server.engine.lane import Lane
from mjproxy_server.engine.requests import (
    BlendRequest,
    DescribeRequest,
    FaceSwapRequest,
    FollowUp,
    ImagineRequest,
    NewCommand,
)
from mjproxy_server.engine.syncing import BotSettings
from mjproxy_server.midjourney.commands import CommandRef
from mjproxy_server.midjourney.custom_id import Manner, meaning
from mjproxy_server.model.account import AccountFilter
from mjproxy_server.model.command import Change, Press, Shorten
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Action, Bot, Dimensions, Mode, Reason, Status
from tests.server.engine.engine_world import EngineWorld

_MARKED: Final = frozenset({Manner.PRESS, Manner.DIALOGUE, Manner.REMIX})
"""Presses whose own nonce, or that of what they open, starts the job."""


@dataclass(frozen=True, slots=True)
class Tourist:
    """One account of a world, and what is done with it."""

    world: EngineWorld
    lane: Lane

    @property
    def account_id(self) -> str:
        return self.lane.account.id

    async def submit(self, command: NewCommand | FollowUp, **options: object) -> tuple[Task, ...]:
        mine = AccountFilter(account_id=self.account_id)
        return await self.world.submit_all(command, account_filter=mine, **options)

    async def ended(self, command: NewCommand | FollowUp, **options: object) -> Task:
        (task,) = await self.submit(command, **options)
        if task.status is Status.MODAL:  # Remix was on when the engine last heard of it.
            await self.world.confirm(task.id)
        return await self.world.ended(task.id)

    async def done(self, command: NewCommand | FollowUp, **options: object) -> Task:
        """Returns the ended task, which has succeeded by the job that it has started."""
        task = await self.ended(command, **options)
        assert task.status is Status.SUCCESS, (command, task.failure)
        assert task.account_id == self.account_id
        if task.result and task.result.job_id:
            assert await self.world.owns(task), (command, task)
        return task

    async def pressed(self, parent: Task, label: str, *, prompt: str = "") -> list[Task]:
        """Presses the button whose custom id has this in it, confirms what it asks; the tasks have succeeded."""
        assert parent.result is not None
        custom_id = next(each.custom_id for each in parent.result.buttons if label in each.custom_id)
        tasks = await self.submit(Press(parent.id, custom_id))
        if tasks[0].modal is not None:
            await self.world.confirm(tasks[0].id, prompt, mask_for(parent) if tasks[0].modal.wants_mask else None)
        ended = [await self.world.ended(task.id) for task in tasks]
        told = meaning(custom_id)
        for task in ended:
            assert task.status is Status.SUCCESS, (custom_id, task.failure)
            if told and told.manner in _MARKED and task.result and task.result.job_id:
                assert await self.world.owns(task), custom_id
        return ended

    async def set(self, **member: object) -> None:
        """Changes how the bot treats the account."""
        (await self.world.control.patch(f"/control/accounts/{self.account_id}", json=member)).raise_for_status()

    async def fault(self, name: str, **settings: object) -> None:
        await self.world.fault(name, account=self.account_id, **settings)


Tour = Callable[[Tourist], Awaitable[None]]


def picture(colour: str) -> InlineImage:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(buffer, "PNG")
    return InlineImage(buffer.getvalue())


def mask_for(task: Task) -> InlineImage:
    """White in the upper left quarter."""
    assert task.picture is not None
    image = Image.new("L", (task.picture.width, task.picture.height), 0)
    image.paste(255, (0, 0, task.picture.width // 2, task.picture.height // 2))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return InlineImage(buffer.getvalue())


async def _grid(tourist: Tourist, prompt: str = "a *cat* --ar 3:2 --q 1") -> Task:
    return await tourist.done(ImagineRequest(prompt))


async def _solo(tourist: Tourist) -> Task:
    grid = await _grid(tourist)
    return await tourist.done(Change(grid.id, Action.UPSCALE, 1))


async def drawing(tourist: Tourist) -> None:
    """A grid, and at the same time what its buttons do."""
    grid = await _grid(tourist)
    await asyncio.gather(
        tourist.done(Change(grid.id, Action.UPSCALE, 1)),
        tourist.done(Change(grid.id, Action.UPSCALE, 2)),
        tourist.done(Change(grid.id, Action.VARIATION, 3)),
        tourist.done(Change(grid.id, Action.REROLL)),
    )


async def prompts(tourist: Tourist) -> None:
    """Prompts that the bot may rewrite in many ways, at the same time."""
    await asyncio.gather(
        tourist.done(ImagineRequest("a **bold** _cat_ \u2014 in the  rain --q 1 --chaos 0 --v 7 --fast")),
        tourist.done(ImagineRequest("a dog --ar 1:1 --relax"), mode=Mode.RELAX),
        tourist.done(ImagineRequest("a dog --stylize 100 --no *stars*, `code`")),
        tourist.done(ImagineRequest("what the picture shows", (picture("teal"),))),
    )


async def solo(tourist: Tourist) -> None:
    """What the buttons of a single picture do that draws once more."""
    single = await _solo(tourist)
    await asyncio.gather(
        tourist.pressed(single, "_2x"),
        tourist.pressed(single, "high_variation"),
        tourist.pressed(single, "Outpaint::50"),
        tourist.pressed(single, "pan_left"),
    )


async def forms(tourist: Tourist) -> None:
    """A form that the caller fills in, and one that the press opens since Remix is on."""
    single = await _solo(tourist)
    (zoomed,) = await tourist.pressed(single, "CustomZoom", prompt="a dog --zoom 1.5")
    assert zoomed.result is not None
    assert "dog" in zoomed.result.prompt
    await tourist.set(remix=True)
    try:
        await tourist.pressed(single, "high_variation")
    finally:
        await tourist.set(remix=False)


async def region(tourist: Tourist) -> None:
    """Two regions of one picture."""
    single = await _solo(tourist)
    await tourist.pressed(single, "Inpaint", prompt="a hat")
    await tourist.pressed(single, "Inpaint", prompt="a coat")


async def films(tourist: Tourist) -> None:
    """A film, one of it in large, and one like it; before 2026 there were none."""
    single = await _solo(tourist)
    assert single.result is not None
    if any("animate" in button.custom_id for button in single.result.buttons):
        (film,) = await tourist.pressed(single, "animate_high")
        await tourist.pressed(film, "video_virtual_upscale")
        await tourist.pressed(film, "reroll")


async def words(tourist: Tourist) -> None:
    """A description and a shortened prompt, and what can be done with them."""
    described = await tourist.done(DescribeRequest(picture("teal")))
    assert described.result is not None
    assert described.result.prompt.startswith("1\ufe0f\u20e3 ")
    await tourist.pressed(described, "PicReader::2")
    (again,) = await tourist.pressed(described, "Picread::Retry")
    assert again.result is not None
    assert again.result.prompt != described.result.prompt
    shortened = await tourist.done(Shorten("appdash appdash, in the style of expert draftsmanship, dadaistic"))
    (details,) = await tourist.pressed(shortened, "Extended")
    assert details.result is not None
    assert "(1.00)" in details.result.prompt or "█" in details.result.prompt
    assert shortened.result is not None
    assert {button.custom_id for button in details.result.buttons} <= {
        button.custom_id for button in shortened.result.buttons
    }
    await tourist.pressed(shortened, "PromptAnalyzer::1")


async def files(tourist: Tourist) -> None:
    """Commands with files."""
    await tourist.done(BlendRequest((picture("red"), picture("green")), Dimensions.PORTRAIT))
    await tourist.done(FaceSwapRequest(picture("red"), picture("blue")))
    described = await tourist.done(DescribeRequest(picture("teal")))
    assert described.picture is not None


async def bookmark(tourist: Tourist) -> None:
    """What ❤️ does."""
    (task,) = await tourist.pressed(await _solo(tourist), "BOOKMARK")
    assert task.action is Action.BOOKMARK


async def seed(tourist: Tourist) -> None:
    """The seed of a picture."""
    grid = await _grid(tourist, "a cat --seed 4711")
    assert await tourist.world.engine.seeds.find(grid) == "4711"


async def settings(tourist: Tourist) -> None:
    """What the bots tell of the account, and a change of that."""
    registry = tourist.world.engine.registry
    for bot in (Bot.MIDJOURNEY, Bot.NIJI):
        await registry.sync(tourist.account_id, bot)
        assert tourist.lane.syncs[bot].version in tourist.lane.syncs[bot].versions
    await registry.change_bot_settings(tourist.account_id, Bot.MIDJOURNEY, BotSettings(mode=Mode.RELAX))
    assert tourist.lane.syncs[Bot.MIDJOURNEY].mode is Mode.RELAX
    await registry.change_bot_settings(tourist.account_id, Bot.MIDJOURNEY, BotSettings(mode=Mode.FAST))


async def notices(tourist: Tourist) -> None:
    """Refusals, and a job that the bot gives up in each of its ways; then all is as before."""
    for prompt, reason in {
        "a cat --foo": Reason.PROMPT_REJECTED,
        "https://pictures.invalid/a.png a cat": Reason.PROMPT_REJECTED,
        "simulate:banned_prompt": Reason.MODERATED,
        "simulate:output_filters": Reason.MODERATED,
        "simulate:could_not_complete": Reason.BOT_ERROR,
        "simulate:went_wrong_in_progress": Reason.BOT_ERROR,
        "simulate:failed_to_process": Reason.BOT_ERROR,
    }.items():
        task = await tourist.ended(ImagineRequest(prompt))
        assert task.failure is not None, prompt
        assert task.failure.reason is reason, (prompt, task.failure)
    await _grid(tourist)


async def refused_press(tourist: Tourist) -> None:
    """A button whose press is refused."""
    grid = await _grid(tourist)
    await tourist.fault("bot_notice", notice="job_action_restricted")
    task = await tourist.ended(Change(grid.id, Action.VARIATION, 1))
    assert task.failure is not None
    assert task.failure.reason is Reason.BOT_ERROR
    await tourist.done(Change(grid.id, Action.VARIATION, 1))


async def queued(tourist: Tourist) -> None:
    """Jobs that wait for each other at the bot."""
    await tourist.set(concurrency=1)
    try:
        grids = await asyncio.gather(*(_grid(tourist, f"picture {number}") for number in range(3)))
        await asyncio.gather(
            tourist.done(Change(grids[0].id, Action.VARIATION, 1)),
            tourist.done(Change(grids[0].id, Action.REROLL)),
            tourist.done(Change(grids[1].id, Action.VARIATION, 1)),
        )
    finally:
        await tourist.set(concurrency=None)


async def relaxed(tourist: Tourist) -> None:
    """A user who has chosen to relax, and pays for some jobs otherwise."""
    await tourist.set(mode="relaxed")
    try:
        grid = await _grid(tourist)
        await tourist.done(Change(grid.id, Action.VARIATION, 1))
        fast = await tourist.done(ImagineRequest("a cat"), mode=Mode.FAST)
        await tourist.done(Change(fast.id, Action.REROLL))
    finally:
        await tourist.set(mode="fast")


async def silence(tourist: Tourist) -> None:
    """An interaction that the bot does not answer in time; what it draws for all that would look like no other's."""
    await tourist.fault("bot_silent")
    task = await tourist.ended(ImagineRequest("nothing to be heard"))
    assert task.failure is not None
    assert task.failure.reason is Reason.BOT_ERROR


async def commands(tourist: Tourist) -> None:
    """Commands as the index tells them now, and as it told them before they were changed."""
    connection, guild_id = tourist.lane.link.connection, tourist.lane.account.guild_id
    connection.forget_commands(guild_id)
    await tourist.done(ImagineRequest("a cat"), bot=Bot.NIJI)
    known = await connection.command(guild_id, Bot.MIDJOURNEY, "imagine")
    outdated = CommandRef(known.id, "1", known.application_id)
    connection._commands[guild_id] = {(known.application_id, "imagine"): outdated}
    await _grid(tourist)


async def stop(tourist: Tourist) -> None:
    """A job that says no more, and is cancelled."""
    world = tourist.world
    await tourist.fault("stop_job", steps=2, outcome="silent")
    (task,) = await tourist.submit(ImagineRequest("a cat"))
    await _begun(world, task.id)
    await world.cancel(task.id)
    ended = await world.ended(task.id)
    assert ended.status is Status.CANCELLED, ended.failure
    assert ended.finished_at - ended.cancel_requested_at < 20_000


async def _begun(world: EngineWorld, task_id: str) -> None:
    watch = await world.engine.hub.watch(0, "", lambda revision: revision.task_id == task_id)
    async with asyncio.timeout(30):
        while not any(revision.subject.trace.progress_message_id for revision in await watch.next()):
            pass
