"""What happens around calls: they are logged when they have ended, and each method is wrapped for all its calls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import grpc
import pytest

from mjproxy.v1 import task_service_pb2 as pb
from tests.server.api.service import Service


class Lines(logging.Handler):
    """Hands on what is logged; a call is logged after its caller has the answer."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: asyncio.Queue[str] = asyncio.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.put_nowait(record.getMessage())

    async def next(self) -> str:
        return await asyncio.wait_for(self._lines.get(), 5)

    @property
    def empty(self) -> bool:
        return self._lines.empty()


@pytest.fixture
def lines() -> Iterator[Lines]:
    logger, handler = logging.getLogger("mjproxy_server.api.interceptors"), Lines()
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


async def test_the_end_of_a_call_is_logged_with_its_status(service: Service, lines: Lines) -> None:
    await service.imagine()
    assert (await lines.next()).startswith("/mjproxy.v1.TaskService/SubmitTask StatusCode.OK ")
    with pytest.raises(grpc.aio.AioRpcError):
        await service.task("1234567890123456")
    assert (await lines.next()).startswith("/mjproxy.v1.TaskService/GetTask StatusCode.NOT_FOUND ")


@pytest.mark.parametrize(("given", "told"), [("7f00-shim", "7f00-shim"), ("a b", "-"), ("x" * 129, "-"), ("", "-")])
async def test_a_call_is_logged_with_the_request_id_that_its_caller_logs(
    service: Service, lines: Lines, given: str, told: str
) -> None:
    await service.tasks.ListTasks(pb.ListTasksRequest(), metadata=(("x-request-id", given),))
    assert (await lines.next()).endswith(f" ms (request {told})")


async def test_a_fault_is_logged_with_the_request_id(
    service: Service, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(type(service.engine.recent), "get")
    with pytest.raises(grpc.aio.AioRpcError):
        await service.tasks.GetTask(pb.GetTaskRequest(id="1234567890123456"), metadata=(("x-request-id", "7f00"),))
    assert await lines.next() == "A fault in /mjproxy.v1.TaskService/GetTask (request 7f00)"


async def test_the_end_of_a_stream_is_logged_when_its_caller_leaves(service: Service, lines: Lines) -> None:
    watch = service.tasks.WatchTasks(pb.WatchTasksRequest())
    await watch.read()
    assert lines.empty
    watch.cancel()
    assert (await lines.next()).startswith("/mjproxy.v1.TaskService/WatchTasks ")


async def test_a_method_that_is_not_there_is_unimplemented(service: Service) -> None:
    call = service.channel.unary_unary("/mjproxy.v1.TaskService/Nothing", bytes, bytes)
    for _ in range(2):
        with pytest.raises(grpc.aio.AioRpcError) as failure:
            await call(b"")
        assert failure.value.code() is grpc.StatusCode.UNIMPLEMENTED
