"""`python -m mjproxy_rest`: the shim alone, configured by the environment (see `mjproxy_rest.part.Settings`)."""

import argparse
import asyncio
import logging
import sys

import uvloop
from pydantic import ValidationError
from pydantic_settings import SettingsError

from mjproxy.launcher import garbage
from mjproxy.launcher.signals import until_signalled
from mjproxy_rest.part import Settings, serve


def _announce(endpoint: str) -> None:
    sys.stdout.write(f"ready {endpoint}\n")
    sys.stdout.flush()
    garbage.settle()


def main() -> None:
    """Serves until SIGINT or SIGTERM; prints one line, `ready rest=http://HOST:PORT`, when the shim answers."""
    _read_command_line()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("mjproxy_rest").setLevel(logging.INFO)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(until_signalled(serve(Settings(), _announce)))
    except (OSError, SettingsError, ValidationError) as error:
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
