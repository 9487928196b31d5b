"""How long a server with much unfinished work takes until it serves, and until every account is at work again.

The store holds ten thousand tasks of a hundred accounts, three of each at work. The limit beside the first figure is
the time that reading as many tasks takes alone.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.engine.clock import SystemClock
from mjproxy_server.engine.engine import EngineConfig, running_engine
from mjproxy_server.engine.upkeep import Retention
from mjproxy_server.model.account import Account
from mjproxy_server.model.command import Imagine
from mjproxy_server.model.facts import Progressed, Sending, Taken
from mjproxy_server.model.task import Task
from mjproxy_server.model.vocabulary import Action
from mjproxy_server.store.interface import Capacity, Store, Submission, TaskQuery
from mjproxy_server.store.sqlite import open_store
from mjproxy_simulator.part import Settings, SimulatorSection, running

ACCOUNTS = 100
TASKS = 100
AT_WORK = 3
AIM_SECONDS = 1.0
AIM_CONNECTED_SECONDS = 15.0


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data=Path(folder) / "discord",
            simulator_listen="127.0.0.1:0",
            speed=0.01,
            simulator=SimulatorSection(accounts=ACCOUNTS),
        )
        async with running(settings) as url, httpx.AsyncClient(base_url=url) as control:
            accounts = [account(each) for each in (await control.get("/control/accounts")).json()]
            data = Path(folder) / "server"
            reading = await filled(data, accounts)
            await measured(data, accounts, url, reading)


async def filled(data: Path, accounts: list[Account]) -> float:
    """Fills the store, and returns the seconds that reading all of it takes."""
    store = await open_store(data, now=lambda: int(time.time() * 1000), hook="")
    await asyncio.gather(*(fill(store, each) for each in accounts))
    begun = time.monotonic()
    assert len((await store.list(TaskQuery(limit=ACCOUNTS * TASKS))).tasks) == ACCOUNTS * TASKS
    seconds = time.monotonic() - begun
    await store.close()
    return seconds


async def fill(store: Store, owner: Account) -> None:
    def built(task_id: str) -> Task:
        return Task(
            id=task_id,
            account_id=owner.id,
            action=Action.IMAGINE,
            command=Imagine("a cat"),
            prompt_en=f"a cat of {task_id}",
            description="/imagine a cat",
            submitted_at=int(time.time() * 1000),
        )

    admission = await store.submit(
        Submission(
            builds=(built,) * TASKS,
            account_id=owner.id,
            capacity=Capacity(0, TASKS),
            caller="",
            request_id=None,
            digest=b"",
        )
    )
    now = int(time.time() * 1000)
    for number, task in enumerate(admission.tasks[:AT_WORK]):
        nonce = str((now - 1_420_070_400_000 << 22) + int(owner.id[-6:]) + number)
        await store.record(task.id, Sending(now, nonce), Taken(now, nonce), Progressed(now, nonce, 10))


async def measured(data: Path, accounts: list[Account], url: str, reading: float) -> None:
    gateway = url.replace("http://", "ws://")
    config = EngineConfig(
        data=data,
        accounts=tuple(accounts),
        endpoints=Endpoints(server=url, cdn=url, gateway=gateway, resume_gateway=gateway, upload_server=url),
        retention=Retention(),
        account_sync=False,
    )
    begun = time.monotonic()
    async with running_engine(config, clock=SystemClock(), rng=random.Random(1)) as engine:
        serving = time.monotonic() - begun
        await asyncio.gather(*(lane.link.wait_until_ready() for lane in engine.fleet.lanes))
        connected = time.monotonic() - begun
        assert sum(len(lane.at_work) for lane in engine.fleet.lanes) >= ACCOUNTS * AT_WORK
        assert sum(len(lane.waiting) for lane in engine.fleet.lanes) > 0
    print(f"{'serves after':24} {serving:6.2f} s   aim {AIM_SECONDS:4.0f}   reading alone {reading:6.2f}")
    print(f"{'all are connected after':24} {connected:6.2f} s   aim {AIM_CONNECTED_SECONDS:4.0f}")


def account(simulated: Mapping[str, str]) -> Account:
    return Account(
        guild_id=simulated["guild_id"],
        channel_id=simulated["channel_id"],
        user_token=simulated["user_token"],
        user_agent="Mozilla/5.0",
        core_size=AT_WORK,
    )


if __name__ == "__main__":
    asyncio.run(main())
