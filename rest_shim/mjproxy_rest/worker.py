"""`python -m mjproxy_rest.worker`: one worker of a shim. `workers` starts it; people have no use for it."""

import argparse
import socket

import setproctitle

from mjproxy.launcher import lifeline, logs, part_process
from mjproxy.launcher.errors import LauncherError
from mjproxy_rest.part import Settings
from mjproxy_rest.server import Duty, serve
from mjproxy_rest.shown import SharedRevisions


def main() -> None:
    """Serves until SIGTERM, or until stdin ends."""
    arguments = _arguments()
    setproctitle.setproctitle(f"mjproxy {arguments.name}")
    logs.configure(arguments.name, arguments.log_level, ["mjproxy", "mjproxy_rest"])
    lifeline.hold(arguments.patience)
    listener = socket.socket(fileno=arguments.listener)
    shown = SharedRevisions(arguments.memory, arguments.number)
    duty = Duty(shown, delivers=arguments.number == 0, heard_within=arguments.heard_within)
    try:
        part_process.run(arguments.name, lambda ready: serve(Settings(), listener, ready, duty))
    except LauncherError as error:
        error.show()
        raise SystemExit(error.exit_code) from None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mjproxy_rest.worker")
    for name in ("--number", "--listener", "--memory"):
        parser.add_argument(name, type=int, required=True)
    for name in ("--heard-within", "--patience"):
        parser.add_argument(name, type=float, required=True)
    for name in ("--name", "--log-level"):
        parser.add_argument(name, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
