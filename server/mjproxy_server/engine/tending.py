"""Parts that serve the engine without being needed for a task: a fault in one of them ends nothing else.

What tasks need has no such care: a server whose lanes, store or sessions are at fault ends, and the next process takes
the work up.
"""

import logging
from collections.abc import Callable, Coroutine
from typing import Final

from mjproxy_server.discord.timing import Clock

_logger = logging.getLogger(__name__)

PAUSE: Final = 60.0
"""Seconds until a part begins anew after a fault."""


async def tend(run: Callable[[], Coroutine[object, object, None]], clock: Clock) -> None:
    """Runs a part until cancelled, and again after each fault, which is logged."""
    while True:
        try:
            return await run()
        except Exception:
            _logger.exception("%s has failed by a fault of the server, and begins anew", run.__qualname__)
        await clock.sleep(PAUSE)
