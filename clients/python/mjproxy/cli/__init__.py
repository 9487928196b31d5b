"""The `mjproxy` command: one table of subcommands, each loaded only when it is called.

The table carries the summaries too, so that `mjproxy --help` loads no subcommand, and a subcommand whose packages are
not installed hinders no other.
"""

import difflib
import importlib
from typing import Final, NamedTuple

import click


class Subcommand(NamedTuple):
    """Where a subcommand is (`module:attribute`), and the line that the overview says about it."""

    target: str
    summary: str


SECTIONS: Final[dict[str, dict[str, Subcommand]]] = {
    "Draw": {
        "imagine": Subcommand("mjproxy.cli.draw:imagine", "Draw four pictures from a prompt."),
        "blend": Subcommand("mjproxy.cli.draw:blend", "Mix pictures."),
        "describe": Subcommand("mjproxy.cli.draw:describe", "Write prompts that describe a picture."),
        "shorten": Subcommand("mjproxy.cli.draw:shorten", "Analyse a prompt, and propose shorter ones."),
        "swap": Subcommand("mjproxy.cli.draw:swap", "Put the face of one picture into another."),
        "upload": Subcommand("mjproxy.cli.upload:upload", "Upload pictures to Discord, for prompts."),
    },
    "Follow up": {
        "upscale": Subcommand("mjproxy.cli.follow_ups:upscale", "Take one picture out of a grid."),
        "vary": Subcommand("mjproxy.cli.follow_ups:vary", "Draw four relatives of one picture."),
        "reroll": Subcommand("mjproxy.cli.follow_ups:reroll", "Draw the same prompt again."),
        "zoom": Subcommand("mjproxy.cli.follow_ups:zoom", "Draw what lies around a picture."),
        "pan": Subcommand("mjproxy.cli.follow_ups:pan", "Draw what lies beside a picture."),
        "region": Subcommand("mjproxy.cli.follow_ups:region", "Draw a part of a picture anew."),
        "animate": Subcommand("mjproxy.cli.follow_ups:animate", "Make a short film of a picture."),
        "buttons": Subcommand("mjproxy.cli.task:buttons", "List the buttons under a result."),
        "click": Subcommand("mjproxy.cli.follow_ups:click_", "Press one of them."),
        "confirm": Subcommand("mjproxy.cli.follow_ups:confirm", "Answer what the bot asks before it goes on."),
    },
    "Tasks": {
        "tasks": Subcommand("mjproxy.cli.tasks:tasks", "List tasks, the newest first."),
        "watch": Subcommand("mjproxy.cli.tasks:watch", "Follow tasks as they change."),
        "save": Subcommand("mjproxy.cli.follow_ups:save", "Wait for a task, and store its picture."),
        "cancel": Subcommand("mjproxy.cli.task:cancel", "Cancel tasks."),
        "seed": Subcommand("mjproxy.cli.task:seed", "Ask the bot for the seed of a picture."),
    },
    "Operate": {
        "doctor": Subcommand("mjproxy.cli.doctor.command:doctor", "Look for what is wrong, and say what to do."),
        "accounts": Subcommand("mjproxy.cli.accounts:accounts", "List Discord accounts; add or change one."),
        "callbacks": Subcommand("mjproxy.cli.callbacks:callbacks", "List callbacks that are not delivered; retry one."),
        "unknown": Subcommand("mjproxy.cli.unknown:unknown", "List messages of the bot that were not understood."),
    },
    "Service": {
        "up": Subcommand("mjproxy.launcher.up:up", "Run the whole service, supervised."),
        "server": Subcommand("mjproxy.launcher.commands:server", "Run the gRPC server alone."),
        "rest": Subcommand("mjproxy.launcher.commands:rest", "Run the REST shim alone."),
        "simulator": Subcommand("mjproxy.cli.simulator:simulator", "Run the simulator of Discord, or look at one."),
        "store": Subcommand("mjproxy.launcher.store:store", "Back up, check or restore the server's store."),
        "config": Subcommand("mjproxy.launcher.commands:config", "Print the configuration in force."),
    },
    "Shell": {
        "completion": Subcommand("mjproxy.cli.completion:completion", "Have the shell complete commands."),
    },
}

# `mjproxy.cli.exits` has it with the others, but would be loaded for each `mjproxy --help`.
_INTERRUPTED: Final = 130

_SUBCOMMANDS: Final = {name: subcommand for section in SECTIONS.values() for name, subcommand in section.items()}


class _LazyGroup(click.Group):
    """A group that knows its subcommands from the table and imports the one that is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        subcommand = _SUBCOMMANDS.get(cmd_name)
        return None if subcommand is None else _load(cmd_name, subcommand.target)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        meant = difflib.get_close_matches(args[0], _SUBCOMMANDS, n=1)
        if meant and args[0] not in _SUBCOMMANDS and not ctx.resilient_parsing:
            ctx.fail(f"No such command '{args[0]}': did you mean {meant[0]}?")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            # It came while the subcommand was loaded. click would end with 1, which says that a task has failed.
            raise click.exceptions.Exit(_INTERRUPTED) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for title, section in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, subcommand.summary) for name, subcommand in section.items()])


def _load(name: str, target: str) -> click.Command:
    module, _, attribute = target.partition(":")
    try:
        command = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f'"mjproxy {name}" needs the Python package {error.name}: install it with pip install "mjproxy[all]"'
        ) from error
    assert isinstance(command, click.Command)  # noqa: S101 - the table names commands only
    return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mjproxy", message="mjproxy %(version)s")
def main() -> None:
    """Midjourney as a service, and from the command line."""
