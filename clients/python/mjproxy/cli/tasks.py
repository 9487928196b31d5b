"""The commands that look at tasks."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager, aclosing
from typing import TYPE_CHECKING

import click
from rich.console import Console

from mjproxy.cli.displays import json_lines, live_table, plain_lines, silence
from mjproxy.cli.documents import print_document, task_document
from mjproxy.cli.exits import EPILOG, CommandFailed, Exit
from mjproxy.cli.session import Server, server_options
from mjproxy.cli.tables import print_tasks
from mjproxy.terms import Action, Status

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from mjproxy.aio.client import AsyncClient
    from mjproxy.aio.task import AsyncTask
    from mjproxy.cli.displays import Show


@click.command(epilog=EPILOG)
@click.option("--status", "statuses", multiple=True, type=click.Choice(Status.words()), help="In this one; repeatable.")
@click.option("--action", "actions", multiple=True, type=click.Choice(Action.words()), help="Of this one; repeatable.")
@click.option("--account", "account_id", default="", metavar="ID", help="Of this account.")
@click.option("--state", help="With exactly this text of yours.")
@click.option("--parent", "parent_id", default="", metavar="ID", help="Follow-ups of this task.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most this many.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each task.")
@server_options
def tasks(
    *,
    server: Server,
    statuses: tuple[str, ...],
    actions: tuple[str, ...],
    account_id: str,
    state: str | None,
    parent_id: str,
    limit: int,
    as_json: bool,
) -> None:
    """List tasks, newest first; all that is asked for must match.

    Where the output is no terminal, the columns are separated by tabs.
    """

    async def list_tasks(client: AsyncClient) -> None:
        matching = client.tasks(
            statuses=statuses,
            actions=actions,
            account_id=account_id,
            state=state,
            parent_id=parent_id,
            page_size=limit,
        )
        found = await _first(limit, matching)
        if not as_json:
            print_tasks(found)
            return
        for task in found:
            print_document(task_document(task))

    server.run(list_tasks)


async def _first(limit: int, matching: AsyncGenerator[AsyncTask, None]) -> list[AsyncTask]:
    found: list[AsyncTask] = []
    async with aclosing(matching):
        async for task in matching:
            found.append(task)
            if len(found) == limit:
                break
    return found


@click.command(epilog=EPILOG)
@click.argument("task_ids", nargs=-1, metavar="[ID]...")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds to watch at most.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each change.")
@click.option("-q", "--quiet", is_flag=True, help="Show nothing: only the exit code tells how the tasks ended.")
@server_options
def watch(*, server: Server, task_ids: tuple[str, ...], timeout: float | None, as_json: bool, quiet: bool) -> None:
    """Follow tasks as they change.

    With IDs it ends when all of them have ended. Without, it follows all tasks that have not ended and all new ones,
    until it is interrupted.
    """

    async def watch_tasks(client: AsyncClient) -> None:
        with _display(as_json=as_json, quiet=quiet) as show:
            ended = await _follow(client, task_ids, show, timeout)
        failed = sum(task.status is not Status.SUCCESS for task in ended)
        if failed:
            raise CommandFailed(f"{failed} of {len(ended)} tasks did not succeed", Exit.TASK_FAILED)

    server.run(watch_tasks)


def _display(*, as_json: bool, quiet: bool) -> AbstractContextManager[Show]:
    if as_json:
        return json_lines()
    if quiet:
        return silence()
    console = Console()
    return live_table(console) if console.is_terminal else plain_lines(err=False)


async def _follow(
    client: AsyncClient,
    task_ids: tuple[str, ...],
    show: Show,
    timeout: float | None,  # noqa: ASYNC109 - it makes its own error
) -> list[AsyncTask]:
    """Shows the changes; returns the ends of the named tasks when all have come."""
    ended: dict[str, AsyncTask] = {}
    try:
        async with asyncio.timeout(timeout), aclosing(client.watch(*task_ids)) as changes:
            async for task in changes:
                show(task)
                if task.ended and task_ids:
                    ended[task.id] = task
                if task_ids and len(ended) == len(set(task_ids)):
                    break
    except TimeoutError:
        raise CommandFailed(f"the time to watch ({timeout:g} s) is over", Exit.TIMED_OUT) from None
    return list(ended.values())
