"""The options that the commands share.

An option that sets a configuration key reaches the command as a parameter of the key's name.
"""

from pathlib import Path
from typing import Final

import click

from mjproxy.launcher import logs
from mjproxy.launcher.address import Address
from mjproxy.launcher.flags import FLAGS


def _checked(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    try:
        return None if value is None else str(Address.parse(value))
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


config_file: Final = click.option(
    "--config",
    "config_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The configuration file. [default: mjproxy.toml, if there is one]",
)
log_level: Final = click.option(
    "--log-level",
    type=click.Choice(logs.LEVELS, case_sensitive=False),
    default="info",
    envvar="MJPROXY_LOG_LEVEL",
    show_default=True,
    help="How much goes to stderr.",
)
supervised: Final = click.option("--supervised", is_flag=True, hidden=True, help="End when stdin ends.")

data: Final = click.option(
    FLAGS["data"],
    "data",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="The folder of everything that is kept. [default: ./data]",
)
rest: Final = click.option(
    FLAGS["rest_listen"],
    "rest_listen",
    metavar="HOST:PORT",
    callback=_checked,
    help="Where the REST API listens; port 0 is any free one. [default: 127.0.0.1:8080]",
)
grpc: Final = click.option(
    FLAGS["grpc_listen"],
    "grpc_listen",
    metavar="HOST:PORT",
    callback=_checked,
    help="Where the gRPC server listens. [default: 127.0.0.1:50051]",
)
grpc_target: Final = click.option(
    FLAGS["grpc_target"],
    "grpc_target",
    metavar="HOST:PORT",
    callback=_checked,
    help="The gRPC server to call. [default: 127.0.0.1:50051]",
)
simulator: Final = click.option(
    FLAGS["simulator_listen"],
    "simulator_listen",
    metavar="HOST:PORT",
    callback=_checked,
    help="Where the simulator listens. [default: 127.0.0.1:8090]",
)
speed: Final = click.option(
    FLAGS["speed"],
    "speed",
    metavar="N",
    type=click.FLOAT,
    help="Run simulated jobs N times faster. [default: 1, which is life-like]",
)
