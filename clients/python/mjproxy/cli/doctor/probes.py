"""Looking at the parts of a service from outside; each probe tells what it finds and raises nothing."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from mjproxy.cli.doctor.findings import Finding, Level, of_accounts
from mjproxy.cli.exits import explain
from mjproxy.cli.simulators import DEFAULT_ADDRESS
from mjproxy.errors import DeadlineExceeded, PermissionDenied, ServerError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mjproxy.aio.client import AsyncClient
    from mjproxy.launcher.configuration import Configuration
    from mjproxy.v1.account_pb2 import Account

_HTTP_SECONDS: Final = 5.0
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the parts listen, as this machine reaches them."""

    rest: str = "127.0.0.1:8080"
    simulator: str = DEFAULT_ADDRESS


def of_configuration() -> tuple[list[Finding], Addresses]:
    """Reads the configuration in this folder as the service would; also tells where its parts listen."""
    try:
        from mjproxy.launcher import configuration  # noqa: PLC0415 - a client alone has no launcher's packages
        from mjproxy.launcher.errors import ConfigurationRefused  # noqa: PLC0415
        from mjproxy.launcher.parts import Parts  # noqa: PLC0415
    except ModuleNotFoundError:
        return [Finding("configuration", Level.NOTE, "not read: only the client is installed here")], Addresses()
    parts = Parts.find()
    try:
        in_force = configuration.load(parts, parts.installed, None, {})
    except ConfigurationRefused as refused:
        remedy = "mjproxy.example.toml explains each key."
        return [Finding("configuration", Level.PROBLEM, each, remedy) for each in refused.problems], Addresses()
    file = configuration.DEFAULT_FILE
    told = f"{file} is in order" if file.exists() else "there is no file, so all is as by default"
    missing = [Finding("configuration", Level.NOTE, each.message) for each in parts.missing.values()]
    return [Finding("configuration", Level.OK, told), *missing], _addresses(in_force)


def _addresses(in_force: Configuration) -> Addresses:
    from mjproxy.launcher.address import Address  # noqa: PLC0415 - as above

    configured = {}
    for part in fields(Addresses):
        with suppress(KeyError):
            configured[part.name] = str(Address.parse(str(in_force.value(f"{part.name}_listen"))).from_here)
    return Addresses(**configured)


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
