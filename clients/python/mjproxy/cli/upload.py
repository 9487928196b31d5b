"""The command that brings pictures to Discord."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mjproxy.cli.exits import EPILOG
from mjproxy.cli.parameters import IMAGE
from mjproxy.cli.session import Server, server_options

if TYPE_CHECKING:
    from mjproxy.aio.client import AsyncClient
    from mjproxy.images import ImageSource


@click.command(epilog=EPILOG)
@click.argument("images", metavar="FILE|URL...", nargs=-1, required=True, type=IMAGE)
@click.option("--account", "account_id", default="", metavar="ID", help="Which account uploads.  [default: any]")
@server_options
def upload(*, server: Server, images: tuple[ImageSource, ...], account_id: str) -> None:
    """Upload pictures to Discord, at most 10, and print a URL for each.

    The URLs can stand in prompts.
    """

    async def upload_images(client: AsyncClient) -> None:
        for url in await client.upload(images, account_id=account_id):
            click.echo(url)

    server.run(upload_images)
