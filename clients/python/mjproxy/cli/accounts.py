"""The command that looks at the accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mjproxy.cli.documents import account_document, print_document
from mjproxy.cli.exits import EPILOG
from mjproxy.cli.session import Server, server_options
from mjproxy.cli.tables import print_accounts

if TYPE_CHECKING:
    from mjproxy.client import AsyncClient


@click.command(epilog=EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each account.")
@server_options
def accounts(*, server: Server, as_json: bool) -> None:
    """List the Discord accounts that the server draws with.

    Where the output is no terminal, the columns are separated by tabs.
    """

    async def list_accounts(client: AsyncClient) -> None:
        found = await client.accounts()
        if not as_json:
            print_accounts(found)
            return
        for account in found:
            print_document(account_document(account))

    server.run(list_accounts)
