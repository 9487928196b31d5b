"""The simulator as a part of a larger program: its name, its settings, and how to run it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from mjproxy_simulator.settings import Settings, SimulatorSection, split_address

__all__ = ["NAME", "Settings", "SimulatorSection", "running", "serve"]

NAME: Final = "simulator"


async def serve(settings: Settings, ready: Callable[[str], None]) -> None:
    """Run the simulator until cancelled, and then close it.

    Args:
        settings: How.
        ready: Called with `simulator=URL` once it answers.

    Raises:
        OSError: The address cannot be had.
        StoreInUseError: Another simulator has the data folder open.
    """
    async with running(settings) as url:
        ready(f"{NAME}={url}")
        await asyncio.Event().wait()


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[str]:
    """Run the simulator as long as the context is open; gives its URL.

    Raises:
        OSError: The address cannot be had.
        StoreInUseError: Another simulator has the data folder open.
    """
    # A launcher reads the settings of all parts, but runs each in a process of its own: the rest is loaded only here.
    from mjproxy_simulator.server import bind, serving, url_of  # noqa: PLC0415
    from mjproxy_simulator.simulator import Simulator  # noqa: PLC0415

    with bind(*split_address(settings.simulator_listen)) as listener:
        url = url_of(listener)
        simulator = Simulator(settings.simulator, settings.data / "simulator", settings.speed, url)
        async with simulator, serving(simulator.app, listener):
            yield url
