"""`python -m mjproxy_server`: the server alone, configured by its environment."""

import argparse
import asyncio
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError
from pydantic_settings import SettingsError

from mjproxy_server.part import serve
from mjproxy_server.settings import Settings

try:
    from uvloop import new_event_loop
except ModuleNotFoundError:  # There is none for Windows.
    from asyncio import new_event_loop  # type: ignore[assignment]

_LEAVE_SECONDS: Final = 2.0


def main() -> None:
    """Serves until SIGINT or SIGTERM; prints one line, `ready grpc=HOST:PORT`, when the server answers."""
    _read_command_line()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("mjproxy_server").setLevel(logging.INFO)
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_serve_until_signalled(Settings()))
    except ValidationError as error:
        sys.exit("\n".join(f"mjproxy_server: {fault}" for fault in _faults(error)))
    except (OSError, SettingsError) as error:
        sys.exit(f"mjproxy_server: {error}")


async def _serve_until_signalled(settings: Settings) -> None:
    """Serves until the first signal; a second one has its usual effect, and ends a server that is slow to close."""
    loop = asyncio.get_running_loop()
    serving = asyncio.create_task(serve(settings, _announce))

    def end() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        serving.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    await asyncio.wait({serving})
    if not serving.cancelled():
        serving.result()
    _end_soon()


def _end_soon() -> None:
    """Ends the process in two seconds, unless it has ended by then.

    Everything is closed, but Python waits for its threads: one that looks up a name whose name server does not answer
    lasts for minutes, and cannot be stopped.
    """
    timer = threading.Timer(_LEAVE_SECONDS, os._exit, (0,))
    timer.daemon = True
    timer.start()


def _announce(endpoint: str) -> None:
    sys.stdout.write(f"ready {endpoint}\n")
    sys.stdout.flush()
    _settle_garbage()


def _settle_garbage() -> None:
    """Has the collector pass over what the start has brought, which stays, and look at the rest less often.

    With Python's own threshold, a fifth of a busy server's time goes into looking for garbage that is not there.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)


def _faults(error: ValidationError) -> Iterator[str]:
    """Words what is wrong with the settings, by their variables and without their values, which may be secret."""
    for fault in error.errors(include_url=False, include_input=False):
        path = "__".join(str(key) for key in fault["loc"])
        yield f"MJPROXY_{path.upper()}: {fault['msg']}" if path else fault["msg"]


def _read_command_line() -> None:
    """Ends the process if help was asked for, or anything else: there are no arguments."""
    argparse.ArgumentParser(
        prog="python -m mjproxy_server",
        description="Run the gRPC server until SIGINT or SIGTERM.",
        epilog="Settings come from the environment: MJPROXY_GRPC_LISTEN, MJPROXY_DATA, and the others of"
        " mjproxy.example.toml, with MJPROXY_ before the name and __ between table and key.",
    ).parse_args()


if __name__ == "__main__":
    main()
