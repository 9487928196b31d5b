"""The command, and how it shows what it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from mjproxy.cli.doctor import probes
from mjproxy.cli.doctor.findings import Finding, Level
from mjproxy.cli.documents import print_document
from mjproxy.cli.session import Server, server_options
from mjproxy.cli.words import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from mjproxy.aio.client import AsyncClient

    Tell = Callable[[Finding], None]

_EPILOG: Final = (
    "\b\nExit codes:\n    0  nothing is wrong\n    1  something is: what it found says what to do\n    2  wrong usage"
)
_WRONG: Final = 1
_MARKS: Final = {Level.OK: ("✓", "green"), Level.NOTE: ("·", "yellow"), Level.PROBLEM: ("✗", "red")}


@click.command(epilog=_EPILOG)
@click.option("--rest", "rest_url", metavar="URL", help="The REST shim.  [default: as configured]")
@click.option("--simulator", metavar="HOST:PORT", help="The simulator.  [default: as configured]")
@click.option("--ask-bots", is_flag=True, help="Ask the bot of each account, by /info and /settings; needs an admin.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each finding.")
@click.option("-q", "--quiet", is_flag=True, help="Show problems only.")
@server_options
def doctor(
    *, server: Server, rest_url: str | None, simulator: str | None, ask_bots: bool, as_json: bool, quiet: bool
) -> None:
    """Look for what is wrong, and say what to do.

    Checks the configuration in this folder, whether server, REST shim and simulator answer, what the key may do, and
    each account: whether it is connected, held or full, and whether its bot was heard.
    """
    found: list[Finding] = []

    def tell(finding: Finding) -> None:
        found.append(finding)
        if not quiet or finding.level is Level.PROBLEM:
            _document(finding) if as_json else _lines(finding)

    findings, addresses = probes.of_configuration()
    for finding in findings:
        tell(finding)
    server.run(lambda client: _ask(client, server.target, tell, ask_bots=ask_bots))
    tell(probes.of_rest((rest_url or f"http://{addresses.rest}").rstrip("/")))
    tell(probes.of_simulator(simulator or addresses.simulator))
    if any(finding.level is Level.PROBLEM for finding in found):
        raise click.exceptions.Exit(_WRONG)


async def _ask(client: AsyncClient, target: str, tell: Tell, *, ask_bots: bool) -> None:
    async for finding in probes.of_server(client, target, ask_bots=ask_bots):
        tell(finding)


def _document(finding: Finding) -> None:
    print_document(
        {
            "subject": finding.subject,
            "level": finding.level,
            "message": finding.message,
            "remedy": finding.remedy,
        }
    )


def _lines(finding: Finding) -> None:
    mark, colour = _MARKS[finding.level]
    click.echo(f"{click.style(mark, fg=colour)} {finding.subject}: {printable(finding.message)}")
    if finding.remedy:
        click.echo(f"  → {printable(finding.remedy)}")
