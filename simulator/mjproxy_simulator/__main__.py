"""Runs the simulator with settings from the environment: `python -m mjproxy_simulator`."""

import argparse
import asyncio
import logging
import signal
import sys

from pydantic import ValidationError

from mjproxy_simulator.part import Settings, serve

try:
    from uvloop import new_event_loop
except ModuleNotFoundError:  # There is none for Windows.
    from asyncio import new_event_loop  # type: ignore[assignment]


async def _run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM asks to stop."""
    serving = asyncio.ensure_future(serve(settings, _say_ready))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, serving.cancel)
    try:
        await serving
    except asyncio.CancelledError:
        logging.getLogger(__name__).info("Stopped")


def _say_ready(line: str) -> None:
    sys.stdout.write(f"ready {line}\n")
    sys.stdout.flush()


def main() -> int:
    """Run; return the exit status."""
    _read_command_line()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_run(Settings()))
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        return _complain("; ".join(faults))
    except OSError as error:
        return _complain(error.strerror or str(error))
    return 0


def _read_command_line() -> None:
    """End the process if help was asked for, or anything else: there are no arguments."""
    argparse.ArgumentParser(
        prog="python -m mjproxy_simulator",
        description="Run the simulator of Discord and of the Midjourney bot until SIGINT or SIGTERM.",
        epilog="Settings come from the environment: MJPROXY_SIMULATOR_LISTEN (127.0.0.1:8090), MJPROXY_DATA (data),"
        " MJPROXY_SPEED (1), and MJPROXY_SIMULATOR__ACCOUNTS and the others of docs/simulator.md.",
    ).parse_args()


def _complain(complaint: str) -> int:
    sys.stderr.write(f"mjproxy simulator: {complaint}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
