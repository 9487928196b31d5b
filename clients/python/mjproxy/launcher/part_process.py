"""A part's own process: what is round its `serve`."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import click

from mjproxy.launcher import garbage, ready
from mjproxy.launcher.errors import PartFailed, PartNotInstalled
from mjproxy.launcher.signals import until_signalled

try:
    from uvloop import new_event_loop
except ModuleNotFoundError:  # There is none for Windows.
    from asyncio import new_event_loop  # type: ignore[assignment]


def run(name: str, serve: Callable[[Callable[[str], None]], Coroutine[Any, Any, None]]) -> None:
    """Serves until SIGINT or SIGTERM; when it answers, prints the ready line.

    Args:
        name: What serves.
        serve: Called with what is to be called when it answers, as `mjproxy.launcher.parts.Part.serve` says.

    Raises:
        PartNotInstalled: A package that it needs is not there.
        PartFailed: It cannot start.
    """
    answered = False

    def announce(endpoint: str) -> None:
        nonlocal answered
        answered = True
        click.echo(ready.write([endpoint]))
        garbage.settle()

    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(until_signalled(serve(announce)))
    except ModuleNotFoundError as error:
        raise PartNotInstalled(name, str(error.name)) from error
    except OSError as error:
        if answered:
            raise  # This is no matter of the user's: it wants its traceback.
        raise PartFailed(name, f"could not start: {error}") from error
