"""The commands that make something of a finished task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mjproxy.cli.endings import Pictures, need_folder, picture_options
from mjproxy.cli.exits import EPILOG
from mjproxy.cli.parameters import IMAGE, indexes, task_id
from mjproxy.cli.submitting import Submitting, following_options, submitting_options, waiting_options
from mjproxy.pressing import LEAST_ZOOM, MOST_ZOOM, MOTIONS, SIDES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mjproxy.aio.client import AsyncClient
    from mjproxy.aio.task import AsyncTask
    from mjproxy.cli.submitting import Submit
    from mjproxy.images import ImageSource
    from mjproxy.pressing import Motion, Side
    from mjproxy.settings import SubmitSettings

    Act = Callable[[AsyncTask, SubmitSettings], Awaitable[AsyncTask]]


def _of(task_id: str, act: Act) -> Submit:
    """Reads a task, and submits what is made of it."""

    async def submit(client: AsyncClient, settings: SubmitSettings) -> AsyncTask:
        return await act(await client.task(task_id), settings)

    return submit


@click.command(epilog=EPILOG)
@task_id
@indexes
@picture_options
@submitting_options
def upscale(task_id: str, indexes: tuple[int, ...], pictures: Pictures, submitting: Submitting) -> None:
    """Take picture INDEX (1 to 4) out of the finished grid ID; several at once if you like.

    Prints where the pictures were stored.
    """
    need_folder(pictures, len(indexes))

    def upscaling(index: int) -> Submit:
        return _of(task_id, lambda task, settings: task.upscale(index, **settings))

    submitting.run(pictures, *map(upscaling, indexes))


@click.command(epilog=EPILOG)
@task_id
@indexes
@picture_options
@submitting_options
def vary(task_id: str, indexes: tuple[int, ...], pictures: Pictures, submitting: Submitting) -> None:
    """Draw four relatives of picture INDEX (1 to 4) of the finished grid ID; of several at once if you like.

    Prints where the pictures were stored.
    """
    need_folder(pictures, len(indexes))

    def varying(index: int) -> Submit:
        return _of(task_id, lambda task, settings: task.vary(index, **settings))

    submitting.run(pictures, *map(varying, indexes))


@click.command(epilog=EPILOG)
@task_id
@picture_options
@submitting_options
def reroll(task_id: str, pictures: Pictures, submitting: Submitting) -> None:
    """Draw the prompt of the finished task ID again.

    Prints where the picture was stored.
    """
    submitting.run(pictures, _of(task_id, lambda task, settings: task.reroll(**settings)))


@click.command(epilog=EPILOG)
@task_id
@click.argument("factor", type=click.FloatRange(LEAST_ZOOM, MOST_ZOOM))
@click.option("--prompt", default="", help="What to draw around the picture.  [default: the picture's prompt]")
@picture_options
@submitting_options
def zoom(task_id: str, factor: float, prompt: str, pictures: Pictures, submitting: Submitting) -> None:
    """Draw what lies around the upscaled picture ID, by FACTOR (1 to 2).

    Prints where the picture was stored.
    """
    submitting.run(pictures, _of(task_id, lambda task, settings: task.zoom(factor, prompt=prompt, **settings)))


@click.command(epilog=EPILOG)
@task_id
@click.argument("side", type=click.Choice(SIDES))
@picture_options
@submitting_options
def pan(task_id: str, side: Side, pictures: Pictures, submitting: Submitting) -> None:
    """Draw what lies beside the upscaled picture ID, on one SIDE.

    Prints where the picture was stored.
    """
    submitting.run(pictures, _of(task_id, lambda task, settings: task.pan(side, **settings)))


@click.command(epilog=EPILOG)
@task_id
@click.argument("mask", type=IMAGE)
@click.option("--prompt", default="", help="What to draw there.  [default: the picture's prompt]")
@picture_options
@submitting_options
def region(task_id: str, mask: ImageSource, prompt: str, pictures: Pictures, submitting: Submitting) -> None:
    """Draw a part of the upscaled picture ID anew.

    MASK is a picture of the same size, white where it shall be drawn anew and black elsewhere. Prints where the picture
    was stored.
    """
    submitting.run(pictures, _of(task_id, lambda task, settings: task.vary_region(mask, prompt=prompt, **settings)))


@click.command(epilog=EPILOG)
@task_id
@click.option("--motion", type=click.Choice(MOTIONS), default="low", show_default=True, help="How much moves.")
@picture_options
@submitting_options
def animate(task_id: str, motion: Motion, pictures: Pictures, submitting: Submitting) -> None:
    """Make a short film of the upscaled picture ID, or extend the film ID.

    Prints where the film was stored.
    """
    submitting.run(pictures, _of(task_id, lambda task, settings: task.animate(motion, **settings)))


@click.command("click", epilog=EPILOG)
@task_id
@click.argument("button")
@click.option("--prompt", default="", help="The answer if the bot asks for a prompt.  [default: what it proposes]")
@picture_options
@submitting_options
def click_(task_id: str, button: str, prompt: str, pictures: Pictures, submitting: Submitting) -> None:
    """Press BUTTON of the finished task ID: its label, emoji or custom id.

    `mjproxy buttons` lists them. Prints where the picture was stored.
    """

    async def press(task: AsyncTask, settings: SubmitSettings) -> AsyncTask:
        pressed = await task.buttons[button].click(**settings)
        return await pressed.confirm(prompt) if pressed.waits_for_confirmation else pressed

    submitting.run(pictures, _of(task_id, press))


@click.command(epilog=EPILOG)
@task_id
@click.option("--prompt", default="", help="The prompt.  [default: what the bot proposes]")
@click.option("--mask", type=IMAGE, metavar="FILE|URL", help="For a region: white where it shall be drawn anew.")
@picture_options
@waiting_options
def confirm(task_id: str, prompt: str, mask: ImageSource | None, pictures: Pictures, submitting: Submitting) -> None:
    """Answer what the bot asks before it goes on with the task ID.

    Prints where the picture was stored.
    """
    submitting.run(pictures, _of(task_id, lambda task, _: task.confirm(prompt, mask)))


@click.command(epilog=EPILOG)
@task_id
@picture_options
@following_options
def save(task_id: str, pictures: Pictures, submitting: Submitting) -> None:
    """Wait for the task ID, and store its picture.

    Prints where the picture was stored.
    """
    submitting.run(pictures, lambda client, _: client.task(task_id))
