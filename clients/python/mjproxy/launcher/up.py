"""`mjproxy up`: the whole service, supervised.

The parts start one after the other, each when those it calls answer: the simulator, the server, the shim. That costs a
warm start about half a second for each, most of it imports, and spares them the back-off after a first call that
fails. They are drained in the opposite order, so that no part loses one that it still calls.
"""

import asyncio
import secrets
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import click
import setproctitle

from mjproxy.launcher import configuration, logs, options, ready, simulated
from mjproxy.launcher.flags import given
from mjproxy.launcher.launch import Launch
from mjproxy.launcher.parts import Parts
from mjproxy.launcher.plan import Plan
from mjproxy.launcher.signals import until_signalled
from mjproxy.launcher.supervisor import Kept, first_failure, kept_running

_BANNER: Final = """
  ======================================================================
    DISCORD IS SIMULATED: no account is configured.
    The pictures come from mjproxy's own simulator, not from Midjourney.
    To use a real account, see [[accounts]] in mjproxy.example.toml.
  ======================================================================
"""


@click.command()
@options.config_file
@options.data
@options.rest
@options.grpc
@options.simulator
@options.speed
@options.log_level
def up(config_file: Path | None, log_level: str, **flags: object) -> None:
    """Run the whole service, supervised.

    Starts the gRPC server, the REST shim and, when no Discord account is configured, the simulator. When everything
    answers it prints one line to stdout, "ready rest=http://HOST:PORT grpc=HOST:PORT"; all else goes to stderr. A part
    that dies is started again. Ctrl-C ends everything.
    """
    setproctitle.setproctitle("mjproxy up")
    logs.configure("up", log_level, ["mjproxy"])
    asyncio.run(until_signalled(_run(_plan(config_file, log_level, given(flags)))))


def _plan(config_file: Path | None, log_level: str, flags: dict[str, str]) -> Plan:
    parts = Parts.find()
    used = ["server", "rest", *parts.installed.keys() & {"simulator"}]
    everywhere = ["--log-level", log_level, *(["--config", str(config_file)] if config_file else [])]
    plan = Plan(configuration.load(parts, used, config_file, flags), tuple(everywhere), secrets.token_urlsafe(32))
    if plan.is_simulated:
        parts.require("simulator")
    return plan


async def _run(plan: Plan) -> None:
    """Starts everything, says so, and keeps it running until cancelled; then drains it."""
    async with AsyncExitStack() as parts:
        kept = await _start_all(plan, parts)
        if plan.is_simulated:
            click.echo(_BANNER, err=True)
        click.echo(ready.write(part.endpoint.announced for part in kept))
        try:
            await first_failure(part.keeper for part in kept)
        finally:
            for part in kept:  # Some may have been told to end, too, and end before it is their turn.
                part.retire()


async def _start_all(plan: Plan, parts: AsyncExitStack) -> list[Kept]:
    async def start(launch: Launch) -> Kept:
        return await parts.enter_async_context(kept_running(launch, time.monotonic))

    simulators = [await start(plan.simulator())] if plan.is_simulated else []
    server = await start(plan.server(await _discord(plan, simulators)))
    rest = await start(plan.rest(server.endpoint.address))
    return [rest, server, *simulators]


async def _discord(plan: Plan, simulators: list[Kept]) -> dict[str, str]:
    """The server's variables for a simulated Discord; none when it is the real one."""
    discord: dict[str, str] = {}
    for simulator in simulators:
        address = simulator.endpoint.address
        discord |= simulated.environment(address, await simulated.accounts_of(address), paced=plan.is_paced)
    return discord
