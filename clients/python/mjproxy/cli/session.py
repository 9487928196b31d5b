"""One command's use of a server: where it is, and how the command ends."""

from __future__ import annotations

import asyncio
import functools
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mjproxy.aio.client import DEFAULT_TARGET, AsyncClient
from mjproxy.channel import Endpoint
from mjproxy.cli.exits import Exit, exit_code, explain
from mjproxy.errors import MjproxyError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


@dataclass(frozen=True, slots=True)
class Server:
    """A server and the key for it."""

    target: str
    key: str | None = field(repr=False)

    def run(self, main: Callable[[AsyncClient], Coroutine[None, None, None]]) -> None:
        """Runs a command with a client, and ends it as `Exit` says."""
        try:
            asyncio.run(self._run(main))
        except MjproxyError as error:
            click.echo(f"Error: {explain(error, self.target)}", err=True)
            raise click.exceptions.Exit(exit_code(error)) from None
        except KeyboardInterrupt:
            raise click.exceptions.Exit(Exit.INTERRUPTED) from None

    async def _run(self, main: Callable[[AsyncClient], Coroutine[None, None, None]]) -> None:
        async with AsyncClient(self.target, key=self.key) as client:
            await main(client)


def server_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the options that name the server; they reach it as one `Server`, its argument `server`."""

    @click.option(
        "--server",
        "target",
        metavar="HOST:PORT",
        envvar="MJPROXY_GRPC_TARGET",
        default=DEFAULT_TARGET,
        show_default=True,
        show_envvar=True,
        callback=_checked,
        help="The gRPC server; https://HOST:PORT for one with TLS.",
    )
    @click.option(
        "--key-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A file that holds the key for the server. The environment variable MJPROXY_KEY may hold the key itself; "
        "an argument may not, since everybody on the machine could read it in the list of processes.",
    )
    @functools.wraps(command)
    def with_server(*, target: str, key_file: Path | None, **arguments: object) -> None:
        command(server=Server(target, _key(key_file)), **arguments)

    return with_server


def _checked(_context: click.Context, _option: click.Parameter, target: str) -> str:
    try:
        Endpoint.parse(target)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return target


def _key(key_file: Path | None) -> str | None:
    if key_file is None:
        return os.environ.get("MJPROXY_KEY")
    key = key_file.read_text(encoding="utf-8").strip()
    if not key:
        raise click.BadParameter(f"{key_file} is empty", param_hint="--key-file")
    return key
