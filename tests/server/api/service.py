"""What the tests of the API do with a running server, in few words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import grpc
from google.rpc import error_details_pb2  # type: ignore[import-untyped]
from grpc_status import rpc_status

from mjproxy.v1 import account_service_pb2_grpc, delivery_service_pb2_grpc, task_pb2, task_service_pb2_grpc
from mjproxy.v1 import task_service_pb2 as pb
from mjproxy_server.api.server import BoundServer
from mjproxy_server.engine.engine import Engine

Response = TypeVar("Response")


@dataclass(frozen=True, slots=True)
class Service:
    """A running server, a channel to it, and the engine behind it to make facts happen."""

    bound: BoundServer
    channel: grpc.aio.Channel
    engine: Engine

    @property
    def tasks(self) -> task_service_pb2_grpc.TaskServiceAsyncStub:
        return task_service_pb2_grpc.TaskServiceStub(self.channel)

    @property
    def accounts(self) -> account_service_pb2_grpc.AccountServiceAsyncStub:
        return account_service_pb2_grpc.AccountServiceStub(self.channel)

    @property
    def deliveries(self) -> delivery_service_pb2_grpc.DeliveryServiceAsyncStub:
        return delivery_service_pb2_grpc.DeliveryServiceStub(self.channel)

    async def imagine(self, prompt: str = "a cat", key: str = "", **options: str) -> pb.SubmitTaskResponse:
        request = pb.SubmitTaskRequest(
            options=pb.SubmitOptions(**options),  # type: ignore[arg-type]
            imagine=pb.ImagineCommand(prompt=prompt),
        )
        return await self.tasks.SubmitTask(request, metadata=bearer(key))

    async def task(self, task_id: str, key: str = "") -> task_pb2.Task:
        return (await self.tasks.GetTask(pb.GetTaskRequest(id=task_id), metadata=bearer(key))).task


async def next_of(watch: grpc.aio.UnaryStreamCall[Any, Response]) -> Response:
    """Returns the next message of a stream that has not ended."""
    message = await watch.read()
    assert message is not grpc.aio.EOF  # type: ignore[attr-defined]
    return cast(Response, message)


def made(**fields: object) -> pb.SubmitTaskRequest:
    """Makes a request of nested dictionaries, which the library takes for messages, and its types do not know of."""
    return pb.SubmitTaskRequest(**fields)  # type: ignore[arg-type]


StartService = Callable[..., AbstractAsyncContextManager[Service]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused call, unpacked."""

    code: grpc.StatusCode
    message: str
    reason: str
    metadata: dict[str, str]
    fields: list[str]
    retry_seconds: int
    submit: pb.SubmitRefusal | None


def bearer(key: str) -> Sequence[tuple[str, str]]:
    return (("authorization", f"Bearer {key}"),) if key else ()


def refusal(error: grpc.aio.AioRpcError) -> Refusal:
    """Unpacks the details of an error; every error must have ErrorInfo."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]  # it says more than its types
    assert status is not None, f"without details: {error}"
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    retry, submit = error_details_pb2.RetryInfo(), pb.SubmitRefusal()
    found = {
        type(message): detail.Unpack(message)
        for message in (info, bad, retry, submit)
        for detail in status.details
        if detail.Is(message.DESCRIPTOR)
    }
    assert found.get(error_details_pb2.ErrorInfo)
    assert info.domain == "mjproxy"
    return Refusal(
        code=error.code(),
        message=error.details() or "",
        reason=info.reason,
        metadata=dict(info.metadata),
        fields=[violation.field for violation in bad.field_violations],
        retry_seconds=retry.retry_delay.seconds,
        submit=submit if pb.SubmitRefusal in found else None,
    )
