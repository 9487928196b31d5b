"""`python -m mjproxy_rest`: the shim alone, configured by the environment (see `mjproxy_rest.part.Settings`)."""

import argparse
import sys
from functools import partial

from pydantic import ValidationError
from pydantic_settings import SettingsError

from mjproxy.launcher import logs, part_process
from mjproxy.launcher.errors import LauncherError
from mjproxy_rest.part import NAME, Settings, serve


def main() -> None:
    """Serves until SIGINT or SIGTERM; prints one line, `ready rest=http://HOST:PORT`, when the shim answers."""
    _read_command_line()
    logs.configure(NAME, "info", ["mjproxy", "mjproxy_rest"])
    try:
        part_process.run(NAME, partial(serve, Settings()))
    except (SettingsError, ValidationError, LauncherError) as error:
        sys.exit(f"mjproxy_rest: {error}")


def _read_command_line() -> None:
    """Ends the process if help was asked for, or anything else: there are no arguments."""
    argparse.ArgumentParser(
        prog="python -m mjproxy_rest",
        description="Run the REST API until SIGINT or SIGTERM.",
        epilog="Settings come from the environment: MJPROXY_REST_LISTEN, MJPROXY_GRPC_TARGET, and the others of"
        " mjproxy.example.toml, with MJPROXY_ before the name and __ between table and key.",
    ).parse_args()


if __name__ == "__main__":
    main()
