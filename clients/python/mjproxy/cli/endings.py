"""What becomes of a result: a picture is stored and shown, a text is printed."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mjproxy.cli.exits import CommandFailed, Exit
from mjproxy.cli.terminal_pictures import can_show, show_picture
from mjproxy.cli.words import printable_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjproxy.aio.task import AsyncTask


class Texts:
    """Prints the text that a task wrote."""

    async def store(self, task: AsyncTask) -> None:
        """Stores nothing."""

    def tell(self, task: AsyncTask, file: Path | None) -> None:  # noqa: ARG002 - as all endings
        """Prints the text."""
        _print_text(task)


@dataclass(frozen=True, slots=True)
class Pictures:
    """Stores the picture of a task, prints where, and shows it.

    Some buttons write a text in place of a picture; it is printed. Some do neither.

    Attributes:
        output: The file, or a folder for <task id>.<type>.
        force: Overwrites the file.
        show: Whether pictures are shown in the terminal.
    """

    output: Path
    force: bool
    show: bool

    async def store(self, task: AsyncTask) -> Path | None:
        """Stores the picture, if there is one."""
        if not task.image_url:
            return None
        try:
            return await task.save(self.output, overwrite=self.force)
        except OSError as error:
            raise CommandFailed(f"the picture could not be stored ({error}): {task.image_url}", Exit.OTHER) from error

    def tell(self, task: AsyncTask, file: Path | None) -> None:
        """Prints where the picture is, and says so if it is of another type than was asked for."""
        if file is None:
            _print_text(task)
            return
        if not self.output.is_dir() and file.suffix != self.output.suffix:
            click.echo(f"The picture came as {file.suffix.removeprefix('.')}: it is stored as {file}", err=True)
        click.echo(file)
        if self.show:
            show_picture(file)


def picture_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options of `Pictures`, and hands them over as its argument `pictures`."""

    @click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path),
        default=Path(),
        help="The file for the picture, or a folder for <task id>.<type>; the type is the picture's own.  "
        "[default: this folder]",
    )
    @click.option("--force", is_flag=True, help="Overwrite the file if it exists.")
    @click.option(
        "--show/--no-show",
        default=None,
        help='Show the picture in the terminal; needs pip install "mjproxy[pictures]".  [default: where it can]',
    )
    @functools.wraps(command)
    def with_pictures(*, output: Path, force: bool, show: bool | None, **arguments: object) -> None:
        _check(output, force=force)
        if show and not can_show():
            raise click.UsageError('--show needs a terminal, and: pip install "mjproxy[pictures]"')
        command(pictures=Pictures(output, force, can_show() if show is None else show), **arguments)

    return with_pictures


def need_folder(pictures: Pictures, number: int) -> None:
    """Refuses one file for several pictures."""
    if number > 1 and not pictures.output.is_dir():
        raise click.BadParameter(f"{number} pictures need a folder", param_hint="--output")


def _print_text(task: AsyncTask) -> None:
    if task.final_prompt:
        click.echo(printable_lines(task.final_prompt))


def _check(output: Path, *, force: bool) -> None:
    """Refuses what could not be stored before anything is drawn for it."""
    if output.is_dir():
        return
    if output.exists() and not force:
        raise click.BadParameter(f"{output} exists; choose another file, or say --force", param_hint="--output")
    if not output.parent.is_dir():
        raise click.BadParameter(f"the folder {output.parent} does not exist", param_hint="--output")
