"""The commands for one task that draw nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mjproxy.cli.documents import button_document, print_document, task_document
from mjproxy.cli.exits import EPILOG
from mjproxy.cli.parameters import task_id
from mjproxy.cli.session import Server, server_options
from mjproxy.cli.tables import print_buttons
from mjproxy.cli.words import line_of

if TYPE_CHECKING:
    from mjproxy.aio.client import AsyncClient


@click.command(epilog=EPILOG)
@task_id
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each button.")
@server_options
def buttons(*, server: Server, task_id: str, as_json: bool) -> None:
    """List the buttons of the finished task ID, for `mjproxy click`.

    Where the output is no terminal, the columns are separated by tabs.
    """

    async def list_buttons(client: AsyncClient) -> None:
        found = [button.message for button in (await client.task(task_id)).buttons]
        if not as_json:
            print_buttons(found)
            return
        for button in found:
            print_document(button_document(button))

    server.run(list_buttons)


@click.command(epilog=EPILOG)
@click.argument("task_ids", metavar="ID...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each task.")
@server_options
def cancel(*, server: Server, task_ids: tuple[str, ...], as_json: bool) -> None:
    """Cancel the tasks: a waiting one at once, a running one at Discord.

    Prints how each is now. A running one may take some seconds to end; one that has ended stays as it is.
    """

    async def cancel_tasks(client: AsyncClient) -> None:
        for each in task_ids:
            task = await (await client.task(each)).cancel()
            if as_json:
                print_document(task_document(task))
            else:
                click.echo(line_of(task))

    server.run(cancel_tasks)


@click.command(epilog=EPILOG)
@task_id
@server_options
def seed(*, server: Server, task_id: str) -> None:
    """Ask the bot for the seed of the finished picture ID, and print it."""

    async def print_seed(client: AsyncClient) -> None:
        click.echo(await (await client.task(task_id)).seed())

    server.run(print_seed)
