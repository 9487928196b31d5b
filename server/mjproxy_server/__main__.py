"""`python -m mjproxy_server`: the server alone, configured by its environment."""

import argparse
import asyncio
import contextlib

from mjproxy_server.part import serve
from mjproxy_server.settings import Settings


def main() -> None:
    """Runs the server until it is interrupted."""
    _read_command_line()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(Settings(), lambda line: print(f"ready {line}", flush=True)))  # noqa: T201 - its one line


def _read_command_line() -> None:
    """Ends the process if help was asked for, or anything else: there are no arguments."""
    argparse.ArgumentParser(
        prog="python -m mjproxy_server",
        description="Run the gRPC server until it is interrupted.",
        epilog="Settings come from the environment: MJPROXY_GRPC_LISTEN, MJPROXY_DATA, and the others of"
        " mjproxy.example.toml, with MJPROXY_ before the name and __ between table and key.",
    ).parse_args()


if __name__ == "__main__":
    main()
