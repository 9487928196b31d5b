"""Row 13: whole jobs, from the request over REST to the result, with the simulator at full speed."""

import asyncio
import tempfile
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import orjson

from bench.http_load import post, read_answer
from bench.measure import Row, Sample, Scale, in_turn
from bench.processes import Control, Running, running, until_closed
from bench.rest_stack import shim
from bench.stack import served_engine
from mjproxy.channel import open_channel
from mjproxy.v1 import task_pb2
from mjproxy.v1 import task_service_pb2 as pb
from mjproxy.v1.task_service_pb2_grpc import TaskServiceStub
from mjproxy_rest.part import RestSettings
from mjproxy_server.discord.endpoints import Endpoints
from mjproxy_server.model.account import Account
from mjproxy_simulator.part import Settings, SimulatorSection
from mjproxy_simulator.part import running as running_simulator

JOBS = 1_000
ACCOUNTS = 50
SPEED = 1_000.0
CONNECTIONS = 16
AIMS = {"server": 8.0, "shim": 1.0}
"""Milliseconds of CPU for a job, of all processes; the simulator is no part of the service, its share is only noted."""


async def simulator(control: Control, data: str, accounts: str) -> None:
    """Discord and the bot, whose jobs take no time but that of their work."""
    settings = Settings(
        data=Path(data),
        simulator_listen="127.0.0.1:0",
        speed=SPEED,
        simulator=SimulatorSection(accounts=int(accounts)),
    )
    async with running_simulator(settings) as url:
        control.say_port(url.rpartition(":")[2])
        await until_closed(control)


async def working(control: Control, data: str, discord: str) -> None:
    """The server with all accounts that the simulator has; says its port when they are connected."""
    url, gateway = f"http://{discord}", f"ws://{discord}"
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        accounts = [_account(each) for each in (await http.get("/control/accounts")).json()]
    endpoints = Endpoints(server=url, cdn=url, gateway=gateway, resume_gateway=gateway, upload_server=url)
    async with served_engine(Path(data), accounts, endpoints) as (port, engine):
        await asyncio.gather(*(lane.link.wait_until_ready() for lane in engine.fleet.lanes))
        control.say_port(port)
        await until_closed(control)


def _account(simulated: Mapping[str, str]) -> Account:
    return Account(
        guild_id=simulated["guild_id"],
        channel_id=simulated["channel_id"],
        user_token=simulated["user_token"],
        user_agent="Mozilla/5.0",
        core_size=3,
        queue_size=100,
        interval_seconds=0,
    )


async def rows(scale: Scale) -> list[Row]:
    """Has many pictures drawn, all at once."""
    jobs, accounts = scale.of(JOBS, least=5), scale.of(ACCOUNTS)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        discord = await stack.enter_async_context(running(simulator, folder / "discord", accounts))
        server = await stack.enter_async_context(running(working, folder / "server", discord.target))
        rest = await stack.enter_async_context(running(shim, server.target, RestSettings().workers))
        parts = {"server": server, "shim": rest, "simulator": discord}
        costs: dict[str, list[Sample]] = {name: [] for name in parts}

        async def drawn() -> Sample:
            before = {name: part.cpu for name, part in parts.items()}
            rate = await _draw(server, rest, jobs)
            for name, part in parts.items():
                costs[name].append(Sample((part.cpu - before[name]) / jobs * 1e3, rate))
            return Sample(rate, rate)

        await in_turn(scale.rounds, {"jobs": drawn})
    return [_row(name, jobs, accounts, costs[name][1:]) for name in parts]


def _row(name: str, jobs: int, accounts: int, cost: list[Sample]) -> Row:
    aim = AIMS.get(name)
    return Row(
        number=13,
        name=f"{jobs:,} jobs over {accounts} accounts, CPU of the {name} for each",
        limit=f"{aim:g} ms, set from the profile" if aim else "1 ms, for the scale",
        unit="ms CPU",
        ours=cost,
        bound=[Sample(aim or 1.0)] * len(cost),
        aim=1 if aim else None,
    )


async def _draw(server: Running, rest: Running, jobs: int) -> float:
    """Submits over REST, and returns how many jobs a second came to a good end."""
    begin = time.perf_counter()
    async with open_channel(server.target) as channel:
        watch = TaskServiceStub(channel).WatchTasks(pb.WatchTasksRequest())
        await watch.read()  # It stands from its first message on.
        submitting = asyncio.create_task(_submit(rest, jobs))
        ended = 0
        while ended < jobs:
            message = await watch.read()
            assert isinstance(message, pb.WatchTasksResponse), "the watch has ended"
            ended += sum(_is_end(change.task) for change in message.changes)
        await submitting
        watch.cancel()
    return jobs / (time.perf_counter() - begin)


def _is_end(task: task_pb2.Task) -> bool:
    assert task.status != task_pb2.TASK_STATUS_FAILURE, task.failure
    return task.status == task_pb2.TASK_STATUS_SUCCESS


async def _submit(rest: Running, jobs: int) -> None:
    numbers = iter(range(jobs))

    async def caller() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", rest.port)
        for number in numbers:
            prompt = f"a lighthouse with {number} windows, {time.time_ns()}"
            writer.write(post("/mj/submit/imagine", orjson.dumps({"prompt": prompt})))
            await read_answer(reader)
        writer.close()

    await asyncio.gather(*(caller() for _ in range(CONNECTIONS)))
