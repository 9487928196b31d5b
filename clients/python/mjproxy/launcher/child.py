"""A process, seen from its supervisor."""

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mjproxy.launcher import ready
from mjproxy.launcher.launch import Startable
from mjproxy.launcher.ready import Endpoint

logger = logging.getLogger(__name__)


class Child:
    """A running process."""

    def __init__(self, process: Process) -> None:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        self._process = process
        self._stdout = process.stdout

    async def ready(self) -> Endpoint | None:
        """Waits for the ready line; `None` when the process closed its stdout without one, as it does by ending."""
        async for line in self._stdout:
            text = line.decode(errors="replace")
            endpoint = ready.read(text)
            if endpoint is not None:
                return endpoint
            sys.stderr.write(text)
        return None

    async def ended(self) -> int:
        """Waits for the end and gives the exit status, negative for a signal; what else it prints goes to stderr."""
        while text := await self._stdout.read(0x1000):
            sys.stderr.write(text.decode(errors="replace"))
        return await self._process.wait()


@asynccontextmanager
async def running(launch: Startable) -> AsyncIterator[Child]:
    """Starts the process; on leaving, drains it if it still runs.

    Its stdin is a pipe from this process, which closes when this process ends in whatever way; the child's `lifeline`
    then ends it. It has a session of its own: Ctrl-C in a terminal reaches the supervisor alone, who drains what it has
    started in order. Its stderr is the supervisor's.
    """
    process = await asyncio.create_subprocess_exec(
        *launch.command(),
        stdin=PIPE,
        stdout=PIPE,
        env=launch.environment_over(os.environ),
        pass_fds=launch.descriptors,
        start_new_session=True,
    )
    try:
        yield Child(process)
    finally:
        await _drain(launch, process)


async def _drain(launch: Startable, process: Process) -> None:
    """Asks the process to end, and kills it if that takes too long or the wait is cut short."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(launch.patience):
            await process.wait()
    except TimeoutError:
        logger.warning("mjproxy %s did not close within %g s and is killed", launch.name, launch.patience)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
