"""The outbox of callbacks through a real server: who leases it, waits for it, reports on it and tidies it up."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from mjproxy.v1 import delivery_service_pb2 as pb
from mjproxy.v1 import task_service_pb2
from mjproxy_server.api.callers import Role
from mjproxy_server.model.outbox import LEASE_MS
from tests.server.api.service import Service, StartService, bearer, refusal

HOOK = "https://host.example/hook?token=very-secret"


async def cancelled(service: Service, hook: str = HOOK) -> str:
    """Submits a task and cancels it; its hook is to be told of that. Returns its id."""
    task = (await service.imagine(notify_hook=hook)).tasks[0]
    await service.tasks.CancelTask(task_service_pb2.CancelTaskRequest(id=task.id))
    return task.id


async def lease(service: Service, wait: float = 0, key: str = "", most: int = 10) -> pb.LeaseDeliveriesResponse:
    request = pb.LeaseDeliveriesRequest(max=most, wait=Duration(nanos=int(wait * 1e9) % 10**9, seconds=int(wait)))
    return await service.deliveries.LeaseDeliveries(request, metadata=bearer(key), timeout=20)


async def report(service: Service, lease_id: str, outcome: pb.DeliveryOutcome.ValueType, **fields: object) -> None:
    result = pb.DeliveryResult(lease_id=lease_id, outcome=outcome, **fields)  # type: ignore[arg-type]
    await service.deliveries.ReportDeliveries(pb.ReportDeliveriesRequest(results=[result]))


async def listed(service: Service, **fields: object) -> pb.ListDeliveriesResponse:
    return await service.deliveries.ListDeliveries(pb.ListDeliveriesRequest(**fields))  # type: ignore[arg-type]


async def test_a_change_is_leased_and_gone_when_it_is_delivered(service: Service) -> None:
    task_id = await cancelled(service)
    (delivery,) = (await lease(service)).deliveries
    assert delivery.task == await service.task(task_id)
    assert (delivery.hook, delivery.trusted, delivery.attempt) == (HOOK, False, 1)
    assert delivery.revision == service.engine.store.head
    assert LEASE_MS <= delivery.lease_duration.ToMilliseconds() < LEASE_MS + 10_000
    await report(service, delivery.lease_id, pb.DELIVERY_OUTCOME_DELIVERED)
    assert not (await listed(service)).deliveries


async def test_whoever_waits_is_woken_by_the_next_change(service: Service) -> None:
    waiting = asyncio.create_task(lease(service, wait=15))
    assert not (await lease(service)).deliveries  # By its answer, the other call has been looked at too.
    task_id = await cancelled(service)
    assert [each.task.id for each in (await waiting).deliveries] == [task_id]


async def test_whoever_waits_is_woken_by_a_retry(service: Service) -> None:
    task_id = await cancelled(service)
    (delivery,) = (await lease(service)).deliveries
    await report(service, delivery.lease_id, pb.DELIVERY_OUTCOME_DROP)
    waiting = asyncio.create_task(lease(service, wait=15))
    assert not (await lease(service)).deliveries
    await service.deliveries.RetryDelivery(pb.RetryDeliveryRequest(task_id=task_id))
    assert [each.attempt for each in (await waiting).deliveries] == [1]


async def test_whoever_waits_is_woken_when_another_report_makes_room(service: Service) -> None:
    for _ in range(9):
        await cancelled(service)
    held = (await lease(service)).deliveries
    waiting = asyncio.create_task(lease(service, wait=15))
    assert not (await lease(service)).deliveries
    await report(service, held[0].lease_id, pb.DELIVERY_OUTCOME_DELIVERED)
    assert len((await waiting).deliveries) == 1


async def test_a_wait_ends_when_the_server_stops(start_service: StartService) -> None:
    async with start_service() as service:
        waiting = asyncio.create_task(lease(service, wait=15))
        await lease(service)
        service.engine.deliveries.close()
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await waiting
        assert refusal(error.value).reason == "UNAVAILABLE"


async def test_an_empty_wait_ends_in_time(service: Service) -> None:
    assert not (await lease(service, wait=0.01)).deliveries


async def test_a_failure_is_shown_with_what_was_said_of_it_but_without_secrets(service: Service) -> None:
    task_id = await cancelled(service)
    (delivery,) = (await lease(service)).deliveries
    await report(
        service,
        delivery.lease_id,
        pb.DELIVERY_OUTCOME_RETRY,
        http_status=503,
        error="x" * 1000,
        retry_after=Duration(seconds=600),
    )
    (record,) = (await listed(service, state=pb.DELIVERY_STATE_PENDING)).deliveries
    assert (record.task_id, record.hook, record.attempts) == (task_id, "https://host.example/hook", 1)
    assert (record.last_http_status, record.last_error) == (503, "x" * 500)
    assert record.next_time.ToSeconds() - delivery.task.finish_time.ToSeconds() >= 600


async def test_what_fails_for_good_is_logged_once_without_secrets(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    task_id = await cancelled(service)
    (delivery,) = (await lease(service)).deliveries
    for _ in range(2):
        await report(service, delivery.lease_id, pb.DELIVERY_OUTCOME_DROP, http_status=410, error="Gone")
    (line,) = [record.getMessage() for record in caplog.records if record.name.endswith("deliveries")]
    assert line == f"The callbacks of task {task_id} to host.example have failed for good (HTTP status 410): Gone"
    (record,) = (await listed(service, state=pb.DELIVERY_STATE_FAILED)).deliveries
    assert not record.HasField("next_time")


async def test_what_is_given_up_is_not_listed(service: Service) -> None:
    task_id = await cancelled(service)
    await service.deliveries.DropDelivery(pb.DropDeliveryRequest(task_id=task_id))
    assert not (await listed(service)).deliveries
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await service.deliveries.RetryDelivery(pb.RetryDeliveryRequest(task_id=task_id))
    refused = refusal(error.value)
    assert (refused.code, refused.metadata) == (grpc.StatusCode.NOT_FOUND, {"task_id": task_id})


async def test_pages_follow_each_other(service: Service) -> None:
    ids = [await cancelled(service) for _ in range(3)]
    first = await listed(service, page_size=2)
    second = await listed(service, page_size=2, page_token=first.next_page_token)
    assert [each.task_id for each in (*first.deliveries, *second.deliveries)] == ids
    assert second.next_page_token == ""
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await listed(service, page_token=first.next_page_token, state=pb.DELIVERY_STATE_PENDING)
    assert refusal(error.value).fields == ["page_token"]


@pytest.mark.parametrize(
    ("method", "request_", "field"),
    [
        ("LeaseDeliveries", pb.LeaseDeliveriesRequest(), "max"),
        ("LeaseDeliveries", pb.LeaseDeliveriesRequest(max=-1), "max"),
        ("LeaseDeliveries", pb.LeaseDeliveriesRequest(max=1, wait=Duration(seconds=-1)), "wait"),
        ("ReportDeliveries", pb.ReportDeliveriesRequest(results=[pb.DeliveryResult(lease_id="1")]), "results.outcome"),
        ("ListDeliveries", pb.ListDeliveriesRequest(page_size=-1), "page_size"),
        ("ListDeliveries", pb.ListDeliveriesRequest(page_token="nonsense"), "page_token"),
        ("ListDeliveries", pb.ListDeliveriesRequest(state=9), "state"),  # type: ignore[arg-type]
    ],
)
async def test_wrong_arguments_are_refused(service: Service, method: str, request_: object, field: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await getattr(service.deliveries, method)(request_)
    refused = refusal(error.value)
    assert (refused.code, refused.fields) == (grpc.StatusCode.INVALID_ARGUMENT, [field])


SERVICE = {"LeaseDeliveries": pb.LeaseDeliveriesRequest(max=1), "ReportDeliveries": pb.ReportDeliveriesRequest()}
ADMIN = {
    "ListDeliveries": pb.ListDeliveriesRequest(),
    "RetryDelivery": pb.RetryDeliveryRequest(task_id="1"),
    "DropDelivery": pb.DropDeliveryRequest(task_id="1"),
}


async def test_services_deliver_and_admins_see_and_users_do_neither(start_service: StartService) -> None:
    async with start_service(boss=Role.ADMIN, guest=Role.USER, shim=Role.SERVICE) as service:

        async def may(method: str, request: object, key: str) -> bool:
            try:
                await getattr(service.deliveries, method)(request, metadata=bearer(key))
            except grpc.aio.AioRpcError as error:
                return error.code() is not grpc.StatusCode.PERMISSION_DENIED
            return True

        for calls, keys in ((SERVICE, {"boss", "shim", "service-key"}), (ADMIN, {"boss"})):
            for method, request in calls.items():
                allowed = [key for key in ("boss", "guest", "shim", "service-key") if await may(method, request, key)]
                assert set(allowed) == keys, method
