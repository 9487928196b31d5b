"""Looking at the parts of a service from outside; each probe tells what it finds and raises nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from mjproxy.cli.doctor.findings import Finding, Level, of_accounts
from mjproxy.cli.exits import explain
from mjproxy.errors import DeadlineExceeded, PermissionDenied, ServerError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from mjproxy.aio.client import AsyncClient
    from mjproxy.v1.account_pb2 import Account

_HTTP_SECONDS: Final = 5.0
_OK: Final = 200


def of_configuration(file: Path | None) -> Iterator[Finding]:
    """Reads the configuration as the service would."""
    try:
        from mjproxy.launcher import configuration  # noqa: PLC0415 - a client alone has no launcher's packages
        from mjproxy.launcher.errors import ConfigurationRefused  # noqa: PLC0415
        from mjproxy.launcher.parts import Parts  # noqa: PLC0415
    except ModuleNotFoundError:
        yield Finding("configuration", Level.NOTE, "not read: only the client is installed here")
        return
    parts = Parts.find()
    try:
        configuration.load(parts, parts.installed, file, {})
    except ConfigurationRefused as refused:
        for problem in refused.problems:
            yield Finding("configuration", Level.PROBLEM, problem, "mjproxy.example.toml explains each key.")
        return
    for missing in parts.missing.values():
        yield Finding("configuration", Level.NOTE, missing.message)
    name = file or configuration.DEFAULT_FILE
    told = f"{name} is in order" if name.exists() else "there is no file, so all is as by default"
    yield Finding("configuration", Level.OK, told)


async def of_server(client: AsyncClient, target: str, *, ask_bots: bool) -> AsyncIterator[Finding]:
    """Asks the server for its accounts, and what else the key allows."""
    try:
        accounts = await client.accounts.list()
    except ServerError as error:
        yield Finding("server", Level.PROBLEM, explain(error, target))
        return
    yield Finding("server", Level.OK, f"{target} answers")
    yield await _of_key(client)
    heard: dict[str, Account] = {}
    for account in accounts if ask_bots else ():
        if account.settings.enable:
            finding, heard[account.id] = await _of_bot(client, account)
            yield finding
    for finding in of_accounts([heard.get(account.id, account) for account in accounts], time.time()):
        yield finding


async def _of_key(client: AsyncClient) -> Finding:
    try:
        await client.accounts.unknown_messages()
    except PermissionDenied:
        return Finding("key", Level.NOTE, "it may draw, but not change accounts: its role is not admin")
    except ServerError as error:
        return Finding("key", Level.PROBLEM, str(error))
    return Finding("key", Level.OK, "it may do everything")


async def _of_bot(client: AsyncClient, account: Account) -> tuple[Finding, Account]:
    """Asks the bot; returns the account as it is then."""
    subject = f"bot of {account.id}"
    try:
        synced = await client.accounts.sync(account.id)
    except DeadlineExceeded as error:
        remedy = "Invite the bot to the account's server, and let it use the channel."
        return Finding(subject, Level.PROBLEM, str(error), remedy), account
    except ServerError as error:
        return Finding(subject, Level.PROBLEM, str(error)), account
    message = f"it answers; {synced.sync.plan}, {synced.sync.version}".rstrip(", ")
    return Finding(subject, Level.OK, message), synced


def of_rest(url: str) -> Finding:
    """Asks the REST shim whether it serves."""
    status = _status(f"{url}/readyz")
    if status is None:
        remedy = "Start it with `mjproxy up` or `mjproxy rest`, or name yours with --rest. Callers of gRPC need none."
        return Finding("REST", Level.NOTE, f"nothing answers at {url}", remedy)
    if status == _OK:
        return Finding("REST", Level.OK, f"{url} serves")
    remedy = "Check its `grpc_target`, and that shim and server have the same `service_key`."
    return Finding("REST", Level.PROBLEM, f"{url} answers, but does not reach its server", remedy)


def of_simulator(address: str) -> Finding:
    """Asks the simulator whether it is there."""
    if _status(f"http://{address}/control/accounts") == _OK:
        return Finding("simulator", Level.OK, f"{address} answers")
    return Finding("simulator", Level.NOTE, f"none answers at {address}; it is needed only to try without an account")


def _status(url: str) -> int | None:
    """The HTTP status; None if nothing answers."""
    # It takes longer to load than all else that a command needs.
    import httpx  # noqa: PLC0415

    try:
        return httpx.get(url, timeout=_HTTP_SECONDS, trust_env=False).status_code
    except (httpx.HTTPError, httpx.InvalidURL):
        return None
