"""The log of a process: stderr, one line for each record."""

import logging
import time
from collections.abc import Iterable
from typing import Final

LEVELS: Final = ("debug", "info", "warning", "error")


class _OneLine(logging.Formatter):
    """UTC time, level, part, logger, message. Line breaks in a message, which may quote a prompt, are escaped."""

    converter = staticmethod(time.gmtime)
    default_msec_format = "%s.%03dZ"
    default_time_format = "%Y-%m-%dT%H:%M:%S"

    def __init__(self, part: str) -> None:
        super().__init__(f"%(asctime)s %(levelname)-7s {part} %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class's name
        return super().formatMessage(record).replace("\r", "\\r").replace("\n", "\\n")


def configure(part: str, level: str, packages: Iterable[str]) -> None:
    """Sets up the log of this process.

    Args:
        part: Its name in each line.
        level: One of `LEVELS`, for our own packages. Libraries say warnings only: at lower levels they quote what is
            sent, tokens included.
        packages: The names of our own packages.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_OneLine(part))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for package in packages:
        logging.getLogger(package).setLevel(level.upper())
