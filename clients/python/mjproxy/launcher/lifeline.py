"""Ends a supervised process when its supervisor is gone.

The supervisor holds the other end of the process's stdin and never writes to it: the stream ends when the supervisor
does, be it by `kill -9`. The watch is a thread, so that it works while the event loop is busy or stuck.
"""

import logging
import os
import signal
import sys
import threading
import time
from typing import Final

logger = logging.getLogger(__name__)

CLOSE_SECONDS: Final = 5.0
"""How long the process may take to close when its supervisor is gone."""


def hold() -> None:
    """Begins to watch stdin."""
    threading.Thread(target=_end_with, args=(sys.stdin.fileno(),), name="lifeline", daemon=True).start()


def _end_with(descriptor: int) -> None:
    while os.read(descriptor, 0x1000):
        pass
    logger.warning("the supervisor is gone")
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(CLOSE_SECONDS)
    os._exit(1)
