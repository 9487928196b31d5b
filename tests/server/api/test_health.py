"""Health: red while the disk takes no writes, green when it does again; what was accepted stays accepted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mjproxy.v1 import task_service_pb2 as pb
from tests.server.api.service import StartService, refusal
from tests.server.full_disk import full_disk

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


async def test_it_follows_the_disk_and_nothing_that_was_accepted_is_lost(
    start_service: StartService, tmp_path: Path
) -> None:
    async with start_service() as service, asyncio.timeout(30):
        health = health_pb2_grpc.HealthStub(service.channel).Watch(
            health_pb2.HealthCheckRequest(service="mjproxy.v1.TaskService")
        )
        assert (await health.read()).status == SERVING
        accepted = await service.imagine()
        with full_disk(tmp_path / "data" / "mjproxy.db-wal"):
            with pytest.raises(grpc.aio.AioRpcError) as error:
                await service.imagine("a dog")
            refused = refusal(error.value)
            assert (refused.code, refused.retry_seconds) == (grpc.StatusCode.UNAVAILABLE, 1)
            assert str(tmp_path) not in refused.message
            assert (await health.read()).status == NOT_SERVING
            assert (await service.task(accepted.tasks[0].id)).prompt == "a cat"
        assert (await health.read()).status == SERVING
        tasks = (await service.tasks.ListTasks(pb.ListTasksRequest())).tasks
        assert [task.prompt for task in tasks] == ["a cat"]
        assert (await service.imagine("a dog")).revision == accepted.revision + 1
