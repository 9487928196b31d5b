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

logger = logging.getLogger(__name__)


def hold(patience: float) -> None:
    """Begins to watch stdin.

    Args:
        patience: How many seconds the process may take to close when its supervisor is gone.
    """
    threading.Thread(target=_end_with, args=(sys.stdin.fileno(), patience), name="lifeline", daemon=True).start()


def _end_with(descriptor: int, patience: float) -> None:
    while os.read(descriptor, 0x1000):
        pass
    logger.warning("the supervisor is gone")
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(patience)
    os._exit(1)
