"""Keeps one part running."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

from mjproxy.launcher import child
from mjproxy.launcher.errors import PartFailed
from mjproxy.launcher.launch import Launch
from mjproxy.launcher.ready import Endpoint
from mjproxy.launcher.restarts import GiveUp, Restarts, StartAgain

logger = logging.getLogger(__name__)

START_SECONDS: Final = 60.0
"""How long a part may take to answer before its start counts as failed."""


class Kept(NamedTuple):
    """A part that answers and is kept running."""

    endpoint: Endpoint
    keeper: asyncio.Task[None]
    """Ends only by cancellation, or with an error that nobody foresaw."""


@asynccontextmanager
async def kept_running(launch: Launch, now: Callable[[], float]) -> AsyncIterator[Kept]:
    """Starts a part, waits until it answers, and keeps it running; on leaving, drains it.

    Args:
        launch: How to start it.
        now: A clock that does not go back, in seconds.

    Raises:
        PartFailed: It ended, or was silent for too long, before it answered.
    """
    first_answer: asyncio.Future[Endpoint] = asyncio.get_running_loop().create_future()
    keeper = asyncio.create_task(_Supervisor(launch, now, first_answer).keep(), name=f"keeper of {launch.part}")
    try:
        either: set[asyncio.Future[Any]] = {first_answer, keeper}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if keeper.done():
            keeper.result()
        yield Kept(first_answer.result(), keeper)
    finally:
        keeper.cancel()
        await asyncio.wait({keeper})


class _Supervisor:
    def __init__(self, launch: Launch, now: Callable[[], float], first_answer: asyncio.Future[Endpoint]) -> None:
        self._launch = launch
        self._now = now
        self._first_answer = first_answer
        self._restarts = Restarts()

    async def keep(self) -> None:
        """Runs the part again and again, as the policy says, until cancelled; then drains it."""
        part = self._launch.part
        while True:
            ending = await self._run_once()
            match self._restarts.ended(self._now()):
                case GiveUp():
                    raise PartFailed(part, f"could not be started: it {ending}")
                case StartAgain(delay):
                    logger.warning("mjproxy %s %s; it is started again in %g s", part, ending, delay)
                    await asyncio.sleep(delay)

    async def _run_once(self) -> str:
        """Runs the part's process to its end, and says how it ended."""
        try:
            async with child.running(self._launch) as process:
                async with asyncio.timeout(START_SECONDS):
                    endpoint = await process.ready()
                if endpoint is not None:
                    self._answers_at(endpoint)
                return _in_words(await process.ended())
        except TimeoutError:
            return f"did not answer within {START_SECONDS:g} s"
        except OSError as error:
            return f"could not be made a process: {error}"

    def _answers_at(self, endpoint: Endpoint) -> None:
        """Notes the answer, and holds the part to this address: others have been told it."""
        logger.info("mjproxy %s answers at %s", self._launch.part, endpoint.address)
        self._restarts.answered(self._now())
        self._launch = self._launch.listening_at(endpoint.address)
        if not self._first_answer.done():
            self._first_answer.set_result(endpoint)


def _in_words(status: int) -> str:
    return f"ended with exit status {status}" if status >= 0 else f"was ended by a signal: {signal.strsignal(-status)}"
