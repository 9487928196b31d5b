"""The commands that begin anew."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import click

from mjproxy.cli.endings import Pictures, Texts, need_folder, picture_options
from mjproxy.cli.exits import EPILOG
from mjproxy.cli.parameters import IMAGE
from mjproxy.cli.submitting import Submitting, submitting_options
from mjproxy.settings import NewTaskSettings
from mjproxy.terms import Bot, Mode, Shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjproxy.aio.client import AsyncClient
    from mjproxy.aio.task import AsyncTask
    from mjproxy.cli.submitting import Submit
    from mjproxy.images import ImageSource
    from mjproxy.settings import SubmitSettings


def _choice_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options that say who draws how; they reach it as its argument `chosen`."""

    @click.option("--mode", type=click.Choice(Mode.words()), help="How fast, and at what price.")
    @click.option("--bot", type=click.Choice([Bot.MIDJOURNEY.value, Bot.NIJI.value]), help="Which bot draws.")
    @click.option("--account", metavar="ID", help="Which account draws; by default the server chooses.")
    @functools.wraps(command)
    def with_choices(*, mode: str | None, bot: str | None, account: str | None, **arguments: object) -> None:
        chosen = NewTaskSettings(mode=mode or "", bot=bot or "", account_id=account or "")
        command(chosen=chosen, **arguments)

    return with_choices


def _both(chosen: NewTaskSettings, settings: SubmitSettings) -> NewTaskSettings:
    return {**chosen, **settings}


@click.command(epilog=EPILOG)
@click.argument("prompts", metavar="PROMPT...", nargs=-1, required=True)
@click.option("--image", "images", multiple=True, type=IMAGE, metavar="FILE|URL", help="Draw after it; repeatable.")
@_choice_options
@picture_options
@submitting_options
def imagine(
    prompts: tuple[str, ...],
    images: tuple[ImageSource, ...],
    chosen: NewTaskSettings,
    pictures: Pictures,
    submitting: Submitting,
) -> None:
    """Draw four pictures from PROMPT, and store them as one grid.

    Several prompts, each in quotes, are drawn at once. Prints where the pictures were stored.
    """
    need_folder(pictures, len(prompts))

    def drawing(prompt: str) -> Submit:
        return lambda client, settings: client.imagine(prompt, images=images, **_both(chosen, settings))

    submitting.run(pictures, *map(drawing, prompts))


@click.command(epilog=EPILOG)
@click.argument("images", metavar="FILE|URL...", nargs=-1, required=True, type=IMAGE)
@click.option("--shape", type=click.Choice(Shape.words()), default="square", show_default=True, help="Of the result.")
@_choice_options
@picture_options
@submitting_options
def blend(
    images: tuple[ImageSource, ...], shape: str, chosen: NewTaskSettings, pictures: Pictures, submitting: Submitting
) -> None:
    """Mix two to five pictures.

    Prints where the result was stored.
    """
    submitting.run(pictures, lambda client, settings: client.blend(images, shape=shape, **_both(chosen, settings)))


@click.command(epilog=EPILOG)
@click.argument("image", metavar="FILE|URL", type=IMAGE)
@_choice_options
@submitting_options
def describe(image: ImageSource, chosen: NewTaskSettings, submitting: Submitting) -> None:
    """Write prompts that describe a picture.

    Prints them; `mjproxy click` with the task's id and a number such as 1️⃣ draws one.
    """
    submitting.run(Texts(), lambda client, settings: client.describe(image, **_both(chosen, settings)))


@click.command(epilog=EPILOG)
@click.argument("prompt")
@_choice_options
@submitting_options
def shorten(prompt: str, chosen: NewTaskSettings, submitting: Submitting) -> None:
    """Analyse PROMPT, and propose shorter ones.

    Prints them; `mjproxy click` with the task's id and a number such as 1️⃣ draws one.
    """
    submitting.run(Texts(), lambda client, settings: client.shorten(prompt, **_both(chosen, settings)))


@click.command(epilog=EPILOG)
@click.argument("face", metavar="FACE", type=IMAGE)
@click.argument("picture", metavar="PICTURE", type=IMAGE)
@picture_options
@submitting_options
def swap(face: ImageSource, picture: ImageSource, pictures: Pictures, submitting: Submitting) -> None:
    """Put the face of one picture into another; both are files or URLs.

    Prints where the result was stored.
    """

    async def swap_face(client: AsyncClient, settings: SubmitSettings) -> AsyncTask:
        return await client.swap_face(face, picture, **settings)

    submitting.run(pictures, swap_face)
