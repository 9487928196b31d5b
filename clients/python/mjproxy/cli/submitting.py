"""What the commands that submit have in common: they follow their tasks to the ends, and tell what came of them."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
from contextlib import AbstractContextManager, aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import click
from rich.console import Console

from mjproxy.cli.displays import json_lines, plain_lines, progress_bars, silence
from mjproxy.cli.documents import print_document, task_document
from mjproxy.cli.exits import CommandFailed, exit_code
from mjproxy.cli.parameters import SECONDS, quiet
from mjproxy.cli.session import Server, server_options
from mjproxy.errors import MjproxyError, Unavailable, WaitTimedOut
from mjproxy.settings import SubmitSettings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from mjproxy.aio.client import AsyncClient
    from mjproxy.aio.task import AsyncTask
    from mjproxy.cli.displays import Show

    Submit = Callable[[AsyncClient, SubmitSettings], Awaitable[AsyncTask]]


class Ending(Protocol):
    """What a command makes of a task that succeeded."""

    async def store(self, task: AsyncTask) -> Path | None:
        """Stores what there is to store."""

    def tell(self, task: AsyncTask, file: Path | None) -> None:
        """Tells a person of it; `file` is what was stored."""


@dataclass(frozen=True, slots=True)
class Submitting:
    """How a command submits and waits."""

    server: Server
    settings: SubmitSettings
    wait: bool
    timeout: float | None
    as_json: bool
    quiet: bool

    def run(self, ending: Ending, *submits: Submit) -> None:
        """Submits, all at once, and brings each task to its end."""
        if len(submits) > 1 and self.settings.get("request_id"):
            raise click.BadParameter("it would be the same for all of them", param_hint="--request-id")
        self.server.run(functools.partial(self._run, ending, submits))

    async def _run(self, ending: Ending, submits: tuple[Submit, ...], client: AsyncClient) -> None:
        left: list[str] = []
        try:
            with self._display() as show:
                tried = [self._bring(ending, submit, show, left, client) for submit in submits]
                outcomes = await asyncio.gather(*tried, return_exceptions=True)
        finally:
            _tell_of_left(left)
        for outcome in outcomes:
            if not isinstance(outcome, BaseException):
                self._tell(ending, *outcome)
        _raise([outcome for outcome in outcomes if isinstance(outcome, BaseException)], len(outcomes))

    async def _bring(
        self, ending: Ending, submit: Submit, show: Show, left: list[str], client: AsyncClient
    ) -> tuple[AsyncTask, Path | None]:
        task = await submit(client, self.settings)
        show(task)
        if not self.wait:
            return task, None
        try:
            task = (await self._follow(task, show)).raise_for_failure()
        except (asyncio.CancelledError, Unavailable, WaitTimedOut):
            left.append(task.id)
            raise
        return task, await ending.store(task)

    async def _follow(self, task: AsyncTask, show: Show) -> AsyncTask:
        latest = task
        try:
            async with asyncio.timeout(self.timeout), aclosing(task.updates()) as updates:
                async for latest in updates:
                    show(latest)
        except TimeoutError:
            raise WaitTimedOut(task.id, self.timeout or 0.0) from None
        return latest

    def _display(self) -> AbstractContextManager[Show]:
        if self.as_json:
            return json_lines()
        if self.quiet or not self.wait:
            return silence()
        console = Console(stderr=True)
        return progress_bars(console) if console.is_terminal else plain_lines(err=True)

    def _tell(self, ending: Ending, task: AsyncTask, file: Path | None) -> None:
        if self.wait and self.as_json:
            print_document(task_document(task, file))
        elif self.wait:
            ending.tell(task, file)
        elif not self.as_json:
            click.echo(task.id)


def following_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options of one that waits; they reach it as its argument `submitting`."""

    @click.option("--timeout", type=SECONDS, metavar="SECONDS", help="How long to wait at most.")
    @click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each change, and for the result.")
    @quiet
    @server_options
    @functools.wraps(command)
    def with_following(
        *, server: Server, timeout: float | None, as_json: bool, quiet: bool, **arguments: object
    ) -> None:
        submitting = Submitting(server, SubmitSettings(), wait=True, timeout=timeout, as_json=as_json, quiet=quiet)
        command(submitting=submitting, **arguments)

    return with_following


def waiting_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command these and the choice not to wait."""

    @functools.wraps(command)
    def with_waiting(*, submitting: Submitting, wait: bool, **arguments: object) -> None:
        command(submitting=dataclasses.replace(submitting, wait=wait), **arguments)

    wait = click.option("--wait/--no-wait", default=True, help="Wait for the result, or print the task's id and end.")
    return wait(following_options(with_waiting))


def submitting_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command these and the settings of a submission."""

    @functools.wraps(command)
    def with_settings(
        *, submitting: Submitting, state: str, notify_hook: str, request_id: str, **arguments: object
    ) -> None:
        settings = SubmitSettings(state=state, notify_hook=notify_hook, request_id=request_id)
        command(submitting=dataclasses.replace(submitting, settings=settings), **arguments)

    options = (
        click.option("--state", default="", help="A text of your own that stays with the task."),
        click.option("--notify-hook", default="", metavar="URL", help="Where the server posts each change."),
        click.option("--request-id", default="", metavar="UUID", help="A repeat with the same id submits nothing."),
    )
    return functools.reduce(
        lambda decorated, option: option(decorated), reversed(options), waiting_options(with_settings)
    )


def _tell_of_left(task_ids: list[str]) -> None:
    """Says how to go on with accepted tasks that the command leaves before they have ended."""
    if task_ids:
        it_goes, it = ("The task goes", "it") if len(task_ids) == 1 else ("The tasks go", "them")
        told = f"{it_goes} on without this command. To follow {it}: mjproxy watch {' '.join(task_ids)}"
        click.echo(told, err=True)


def _raise(failures: list[BaseException], tried: int) -> None:
    """Raises what went wrong, as one error if there is more than one task."""
    for failure in failures:
        if tried == 1 or not isinstance(failure, MjproxyError):
            raise failure
    known = [failure for failure in failures if isinstance(failure, MjproxyError)]
    if known:
        told = "\n".join(f"  {failure}" for failure in known)
        raise CommandFailed(f"{len(known)} of {tried} tasks did not succeed:\n{told}", exit_code(known[0]))
