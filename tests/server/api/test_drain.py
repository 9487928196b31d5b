"""The end of a server: what it still answers, what it refuses, and how long it takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mjproxy.v1 import account_service_pb2, delivery_service_pb2
from mjproxy.v1 import task_service_pb2 as pb
from tests.server.api.service import Refusal, Service, StartService, next_of, refusal

STATUS = health_pb2.HealthCheckResponse


@pytest.fixture
async def draining(start_service: StartService) -> AsyncIterator[Service]:
    """A server that drains until the end of the test, since an interaction has no answer yet; and a channel to it."""
    started: asyncio.Future[Service] = asyncio.get_running_loop().create_future()
    stopped = asyncio.Event()

    async def serve() -> None:
        async with start_service() as service:
            started.set_result(service)
            await stopped.wait()

    serving = asyncio.create_task(serve())
    service = await started
    async with (
        grpc.aio.insecure_channel(str(service.bound.address)) as channel,
        service.engine.fleet.lanes[0].link.pace.turn(),
    ):
        health = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        assert (await health.read()).status == STATUS.SERVING
        stopped.set()
        assert (await health.read()).status == STATUS.NOT_SERVING
        yield replace(service, channel=channel)
    await serving


async def last_words(watch: grpc.aio.UnaryStreamCall[Any, Any]) -> Refusal:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await watch.read()
    return refusal(error.value)


async def test_what_begins_something_is_refused_and_told_when_to_come_again(draining: Service) -> None:
    for call in (
        draining.imagine(),
        draining.deliveries.LeaseDeliveries(delivery_service_pb2.LeaseDeliveriesRequest()),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await call
        refused = refusal(error.value)
        assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE")
        assert refused.retry_seconds == 1
        assert refused.submit is None
    watch = draining.tasks.WatchTasks(pb.WatchTasksRequest())
    assert (await last_words(watch)).code is grpc.StatusCode.UNAVAILABLE


async def test_tasks_can_be_read_to_the_end(draining: Service) -> None:
    assert not (await draining.tasks.ListTasks(pb.ListTasksRequest())).tasks


async def test_a_watch_ends_with_a_bookmark_from_which_another_server_goes_on(service: Service) -> None:
    watched, other = await service.imagine(), await service.imagine("a dog")
    ids = pb.WatchFilter(ids=[watched.tasks[0].id])
    quiet = service.tasks.WatchTasks(pb.WatchTasksRequest(filter=ids))
    loud = service.tasks.WatchTasks(pb.WatchTasksRequest())
    begun_at = (await next_of(quiet)).revision
    await loud.read()
    await service.tasks.CancelTask(pb.CancelTaskRequest(id=other.tasks[0].id))
    await loud.read()
    service.engine.hub.close()
    bookmark = await next_of(quiet)
    assert (list(bookmark.changes), bookmark.revision) == ([], service.engine.store.head)
    assert bookmark.revision > begun_at
    assert (await last_words(quiet)).retry_seconds == 1


async def test_a_watch_of_accounts_ends_with_a_word(service: Service) -> None:
    watch = service.accounts.WatchAccounts(account_service_pb2.WatchAccountsRequest())
    await watch.read()
    await watch.read()
    service.engine.fleet.changes.close()
    assert (await last_words(watch)).code is grpc.StatusCode.UNAVAILABLE


async def test_a_server_with_open_watches_stops_at_once(start_service: StartService) -> None:
    """Their caller keeps his channel open."""
    async with AsyncExitStack() as caller:
        async with start_service() as service:
            channel = await caller.enter_async_context(grpc.aio.insecure_channel(str(service.bound.address)))
            watch = replace(service, channel=channel).tasks.WatchTasks(pb.WatchTasksRequest())
            await watch.read()
            health = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
            assert (await health.read()).status == STATUS.SERVING
            begun = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - begun < 2
        assert (await health.read()).status == STATUS.NOT_SERVING
        assert await health.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_server_does_not_wait_for_ever_for_the_answer_to_an_interaction(start_service: StartService) -> None:
    async with start_service(drain_seconds=0.2) as service:
        turn = service.engine.fleet.lanes[0].link.pace.turn()
        await turn.__aenter__()
        begun = asyncio.get_running_loop().time()
    assert 0.2 <= asyncio.get_running_loop().time() - begun < 3
