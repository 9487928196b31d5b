"""The command line's names for the configuration keys that a flag can set.

A flag wins over the environment and the file. The same table names the flags of the commands and those of the processes
that `mjproxy up` starts.
"""

from collections.abc import Mapping
from typing import Final

FLAGS: Final[Mapping[str, str]] = {
    "data": "--data",
    "rest_listen": "--rest",
    "grpc_listen": "--grpc",
    "grpc_target": "--grpc",
    "simulator_listen": "--simulator",
    "speed": "--speed",
}


def given(flags: Mapping[str, object]) -> dict[str, str]:
    """The values, by key, of those flags that were on the command line."""
    return {key: str(value) for key, value in flags.items() if value is not None}


def arguments(values: Mapping[str, str]) -> tuple[str, ...]:
    """Writes values, by key, as a command's arguments."""
    return tuple(argument for key, value in values.items() for argument in (FLAGS[key], value))
