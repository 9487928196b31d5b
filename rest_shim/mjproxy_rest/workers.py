"""Runs several workers of the shim, and keeps each of them running.

Each is a process that is a whole shim. They have the listening socket in common, so that a caller finds one address,
and whichever worker has time takes the next connection; while one is busy with a large body, or has died and is started
again, the others serve. What keeps callers from noticing that there are several is in `shown`. Callbacks are posted by
the first one only, for how many of them may be under way to one host is counted in one place.

This process only supervises, and so does little that could end it; if something does, its workers end with it.
"""

import asyncio
import json
import logging
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

from pydantic import SecretStr

from mjproxy.launcher.address import Address
from mjproxy.launcher.origins import ENVIRONMENT_PREFIX, variable
from mjproxy.launcher.restarts import Restarts
from mjproxy.launcher.supervisor import first_failure, kept_running
from mjproxy_rest.listening import announcement
from mjproxy_rest.part import NAME, Settings
from mjproxy_rest.shown import shared_memory

# What closing takes besides the drain; less than this process is given for its own.
_CLOSING_SECONDS: Final = 3.0

# For how long a worker leaves connections to the others until it has heard from the server, before which it knows
# neither what is old nor what to answer while the server is away. At the first start there are no others.
_HEARD_WITHIN_SECONDS: Final = 20.0
_FIRST_HEARD_WITHIN_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Worker:
    """How a worker is started; a `mjproxy.launcher.launch.Startable`.

    Attributes:
        number: Which one it is, from 0.
        settings: The shim's settings.
        listener: The descriptor of the listening socket.
        memory: The descriptor of the memory that the workers share.
        heard_within: See `mjproxy_rest.server.Duty`.
    """

    number: int
    settings: Settings
    listener: int
    memory: int
    heard_within: float

    @property
    def name(self) -> str:
        """See `Startable`."""
        return f"{NAME} worker {self.number + 1}"

    @property
    def patience(self) -> float:
        """See `Startable`."""
        return self.settings.drain_seconds + _CLOSING_SECONDS

    @property
    def descriptors(self) -> tuple[int, ...]:
        """See `Startable`."""
        return self.listener, self.memory

    def command(self) -> list[str]:
        """See `Startable`. `-P` keeps the working directory out of the module path."""
        level = logging.getLogger(__package__).getEffectiveLevel()
        values = {
            "--name": self.name,
            "--number": self.number,
            "--listener": self.listener,
            "--memory": self.memory,
            "--heard-within": self.heard_within,
            "--patience": self.patience,
            "--log-level": logging.getLevelName(level).lower(),
        }
        arguments = [str(word) for pair in values.items() for word in pair]
        return [sys.executable, "-P", "-m", f"{__package__}.worker", *arguments]

    def environment_over(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """See `Startable`. It holds the settings, and nothing else that could be read as one."""
        others = {name: value for name, value in inherited.items() if not name.upper().startswith(ENVIRONMENT_PREFIX)}
        return others | variables(self.settings)

    def listening_at(self, _: Address) -> Self:
        """See `Startable`. It stays where it is; and when it is started again, the others serve."""
        return replace(self, heard_within=_HEARD_WITHIN_SECONDS)


async def serve(settings: Settings, listener: socket.socket, ready: Callable[[str], None]) -> None:
    """Runs the workers until it is cancelled; then drains them, all at once.

    The first one starts alone: whatever keeps it from that would keep the others, too, and is told once. What keeps
    one of the others from it will not last.

    Args:
        settings: How to serve, and with how many workers.
        listener: Where; closed when they take no more connections.
        ready: Called once, as soon as there is a worker that answers.

    Raises:
        PartFailed: The first worker could not be started.
    """
    count = settings.rest.workers
    memory = shared_memory(count)
    first = Worker(0, settings, listener.fileno(), memory, _FIRST_HEARD_WITHIN_SECONDS)
    others = [replace(first, number=number, heard_within=_HEARD_WITHIN_SECONDS) for number in range(1, count)]
    try:
        async with kept_running(first, time.monotonic) as kept:
            ready(announcement(listener))
            keepers = [kept.keeper, *(asyncio.create_task(_keep(worker)) for worker in others)]
            try:
                await first_failure(keepers)
            finally:
                listener.close()  # Or callers that come while the workers close would wait here for nobody.
                for keeper in keepers:
                    keeper.cancel()
                await asyncio.wait(keepers)
    finally:
        os.close(memory)


async def _keep(worker: Worker) -> None:
    async with kept_running(worker, time.monotonic, Restarts(is_able=True)) as kept:
        await first_failure([kept.keeper])


def variables(settings: Settings) -> dict[str, str]:
    """Writes settings as the variables from which a worker reads them.

    Of the callers' keys, whether there are any is all that a worker wants to know.
    """
    marked = settings.model_copy(update={"api_secret": None, "keys": ({},) if settings.has_keys else ()})
    values = marked.model_dump(exclude_none=True)
    return {variable((key,)): _written(value) for key, value in values.items()}


def _written(value: object) -> str:
    match value:
        case str():
            return value
        case SecretStr():
            return value.get_secret_value()
        case _:
            return json.dumps(value, default=SecretStr.get_secret_value)
