"""Keys, callers and roles: who may call, and whose tasks they see."""

from __future__ import annotations

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from mjproxy.v1 import task_service_pb2 as pb
from mjproxy_server.api.callers import Role
from tests.server.api.service import Service, StartService, bearer, next_of, refusal

KEYS = {"alice": Role.USER, "bob": Role.USER, "root": Role.ADMIN}


@pytest.mark.parametrize(
    "metadata",
    [(), bearer("wrong"), (("authorization", "Bearer "),), (("mj-api-secret", "alic"),), (("mj-api-secret", ""),)],
)
async def test_a_missing_or_unknown_key_is_refused(
    start_service: StartService, metadata: tuple[tuple[str, str], ...]
) -> None:
    async with start_service(**KEYS) as service:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await service.tasks.ListTasks(pb.ListTasksRequest(), metadata=metadata)
        assert refusal(error.value).reason == "UNAUTHENTICATED"
        watch = service.tasks.WatchTasks(pb.WatchTasksRequest(), metadata=metadata)
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await watch.read()
        assert refusal(error.value).code is grpc.StatusCode.UNAUTHENTICATED
        assert "alice" not in str(error.value.details())


@pytest.mark.parametrize(
    "metadata",
    [
        (("authorization", "Bearer alice"),),
        (("authorization", "bearer alice"),),
        (("authorization", "alice"),),
        (("mj-api-secret", "alice"),),
        (("mj-api-secret", "alice"), ("authorization", "Bearer wrong")),
    ],
)
async def test_a_key_may_come_in_every_known_form(
    start_service: StartService, metadata: tuple[tuple[str, str], ...]
) -> None:
    async with start_service(**KEYS) as service:
        assert not (await service.tasks.ListTasks(pb.ListTasksRequest(), metadata=metadata)).tasks


async def test_users_see_their_own_tasks_only(start_service: StartService) -> None:
    async with start_service(**KEYS) as service:
        mine = (await service.imagine(key="alice")).tasks[0]
        assert mine.caller == "alice"
        assert await _listed(service, "alice") == await _listed(service, "root") == [mine.id]
        assert await _listed(service, "service-key") == [mine.id]
        assert await _listed(service, "bob") == []
        assert (await service.task(mine.id, key="root")).id == mine.id
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await service.task(mine.id, key="bob")
        assert refusal(error.value).reason == "TASK_NOT_FOUND"


async def test_users_watch_their_own_tasks_only(start_service: StartService) -> None:
    async with start_service(**KEYS) as service:
        for key in ("bob", "alice", "bob"):
            await service.imagine(key=key)
        watch = service.tasks.WatchTasks(pb.WatchTasksRequest(after_revision=0), metadata=bearer("alice"))
        assert not (await next_of(watch)).changes
        changes = (await next_of(watch)).changes
        assert [change.task.caller for change in changes] == ["alice"]
        watch.cancel()


async def test_without_keys_everybody_may_call(service: Service) -> None:
    task = (await service.imagine(key="anything")).tasks[0]
    assert task.caller == ""
    assert (await service.task(task.id)).id == task.id


async def test_health_needs_no_key(start_service: StartService) -> None:
    async with start_service(**KEYS) as service:
        health = health_pb2_grpc.HealthStub(service.channel)
        for name in ("", "mjproxy.v1.TaskService"):
            answer = await health.Check(health_pb2.HealthCheckRequest(service=name))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_reflection_needs_no_key_and_names_every_service(start_service: StartService) -> None:
    async with start_service(**KEYS) as service:
        stub = reflection_pb2_grpc.ServerReflectionStub(service.channel)
        requests = [reflection_pb2.ServerReflectionRequest(list_services="")]
        answers = [answer async for answer in stub.ServerReflectionInfo(iter(requests))]
        names = {found.name for found in answers[0].list_services_response.service}
        assert {"mjproxy.v1.TaskService", "mjproxy.v1.AccountService", "mjproxy.v1.DeliveryService"} <= names


async def _listed(service: Service, key: str) -> list[str]:
    answer = await service.tasks.ListTasks(pb.ListTasksRequest(), metadata=bearer(key))
    return [task.id for task in answer.tasks]
