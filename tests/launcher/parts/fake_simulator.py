"""Plays the simulator: answers every request with its accounts."""

import os
from collections.abc import Callable
from pathlib import Path

from pydantic import Field

from tests.launcher.parts.fake_listener import listen
from tests.launcher.parts.fake_settings import PartSettings, Section


class Simulator(Section):
    accounts: int = Field(default=3, ge=1)
    seed: str | None = None


class Settings(PartSettings):
    data: Path = Path("data")
    simulator_listen: str = "127.0.0.1:8090"
    speed: float = Field(1.0, gt=0)
    simulator: Simulator = Simulator()


async def serve(settings: Settings, ready: Callable[[str], None]) -> None:
    def account(number: int) -> dict[str, object]:
        ids = {"guild_id": f"1{number}", "channel_id": f"2{number}", "user_token": f"sim.{number}"}
        return ids | {"bot": "mj", "pid": os.getpid(), "speed": settings.speed}

    accounts = [account(number) for number in range(settings.simulator.accounts)]
    await listen("simulator", settings.simulator_listen, lambda: accounts, ready)
