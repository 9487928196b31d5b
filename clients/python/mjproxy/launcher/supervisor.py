"""Keeps one process running."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

from mjproxy.launcher import child
from mjproxy.launcher.errors import PartFailed
from mjproxy.launcher.launch import Startable
from mjproxy.launcher.ready import Endpoint
from mjproxy.launcher.restarts import GiveUp, Restarts, StartAgain

logger = logging.getLogger(__name__)

START_SECONDS: Final = 60.0
"""How long it may take to answer before its start counts as failed."""


class Kept(NamedTuple):
    """A process that answers and is kept running."""

    endpoint: Endpoint
    keeper: asyncio.Task[None]
    """Ends only by cancellation, with an error that nobody foresaw, or when it has been retired."""
    retire: Callable[[], None]
    """Has it not be started again when it ends: it will be drained."""


@asynccontextmanager
async def kept_running(
    launch: Startable, now: Callable[[], float], restarts: Restarts | None = None
) -> AsyncIterator[Kept]:
    """Starts a process, waits until it answers, and keeps it running; on leaving, drains it.

    Args:
        launch: How to start it.
        now: A clock that does not go back, in seconds.
        restarts: When it is started again that has ended; by default only if it has ever answered.

    Raises:
        PartFailed: It ended, or was silent for too long, and is not started again.
    """
    first_answer: asyncio.Future[Endpoint] = asyncio.get_running_loop().create_future()
    supervisor = _Supervisor(launch, now, restarts or Restarts(), first_answer)
    keeper = asyncio.create_task(supervisor.keep(), name=f"keeper of {launch.name}")
    try:
        either: set[asyncio.Future[Any]] = {first_answer, keeper}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if keeper.done():
            keeper.result()
        yield Kept(first_answer.result(), keeper, supervisor.retire)
    finally:
        keeper.cancel()
        await asyncio.wait({keeper})


async def first_failure(keepers: Iterable[asyncio.Task[None]]) -> None:
    """Waits for one of these to end, which it does by an error only, and raises that. Cancelling it cancels none."""
    done, _ = await asyncio.wait(set(keepers), return_when=asyncio.FIRST_COMPLETED)
    for keeper in done:
        keeper.result()


class _Supervisor:
    def __init__(
        self,
        launch: Startable,
        now: Callable[[], float],
        restarts: Restarts,
        first_answer: asyncio.Future[Endpoint],
    ) -> None:
        self._launch = launch
        self._now = now
        self._restarts = restarts
        self._first_answer = first_answer
        self._is_retired = False

    def retire(self) -> None:
        """See `Kept`."""
        self._is_retired = True

    async def keep(self) -> None:
        """Runs it again and again, as the policy says, until cancelled; then drains it."""
        name = self._launch.name
        while not self._is_retired:
            ending = await self._run_once()
            if self._is_retired:
                return
            match self._restarts.ended(self._now()):
                case GiveUp():
                    raise PartFailed(name, f"could not be started: it {ending}")
                case StartAgain(delay):
                    logger.warning("mjproxy %s %s; it is started again in %g s", name, ending, delay)
                    await asyncio.sleep(delay)

    async def _run_once(self) -> str:
        """Runs the process to its end, and says how it ended."""
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
        """Notes the answer, and holds it to this address: others have been told it."""
        logger.info("mjproxy %s answers at %s", self._launch.name, endpoint.address)
        self._restarts.answered(self._now())
        self._launch = self._launch.listening_at(endpoint.address)
        if not self._first_answer.done():
            self._first_answer.set_result(endpoint)


def _in_words(status: int) -> str:
    return f"ended with exit status {status}" if status >= 0 else f"was ended by a signal: {signal.strsignal(-status)}"
