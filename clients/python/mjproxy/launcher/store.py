"""The commands that care for the server's store; the server's part, which knows it, does the work."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import click
from pydantic_settings import BaseSettings

from mjproxy.launcher import configuration, options
from mjproxy.launcher.errors import LauncherError
from mjproxy.launcher.flags import given
from mjproxy.launcher.parts import Parts, StorePart


@click.group()
def store() -> None:
    """Back up, check or restore the server's store.

    The store is the database in the folder that is configured as data.
    """


@store.command()
@click.argument("file", type=click.Path(path_type=Path))
@options.config_file
@options.data
def backup(file: Path, config_file: Path | None, **flags: object) -> None:
    """Copy the store into a new FILE, also while the server runs.

    The copy is of one moment, and was checked when the command ends. It holds the accounts' tokens: keep it as private
    as the store itself.
    """
    part, settings = _server(config_file, flags)
    with _explained():
        part.back_up_store(settings, file)
    click.echo(file)


@store.command()
@options.config_file
@options.data
def check(config_file: Path | None, **flags: object) -> None:
    """Check the store, also while the server runs.

    Prints what it finds, one to a line, and exits with status 1 if something is wrong.
    """
    part, settings = _server(config_file, flags)
    with _explained():
        findings = part.check_store(settings)
    for text, is_fault in findings:
        click.echo(f"{'fault' if is_fault else 'note'}: {text}")
    if any(is_fault for _, is_fault in findings):
        raise LauncherError("the store is not sound; restore a backup, or ask for help with what was found")
    click.echo("The store is sound.")


@store.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--keep-unfinished",
    is_flag=True,
    help="Let tasks go on that had not ended. Only if no server has worked since the backup: else they are paid twice.",
)
@options.config_file
@options.data
def restore(file: Path, config_file: Path | None, *, keep_unfinished: bool, **flags: object) -> None:
    """Put the backup in FILE in the place of the store.

    No server may run meanwhile. The store that was there is kept beside it. Tasks that had not ended in the backup end
    as interrupted. A database that comes from elsewhere has to be put in place by this command, for else watchers would
    not notice.
    """
    part, settings = _server(config_file, flags)
    with _explained():
        ended = part.restore_store(settings, file, keep_unfinished=keep_unfinished)
    click.echo(f"The store is restored; {ended} tasks that had not ended were ended.")


def _server(config_file: Path | None, flags: Mapping[str, object]) -> tuple[StorePart, BaseSettings]:
    parts = Parts.find(only="server")
    part = cast("StorePart", parts.require("server"))
    return part, configuration.load(parts, ["server"], config_file, given(flags)).settings["server"]


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LauncherError(str(error)) from error
