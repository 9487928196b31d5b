"""The commands that draw: each submits a task, follows it to its end, and stores its picture."""

from __future__ import annotations

import asyncio
import functools
from contextlib import AbstractContextManager, aclosing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from mjproxy.cli.displays import json_lines, plain_lines, progress_bar, silence
from mjproxy.cli.documents import print_document, task_document
from mjproxy.cli.exits import EPILOG, CommandFailed, Exit
from mjproxy.cli.session import Server, server_options
from mjproxy.client import SubmitSettings
from mjproxy.errors import Unavailable, WaitTimedOut
from mjproxy.images import MAX_IMAGE_BYTES
from mjproxy.terms import Bot, Mode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from mjproxy.cli.displays import Show
    from mjproxy.client import AsyncClient, AsyncTask
    from mjproxy.images import ImageSource

    Submit = Callable[[AsyncClient, SubmitSettings], Awaitable[AsyncTask]]


@dataclass(frozen=True, slots=True)
class Drawing:
    """What the commands that draw have in common."""

    server: Server
    submission: SubmitSettings
    output: Path
    force: bool
    wait: bool
    timeout: float | None
    as_json: bool
    quiet: bool

    def run(self, submit: Submit) -> None:
        """Draws with what `submit` submits."""
        self.server.run(functools.partial(self._draw, submit))

    async def _draw(self, submit: Submit, client: AsyncClient) -> None:
        with self._display() as show:
            task = await submit(client, self.submission)
            show(task)
            if self.wait:
                task = await self._follow(task, show)
        if self.wait:
            file = await self._save(task.raise_for_failure())
            self._note_type(file)
            self._print(task, file)
        elif not self.as_json:
            click.echo(task.id)

    def _display(self) -> AbstractContextManager[Show]:
        if self.as_json:
            return json_lines()
        if self.quiet:
            return silence()
        console = Console(stderr=True)
        return progress_bar(console) if console.is_terminal else plain_lines(err=True)

    async def _follow(self, task: AsyncTask, show: Show) -> AsyncTask:
        latest = task
        with _advice(task.id):
            try:
                async with asyncio.timeout(self.timeout), aclosing(task.updates()) as updates:
                    async for latest in updates:
                        show(latest)
            except TimeoutError:
                raise WaitTimedOut(task.id, self.timeout or 0.0) from None
        return latest

    async def _save(self, task: AsyncTask) -> Path:
        try:
            return await task.save(self.output, overwrite=self.force)
        except OSError as error:
            raise CommandFailed(f"the picture could not be stored ({error}): {task.image_url}", Exit.OTHER) from error

    def _note_type(self, file: Path) -> None:
        """Says so if the picture is of another type than the file that was asked for."""
        if not self.output.is_dir() and file.suffix != self.output.suffix:
            click.echo(f"The picture came as {file.suffix.removeprefix('.')}: it is stored as {file}", err=True)

    def _print(self, task: AsyncTask, file: Path) -> None:
        if self.as_json:
            print_document(task_document(task, file))
        else:
            click.echo(file)


@contextmanager
def _advice(task_id: str) -> Iterator[None]:
    """Says how to go on when the wait for an accepted task ends before the task does."""
    try:
        yield
    except (asyncio.CancelledError, Unavailable, WaitTimedOut):
        click.echo(f"The task goes on without this command. To follow it: mjproxy watch {task_id}", err=True)
        raise


def _drawing_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options of `Drawing`, and hands them over as its argument `drawing`."""

    @click.option("--state", default="", help="A text of your own that stays with the task.")
    @click.option("--notify-hook", default="", metavar="URL", help="Where the server posts each change of the task.")
    @click.option("--request-id", default="", metavar="UUID", help="A repeat with the same id submits nothing.")
    @click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path),
        default=Path(),
        help="The file for the picture, or a folder for <task id>.<type>; the type is the picture's own.  "
        "[default: this folder]",
    )
    @click.option("--force", is_flag=True, help="Overwrite the file if it exists.")
    @click.option("--wait/--no-wait", default=True, help="Wait for the picture, or print the task's id and end.")
    @click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds to wait for the picture.")
    @click.option(
        "--json", "as_json", is_flag=True, help="Print a line of JSON for each change; the last has the file."
    )
    @click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
    @server_options
    @functools.wraps(command)
    def with_drawing(
        *,
        server: Server,
        state: str,
        notify_hook: str,
        request_id: str,
        output: Path,
        force: bool,
        wait: bool,
        timeout: float | None,
        as_json: bool,
        quiet: bool,
        **arguments: object,
    ) -> None:
        _check_output(output, force=force)
        submission = SubmitSettings(state=state, notify_hook=notify_hook, request_id=request_id)
        drawing = Drawing(server, submission, output, force, wait, timeout, as_json, quiet)
        command(drawing=drawing, **arguments)

    return with_drawing


def _check_output(output: Path, *, force: bool) -> None:
    """Refuses what could not be stored before anything is drawn for it."""
    if output.is_dir():
        return
    if output.exists() and not force:
        raise click.BadParameter(f"{output} exists; choose another file, or say --force", param_hint="--output")
    if not output.parent.is_dir():
        raise click.BadParameter(f"the folder {output.parent} does not exist", param_hint="--output")


class _ImageParameter(click.ParamType["ImageSource"]):
    """The URL of a picture, or a file that holds one."""

    name = "image"
    _file = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> ImageSource:
        if value.startswith(("http://", "https://")):
            return value
        path = Path(self._file.convert(value, param, ctx))
        if path.stat().st_size > MAX_IMAGE_BYTES:
            self.fail(f"{path} is larger than {MAX_IMAGE_BYTES} bytes", param, ctx)
        return path


_index = click.argument("index", type=click.IntRange(1, 4))
_task_id = click.argument("task_id", metavar="ID")


@click.command(epilog=EPILOG)
@click.argument("prompt")
@click.option(
    "--image",
    "images",
    multiple=True,
    type=_ImageParameter(),
    metavar="FILE|URL",
    help="A picture to draw after; repeatable.",
)
@click.option("--mode", type=click.Choice(Mode.words()), help="How fast, and at what price.")
@click.option("--bot", type=click.Choice([Bot.MIDJOURNEY.value, Bot.NIJI.value]), help="Which bot draws.")
@_drawing_options
def imagine(drawing: Drawing, prompt: str, images: tuple[ImageSource, ...], mode: str | None, bot: str | None) -> None:
    """Draw four pictures from PROMPT, and store them as one grid.

    Prints where the picture was stored.
    """
    drawing.run(lambda client, settings: client.imagine(prompt, images=images, mode=mode, bot=bot, **settings))


@click.command(epilog=EPILOG)
@_task_id
@_index
@_drawing_options
def upscale(drawing: Drawing, task_id: str, index: int) -> None:
    """Take picture INDEX (1 to 4) out of the finished grid ID.

    Prints where the picture was stored.
    """
    drawing.run(lambda client, settings: client.upscale(task_id, index, **settings))


@click.command(epilog=EPILOG)
@_task_id
@_index
@_drawing_options
def vary(drawing: Drawing, task_id: str, index: int) -> None:
    """Draw four relatives of picture INDEX (1 to 4) of the finished grid ID.

    Prints where the picture was stored.
    """
    drawing.run(lambda client, settings: client.vary(task_id, index, **settings))


@click.command(epilog=EPILOG)
@_task_id
@_drawing_options
def reroll(drawing: Drawing, task_id: str) -> None:
    """Draw the prompt of the finished task ID again.

    Prints where the picture was stored.
    """
    drawing.run(lambda client, settings: client.reroll(task_id, **settings))
