"""The command that shows what the bots say and the server does not understand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mjproxy.cli.documents import print_document, unknown_document
from mjproxy.cli.exits import EPILOG, CommandFailed, Exit
from mjproxy.cli.scenarios import scenario
from mjproxy.cli.session import Server, server_options
from mjproxy.cli.tables import print_unknown_messages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mjproxy.aio.client import AsyncClient
    from mjproxy.v1.account_service_pb2 import UnknownMessage


@click.command(epilog=EPILOG)
@click.option("--account", "account_id", default="", metavar="ID", help="Of this account.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most this many.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each message.")
@click.option(
    "--export",
    "file",
    type=click.Path(path_type=Path),
    help="Write them into this new file instead, for `mjproxy simulator replay`.",
)
@server_options
def unknown(*, server: Server, account_id: str, limit: int, as_json: bool, file: Path | None) -> None:
    """List messages of the bot that the server does not understand, newest first.

    They are the sign that Midjourney has changed its words. Names, ids, tokens and prompts are replaced in them. Where
    the output is no terminal, the columns are separated by tabs.
    """

    async def list_messages(client: AsyncClient) -> None:
        found = await client.accounts.unknown_messages(account_id)
        messages = found.messages[:limit]
        if file:
            _export(messages, file)
        elif as_json:
            for message in messages:
                print_document(unknown_document(message))
        else:
            print_unknown_messages(messages)
            click.echo(f"{len(messages)} of {found.seen} that have come", err=True)

    server.run(list_messages)


def _export(messages: Sequence[UnknownMessage], file: Path) -> None:
    """Writes messages as a scenario, the oldest first."""
    if not messages:
        raise CommandFailed("there is nothing to export: the server has understood everything", Exit.NOT_FOUND)
    text = json.dumps(scenario(file.stem, messages[::-1]), ensure_ascii=False, indent=2)
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(f"{text}\n")
    except FileExistsError:
        raise CommandFailed(f"{file} exists; choose another file", Exit.USAGE) from None
    except OSError as error:
        raise CommandFailed(f"{file} could not be written ({error})", Exit.OTHER) from error
    click.echo(file)
