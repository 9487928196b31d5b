"""The commands for the accounts that the server draws with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mjproxy.cli.account_options import field_options, given_or_asked, token_option
from mjproxy.cli.documents import account_document, print_document
from mjproxy.cli.exits import EPILOG
from mjproxy.cli.groups import ListUnlessTold
from mjproxy.cli.session import Server, server_options
from mjproxy.cli.tables import print_account, print_accounts
from mjproxy.terms import Bot, Level, Mode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mjproxy.aio.client import AsyncClient
    from mjproxy.settings import AccountFields, BotFields
    from mjproxy.v1.account_pb2 import Account

_account_id = click.argument("account_id", metavar="ID")
_as_json = click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each account.")
_bot = click.option(
    "--bot", type=click.Choice([Bot.MIDJOURNEY.value, Bot.NIJI.value]), default=Bot.MIDJOURNEY.value, show_default=True
)


@click.group(cls=ListUnlessTold, epilog=EPILOG)
def accounts() -> None:
    """List the Discord accounts that the server draws with, add one, or change it.

    Without a command, it lists: `mjproxy accounts --json`. All but `list` and `show` need a key with the role admin.
    """


@accounts.command("list", epilog=EPILOG)
@_as_json
@server_options
def list_(*, server: Server, as_json: bool) -> None:
    """List the accounts.

    Where the output is no terminal, the columns are separated by tabs.
    """

    async def list_accounts(client: AsyncClient) -> None:
        found = await client.accounts.list()
        if not as_json:
            print_accounts(found)
            return
        for account in found:
            print_document(account_document(account))

    server.run(list_accounts)


@accounts.command(epilog=EPILOG)
@_account_id
@_as_json
@server_options
def show(*, server: Server, account_id: str, as_json: bool) -> None:
    """Show all that is known of the account ID."""
    _tell(server, as_json, lambda client: client.accounts.get(account_id))


@accounts.command(epilog=EPILOG)
@click.argument("channel_id", metavar="CHANNEL")
@token_option
@field_options
@_as_json
@server_options
def add(*, server: Server, channel_id: str, user_token: str | None, fields: AccountFields, as_json: bool) -> None:
    """Add the account that draws in CHANNEL, and connect it.

    CHANNEL is the id of a Discord channel. Without --token-file, the environment variable MJPROXY_USER_TOKEN may hold
    the token; without both it is asked for. What else is not given is as the server's [account_defaults] have it.
    """
    token = given_or_asked(user_token)
    _tell(server, as_json, lambda client: client.accounts.create(channel_id, token, **fields))


@accounts.command("set", epilog=EPILOG)
@_account_id
@token_option
@field_options
@_as_json
@server_options
def set_(*, server: Server, account_id: str, user_token: str | None, fields: AccountFields, as_json: bool) -> None:
    """Change the account ID while it works.

    What is not given stays as it is.
    """
    if not fields and user_token is None:
        raise click.UsageError("say what to change, for instance --core-size 3")
    _tell(server, as_json, lambda client: client.accounts.update(account_id, user_token=user_token, **fields))


@accounts.command(epilog=EPILOG)
@_account_id
@_as_json
@server_options
def enable(*, server: Server, account_id: str, as_json: bool) -> None:
    """Let the account ID take tasks again.

    This also lifts a hold, ends a rest, and connects it again if that was given up.
    """
    _tell(server, as_json, lambda client: client.accounts.update(account_id, enable=True))


@accounts.command(epilog=EPILOG)
@_account_id
@_as_json
@server_options
def disable(*, server: Server, account_id: str, as_json: bool) -> None:
    """Have the account ID take no new tasks.

    Those that it has go on.
    """
    _tell(server, as_json, lambda client: client.accounts.update(account_id, enable=False))


@accounts.command(epilog=EPILOG)
@_account_id
@click.option("--yes", is_flag=True, help="Do not ask.")
@server_options
def remove(*, server: Server, account_id: str, yes: bool) -> None:
    """Remove the account ID. Its waiting tasks fail, its running ones end first."""
    if not yes:
        click.confirm(f"Remove the account {account_id}? Its waiting tasks will fail.", abort=True, err=True)

    async def remove_account(client: AsyncClient) -> None:
        await client.accounts.delete(account_id)

    server.run(remove_account)


@accounts.command(epilog=EPILOG)
@_account_id
@_bot
@_as_json
@server_options
def sync(*, server: Server, account_id: str, bot: str, as_json: bool) -> None:
    """Ask the bot what the account ID has.

    It tells the plan, the hours that are left, and the settings.
    """
    _tell(server, as_json, lambda client: client.accounts.sync(account_id, bot=bot))


@accounts.command("bot-settings", epilog=EPILOG)
@_account_id
@_bot
@click.option("--version", help="The model, in the words of `mjproxy accounts show`.")
@click.option("--remix/--no-remix", default=None, help="Whether buttons ask for a new prompt.")
@click.option("--stylize", type=click.Choice(Level.words()), help="How strongly pictures are stylized.")
@click.option("--variation", type=click.Choice(["low", "high"]), help="How far variations depart.")
@click.option("--mode", type=click.Choice(Mode.words()), help="The mode of prompts that name none.")
@_as_json
@server_options
def bot_settings(*, server: Server, account_id: str, bot: str, as_json: bool, **options: object) -> None:
    """Change the settings that the bot has for the account ID.

    What is not given stays as it is.
    """
    fields: BotFields = {name: value for name, value in options.items() if value is not None}  # type: ignore[assignment]
    if not fields:
        raise click.UsageError("say what to change, for instance --remix")
    _tell(server, as_json, lambda client: client.accounts.change_settings(account_id, bot=bot, **fields))


def _tell(server: Server, as_json: bool, act: Callable[[AsyncClient], Awaitable[Account]]) -> None:
    """Does something to an account, and tells how it is now."""

    async def tell(client: AsyncClient) -> None:
        account = await act(client)
        if as_json:
            print_document(account_document(account))
        else:
            print_account(account)

    server.run(tell)
