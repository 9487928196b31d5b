"""The commands that run one part each, and the one that prints the configuration."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import click
import setproctitle

from mjproxy.launcher import configuration, lifeline, logs, options, part_process, patience, toml
from mjproxy.launcher.flags import given
from mjproxy.launcher.launch import LISTEN_KEYS
from mjproxy.launcher.parts import Parts


@click.command()
@options.config_file
@options.data
@options.grpc
@options.log_level
@options.supervised
def server(config_file: Path | None, log_level: str, *, supervised: bool, **flags: object) -> None:
    """Run the gRPC server alone."""
    run_part("server", config_file, log_level, flags, supervised=supervised)


@click.command()
@options.config_file
@options.rest
@options.grpc_target
@options.log_level
@options.supervised
def rest(config_file: Path | None, log_level: str, *, supervised: bool, **flags: object) -> None:
    """Run the REST shim alone.

    It calls a gRPC server that runs elsewhere.
    """
    run_part("rest", config_file, log_level, flags, supervised=supervised)


@click.command()
@options.config_file
def config(config_file: Path | None) -> None:
    """Print the configuration in force.

    Each value has its origin beside it; secrets are masked. When the configuration is refused, the command says why and
    exits with status 2.
    """
    parts = Parts.find()
    used = [name for name in LISTEN_KEYS if name in parts.installed]
    click.echo(toml.in_force(configuration.load(parts, used, config_file, {})), nl=False)


def run_part(
    name: str, config_file: Path | None, log_level: str, flags: Mapping[str, object], *, supervised: bool
) -> None:
    """Run one part until it is asked to end.

    Args:
        name: The part's name.
        config_file: The configuration file that was named, None if none was.
        log_level: How much goes to stderr.
        flags: The configuration keys that options can set; None for one that was not given.
        supervised: Whether the process ends when its stdin ends.
    """
    setproctitle.setproctitle(f"mjproxy {name}")
    # The supervisor has checked the file against all parts, and a part's process need not carry the others.
    parts = Parts.find(only=name if supervised else None)
    part = parts.require(name)
    logs.configure(name, log_level, ["mjproxy", part.__name__.partition(".")[0]])
    settings = configuration.load(parts, [name], config_file, given(flags)).settings[name]
    if supervised:
        lifeline.hold(patience.of(settings))
    part_process.run(name, partial(part.serve, settings))
