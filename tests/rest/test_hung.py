"""A server that is there and says nothing, and how long its answer to a submission is waited for."""

import math
import time

import pytest

from mjproxy.channel import open_channel
from mjproxy.errors import DeadlineExceeded
from mjproxy.v1.task_service_pb2 import (
    SUBMIT_CODE_SUCCESS,
    Image,
    ImagineCommand,
    SubmitTaskRequest,
    SubmitTaskResponse,
)
from mjproxy.watch import Position
from mjproxy_rest.cache import TaskCache
from mjproxy_rest.permissions import Permissions
from mjproxy_rest.service import TaskService
from mjproxy_rest.upstream import CHANNEL_OPTIONS, Upstream
from tests.rest.rest_running import submitting
from tests.rest.rest_server import HISTORY, ScriptedServer, running
from tests.rest.server_process import server_process

IMAGINE = SubmitTaskRequest(imagine=ImagineCommand(prompt="Cat"))


async def test_nothing_is_submitted_to_a_server_that_is_stopped_and_the_next_works_when_it_goes_on() -> None:
    async with (
        server_process() as server,
        open_channel(server.target, options=CHANNEL_OPTIONS) as channel,
        submitting(Upstream(channel)) as upstream,
    ):
        service = TaskService(upstream, TaskCache(), Permissions(time.monotonic), lambda: math.inf)
        await upstream.reach()
        server.stop()
        began = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            await service.submit("", IMAGINE)
        assert time.monotonic() - began < 5
        server.go_on()
        assert (await service.submit("", IMAGINE)).tasks[0].id == "1"


async def test_what_is_held_is_not_given_out_as_new_while_the_server_is_not_heard(server: ScriptedServer) -> None:
    silence = 0.0
    await server.put(running("1"))
    async with open_channel(f"127.0.0.1:{server.port}") as channel:
        cache = TaskCache()
        cache.reset(Position(1, HISTORY))
        service = TaskService(Upstream(channel), cache, Permissions(time.monotonic), lambda: silence)
        body = await service.fetch("", "1")
        assert (service.held("", "1"), server.calls) == (body, ["GetTask"])
        silence = 21.0
        assert service.held("", "1") is None
        memory = service.recall("", ["1"])
        assert memory is not None
        assert (memory.bodies, memory.age) == ((body,), 21.0)


@pytest.mark.parametrize(
    ("pictures", "translation", "least", "most"), [(0, 0, 5, 10), (0, 5, 10, 15), (4 * 2**20, 5, 14.1, 19.1)]
)
async def test_an_answer_is_waited_for_as_long_as_the_submission_may_take(
    pictures: int, translation: float, least: float, most: float, server: ScriptedServer
) -> None:
    server.answers.append(SubmitTaskResponse(tasks=[running("1")], code=SUBMIT_CODE_SUCCESS))
    images = [Image(data=bytes(pictures))] if pictures else []
    request = SubmitTaskRequest(imagine=ImagineCommand(prompt="Cat", images=images))
    async with (
        open_channel(f"127.0.0.1:{server.port}") as channel,
        submitting(Upstream(channel, translation)) as upstream,
    ):
        await upstream.submit("", request)
    # gRPC rounds up what it sends.
    assert least < server.patience[0] <= most + 1
