"""Row 12: pages of the list, the start and the memory of a server whose store holds many tasks."""

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, closing
from functools import partial
from pathlib import Path

import grpc
from msgspec.structs import replace

from bench.measure import Row, Sample, Scale, in_turn
from bench.processes import Running, running
from bench.samples import ACCOUNT, cpu_per_call, finished_task
from bench.stack import call, server
from mjproxy.v1 import task_pb2
from mjproxy.v1 import task_service_pb2 as pb
from mjproxy_server.model.task import Task
from mjproxy_server.store import database
from mjproxy_server.store import rows as statements

FEW, MANY = 10_000, 1_000_000
ACCOUNTS = 50
START_SECONDS = 5.0
MEGABYTES = 200.0
PAGE = 100
IN_FLIGHT = 4

FILTERS = {
    "the newest": pb.TaskFilter(),
    "of one account": pb.TaskFilter(account_id=ACCOUNT),
    "that failed": pb.TaskFilter(statuses=[task_pb2.TASK_STATUS_FAILURE]),
    "unfinished": pb.TaskFilter(statuses=[task_pb2.TASK_STATUS_NOT_START, task_pb2.TASK_STATUS_IN_PROGRESS]),
}


async def rows(scale: Scale) -> list[Row]:
    """Fills two stores, then asks both for the same pages."""
    async with AsyncExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        for folder, tasks in zip(folders, (FEW, MANY), strict=True):
            await asyncio.to_thread(_fill, folder, scale.of(tasks))
        starts = [await _started(folders[1]) for _ in range(scale.rounds)]
        few, many = [await stack.enter_async_context(running(server, folder)) for folder in folders]
        found = [await _paged(scale, few, many, name, wanted) for name, wanted in FILTERS.items()]
        memory = Sample(many.memory / 1e6)
    return [*found, _start_row(scale, starts), _memory_row(scale, memory)]


def _fill(folder: Path, tasks: int) -> None:
    """Writes finished tasks of some accounts; their revisions are compacted away, as those of old tasks are."""
    path = folder / database.NAME
    with closing(database.open_for_writing(path, database.migrations())) as connection:
        connection.execute("BEGIN")
        for task in _tasks(tasks):
            statements.insert_task(connection, task)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _tasks(number: int) -> Iterator[Task]:
    model = finished_task()
    first = int(model.id) - number
    for count in range(number):
        yield replace(model, id=str(first + count), account_id=str(count % ACCOUNTS + 1))


async def _started(folder: Path) -> Sample:
    """Returns the seconds until a server on the folder answers, its imports included."""
    begin = time.perf_counter()
    async with running(server, folder):
        return Sample(time.perf_counter() - begin)


async def _paged(scale: Scale, few: Running, many: Running, name: str, wanted: pb.TaskFilter) -> Row:
    request = pb.ListTasksRequest(filter=wanted, page_size=PAGE).SerializeToString()
    taken = await in_turn(
        scale.rounds,
        {
            "many": partial(_listed, many, request, scale.seconds / 2),
            "few": partial(_listed, few, request, scale.seconds / 2),
        },
    )
    return Row(
        number=12,
        name=f"a page of tasks {name}, {scale.of(MANY):,} stored",
        limit=f"the same with {scale.of(FEW):,}",
        unit="µs CPU",
        ours=taken["many"],
        bound=taken["few"],
        aim=2,
    )


async def _listed(source: Running, request: bytes, seconds: float) -> Sample:
    async with grpc.aio.insecure_channel(source.target) as channel:
        asked = call(channel, "ListTasks")
        return await cpu_per_call(source, lambda _: asked(request), IN_FLIGHT, seconds)


def _start_row(scale: Scale, starts: Sequence[Sample]) -> Row:
    return Row(
        number=12,
        name=f"start with {scale.of(MANY):,} tasks stored",
        limit=f"{START_SECONDS:g} s",
        unit="s",
        ours=starts,
        bound=[Sample(START_SECONDS)] * len(starts),
        aim=1,
    )


def _memory_row(scale: Scale, memory: Sample) -> Row:
    return Row(
        number=12,
        name=f"memory after lists with {scale.of(MANY):,} tasks stored",
        limit=f"{MEGABYTES:g} MB",
        unit="MB",
        ours=[memory],
        bound=[Sample(MEGABYTES)],
        aim=1,
    )
