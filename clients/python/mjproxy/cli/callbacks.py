"""The commands that look at the callbacks that are not delivered, and do something about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mjproxy.cli.documents import callback_document, print_document
from mjproxy.cli.exits import EPILOG
from mjproxy.cli.groups import ListUnlessTold
from mjproxy.cli.parameters import task_id
from mjproxy.cli.session import Server, server_options
from mjproxy.cli.tables import print_callbacks

if TYPE_CHECKING:
    from mjproxy.aio.client import AsyncClient


@click.group(cls=ListUnlessTold, epilog=EPILOG)
def callbacks() -> None:
    """List the callbacks that are not delivered, retry one, or drop it.

    Without a command, it lists: `mjproxy callbacks --failed`.
    """


@callbacks.command("list", epilog=EPILOG)
@click.option("--failed", is_flag=True, help="Only those that are not tried any more.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="At most this many.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each callback.")
@server_options
def list_(*, server: Server, failed: bool, limit: int, as_json: bool) -> None:
    """List the callbacks that are not delivered.

    The oldest task comes first. Where the output is no terminal, the columns are separated by tabs.
    """

    async def list_callbacks(client: AsyncClient) -> None:
        found = await client.callbacks.list(failed=failed, limit=limit)
        if not as_json:
            print_callbacks(found)
            return
        for callback in found:
            print_document(callback_document(callback))

    server.run(list_callbacks)


@callbacks.command(epilog=EPILOG)
@task_id
@server_options
def retry(*, server: Server, task_id: str) -> None:
    """Deliver the newest state of a task now.

    It is tried as if for the first time, whatever became of it before.
    """

    async def retry_callback(client: AsyncClient) -> None:
        callback = await client.callbacks.retry(task_id)
        click.echo(f"{callback.task_id} is due for {callback.hook}")

    server.run(retry_callback)


@callbacks.command(epilog=EPILOG)
@task_id
@server_options
def drop(*, server: Server, task_id: str) -> None:
    """Give up what is not delivered of a task.

    Its later changes are delivered again.
    """

    async def drop_callback(client: AsyncClient) -> None:
        await client.callbacks.drop(task_id)

    server.run(drop_callback)
