"""The command that runs the simulator, and those that look at one that runs and make it misbehave."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TextIO

import click

from mjproxy.cli.exits import EPILOG
from mjproxy.cli.simulators import DEFAULT_ADDRESS, Simulator, simulator_option
from mjproxy.cli.tables import print_rows
from mjproxy.launcher import options

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Object = dict[str, Any]

_ACCOUNTS: Final = ("user_id", "username", "guild_id", "channel_id", "profile", "user_token")
_LEDGER: Final = ("time", "user_id", "kind", "status", "job", "refused", "prompt")
_JOBS: Final = ("id", "kind", "status", "parent", "index", "prompt")
_FAULTS: Final = ("id", "name", "account", "left", "probability")

_as_json = click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each.")
_account = click.option("--account", metavar="ID", help="Only what is about this user id or channel id.")


@click.group(invoke_without_command=True)
@options.config_file
@options.data
@options.simulator
@options.speed
@options.log_level
@options.supervised
@click.pass_context
def simulator(
    context: click.Context, /, config_file: Path | None, log_level: str, *, supervised: bool, **flags: object
) -> None:
    """Run the simulator of Discord, or look at one.

    Without a command it runs one; the commands talk to one that runs, and take --simulator alone.
    """
    context.obj = flags.get("simulator_listen") or DEFAULT_ADDRESS
    if context.invoked_subcommand is not None:
        return
    # A client alone has no launcher's packages.
    from mjproxy.launcher.commands import run_part  # noqa: PLC0415

    run_part("simulator", config_file, log_level, flags, supervised=supervised)


@simulator.command(epilog=EPILOG)
@simulator_option
@click.option("--make", metavar="N", type=click.IntRange(1, 1000), help="Make N more, and list those.")
@_as_json
def accounts(running: Simulator, *, make: int | None, as_json: bool) -> None:
    """List the simulated accounts, with their tokens."""
    found = running.get("/accounts") if make is None else running.post("/accounts", {"count": make})
    _print(found, _ACCOUNTS, as_json=as_json)


@simulator.command(epilog=EPILOG)
@simulator_option
@_account
@click.option("--since", metavar="TIME", type=float, help="Only what came after this Unix time.")
@_as_json
def ledger(running: Simulator, *, account: str | None, since: float | None, as_json: bool) -> None:
    """List the interactions that were received, and what came of each."""
    _print(running.get("/ledger", account=account, since=since), _LEDGER, as_json=as_json)


@simulator.command(epilog=EPILOG)
@simulator_option
@_account
@click.option("--status", metavar="STATUS", help="Only those that are queued, running, finished, stopped or failed.")
@_as_json
def jobs(running: Simulator, *, account: str | None, status: str | None, as_json: bool) -> None:
    """List the bot's jobs."""
    _print(running.get("/jobs", account=account, status=status), _JOBS, as_json=as_json)


@simulator.command(epilog=EPILOG)
@simulator_option
@click.argument("name")
@click.argument("settings", nargs=-1, metavar="[KEY=VALUE]...")
def fault(running: Simulator, name: str, settings: tuple[str, ...]) -> None:
    """Let something go wrong, at once or when its occasion comes.

    For instance: fault http_status route=/channels/*/messages status=500 count=3
    """
    posted = running.post("/faults", {"name": name, **dict(map(_setting, settings))})
    click.echo("done" if posted is None else f"armed as {posted['id']}")


@simulator.command(epilog=EPILOG)
@simulator_option
@click.option("--clear", is_flag=True, help="Take them all down.")
@_as_json
def faults(running: Simulator, *, clear: bool, as_json: bool) -> None:
    """List the faults that are armed."""
    if clear:
        running.delete("/faults")
    _print(running.get("/faults"), _FAULTS, as_json=as_json)


@simulator.command(epilog=EPILOG)
@simulator_option
def reset(running: Simulator) -> None:
    """Forget jobs, messages, ledger and faults."""
    running.post("/reset")


@simulator.command(epilog=EPILOG)
@simulator_option
@click.argument("speed", type=click.FLOAT)
def speed(running: Simulator, speed: float) -> None:
    """Run jobs SPEED times faster than in life."""
    running.post("/speed", {"speed": speed})


@simulator.command(epilog=EPILOG)
@simulator_option
def pause(running: Simulator) -> None:
    """Let all jobs stand still."""
    running.post("/pause")


@simulator.command(epilog=EPILOG)
@simulator_option
def resume(running: Simulator) -> None:
    """Let the jobs go on."""
    running.post("/resume")


@simulator.command(epilog=EPILOG)
@simulator_option
@click.argument("steps", type=click.IntRange(1, 10_000), default=1)
def step(running: Simulator, steps: int) -> None:
    """Take the next step, or the next STEPS, of the jobs at once.

    Prints whose they were.
    """
    for job_id in running.post("/step", {"steps": steps})["jobs"]:
        click.echo(job_id)


@simulator.command(epilog=EPILOG)
@simulator_option
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option(
    "--account",
    metavar="ID",
    help="Whom to tell it, by user id or channel id. [default: the account of the newest interaction]",
)
def replay(running: Simulator, file: TextIO, *, account: str | None) -> None:
    """Tell an account the events of the scenario in FILE.

    They come as if they happened now. The FILE - is standard input.
    """
    try:
        scenario = json.load(file)
    except ValueError as error:
        raise click.BadParameter(f"{file.name} is no JSON: {error}", param_hint="FILE") from None
    listener = account or _newest_actor(running)
    told = running.post(f"/accounts/{listener}/replay", scenario)
    click.echo(f"replaying {told['name']} for {listener}; events: {told['events']}")


def _newest_actor(running: Simulator) -> str:
    """Return who sent the newest interaction; the first account if nobody has sent any."""
    newest = [*running.get("/accounts")[:1], *running.get("/ledger")][-1]
    return str(newest["user_id"])


def _setting(text: str) -> tuple[str, object]:
    """Return a setting of a fault: numbers, true, false and null are what they are in JSON, all else is text."""
    key, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"expected KEY=VALUE, not {text!r}")
    if key == "account":
        return key, value  # An id, which is digits but no number.
    try:
        return key, json.loads(value)
    except json.JSONDecodeError:
        return key, value


def _print(found: Sequence[Object], columns: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        for each in found:
            click.echo(json.dumps(each, ensure_ascii=False, separators=(",", ":")))
    else:
        headings = [column.upper() for column in columns]
        print_rows(headings, [[_cell(each.get(column)) for column in columns] for each in found])


def _cell(value: object) -> str:
    return "" if value is None else str(value)
