"""Submissions that share calls, over a real channel to a scripted server."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import count

import grpc
import httpx
import pytest

from mjproxy.channel import authorization, open_channel
from mjproxy.errors import InternalError, QueueFull, Unavailable
from mjproxy.v1.task_service_pb2 import (
    SUBMIT_CODE_SUCCESS,
    Image,
    ImagineCommand,
    SubmitAnswer,
    SubmitError,
    SubmitTaskRequest,
    SubmitTaskResponse,
    SubmitTasksRequest,
    SubmitTasksResponse,
)
from mjproxy.v1.task_service_pb2_grpc import TaskServiceStub
from mjproxy_rest.submissions import Caller, Submissions
from tests.rest.rest_running import running_shim
from tests.rest.rest_server import Context, Refusal, ScriptedServer, running

ANN, BOB = Caller(authorization("ann"), "of-ann"), Caller(authorization("bob"), "of-bob")

REFUSALS = {
    "full": Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL", "full"),
    "fault": Refusal(grpc.StatusCode.INTERNAL, "INTERNAL", "a fault"),
}


@dataclass
class PromptServer(ScriptedServer):
    """Does as prompts say: waits for `go_on`, ends the call ("end", "break"), refuses ("full", "fault"), or accepts."""

    together: list[list[str]] = field(default_factory=list)
    keys_shown: list[str] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    numbers: Iterator[int] = field(default_factory=count)

    async def SubmitTask(self, request: SubmitTaskRequest, context: Context) -> SubmitTaskResponse:
        await self._caller("SubmitTask", context)
        self._note(context, [request])
        return await self._accepted(request)

    async def SubmitTasks(self, request: SubmitTasksRequest, context: Context) -> AsyncIterator[SubmitTasksResponse]:
        await self._caller("SubmitTasks", context)
        self._note(context, request.requests)
        waiting = []
        for index, each in enumerate(request.requests):
            match each.imagine.prompt:
                case "end":
                    return
                case "break":
                    await context.abort(grpc.StatusCode.UNAVAILABLE, "it stops")
                case "wait":
                    waiting.append(index)
                case refused if refused in REFUSALS:
                    status = REFUSALS[refused].rich_status()
                    error = SubmitError.FromString(dict(status.trailing_metadata)["grpc-status-details-bin"])
                    yield SubmitTasksResponse(answers=[SubmitAnswer(index=index, error=error)])
                case _:
                    accepted = await self._accepted(each)
                    yield SubmitTasksResponse(answers=[SubmitAnswer(index=index, accepted=accepted)])
        if waiting:
            await self.go_on.wait()
        late = [SubmitAnswer(index=index, accepted=await self._accepted(request.requests[index])) for index in waiting]
        yield SubmitTasksResponse(answers=late)

    def _note(self, context: Context, requests: Sequence[SubmitTaskRequest]) -> None:
        metadata = dict(context.invocation_metadata() or ())
        self.keys_shown.append(str(metadata.get("authorization", "")))
        self.together.append([request.imagine.prompt for request in requests])

    async def _accepted(self, request: SubmitTaskRequest) -> SubmitTaskResponse:
        task = running(f"{next(self.numbers)}")
        task.prompt = request.imagine.prompt
        await self.put(task)
        return SubmitTaskResponse(tasks=[task], code=SUBMIT_CODE_SUCCESS, revision=self.revision)


@dataclass
class Sender:
    """What submits to the server, and the server."""

    server: PromptServer
    submissions: Submissions

    @contextmanager
    def running(self) -> Iterator[None]:
        sending = asyncio.create_task(self.submissions.run())
        yield
        sending.cancel()

    def submit(self, prompt: str, caller: Caller = ANN, pictures: int = 0) -> "asyncio.Task[SubmitTaskResponse]":
        images = [Image(data=bytes(pictures))] if pictures else []
        request = SubmitTaskRequest(imagine=ImagineCommand(prompt=prompt, images=images))
        return asyncio.create_task(self.submissions.submit(caller, request, 10))


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    async with PromptServer.serve() as server, open_channel(f"127.0.0.1:{server.port}") as channel:
        yield Sender(server, Submissions(TaskServiceStub(channel)))


@asynccontextmanager
async def submitted(sender: Sender, *prompts: str) -> AsyncIterator[list["asyncio.Task[SubmitTaskResponse]"]]:
    """Submits all at the same time, and sends them for the time of the block."""
    answers = [sender.submit(prompt) for prompt in prompts]
    await asyncio.sleep(0)
    with sender.running():
        yield answers


async def test_what_is_submitted_at_the_same_time_goes_in_one_call_and_each_has_its_own_answer(sender: Sender) -> None:
    prompts = [f"cat {number}" for number in range(40)]
    async with submitted(sender, *prompts) as answers:
        responses = await asyncio.gather(*answers)
    assert [response.tasks[0].prompt for response in responses] == prompts
    assert sender.server.together == [prompts]


async def test_one_alone_goes_by_itself_under_the_name_of_its_request(sender: Sender) -> None:
    async with submitted(sender, "a cat") as (answer,):
        assert (await answer).tasks[0].prompt == "a cat"
    assert (sender.server.calls, sender.server.request_ids) == (["SubmitTask"], ["of-ann"])


async def test_each_caller_shows_its_own_key(sender: Sender) -> None:
    async with submitted(sender) as answers:
        answers += [sender.submit(f"{number}", caller) for number in range(3) for caller in (ANN, BOB)]
        responses = await asyncio.gather(*answers)
    assert [response.tasks[0].prompt for response in responses] == ["0", "0", "1", "1", "2", "2"]
    assert sender.server.together == [["0", "1", "2"]] * 2
    assert sorted(sender.server.keys_shown) == ["Bearer ann", "Bearer bob"]


async def test_pictures_keep_nobody_waiting(sender: Sender) -> None:
    async with submitted(sender) as answers:
        answers += [sender.submit("small"), sender.submit("large", pictures=100_000), sender.submit("small")]
        await asyncio.gather(*answers)
    assert sorted(sender.server.together) == [["large"], ["small", "small"]]


async def test_a_call_carries_only_so_many(sender: Sender) -> None:
    async with submitted(sender, *["a cat"] * 450) as answers:
        await asyncio.gather(*answers)
    assert sorted(map(len, sender.server.together)) == [50, 200, 200]


async def test_one_that_is_not_decided_holds_up_neither_its_company_nor_the_next(sender: Sender) -> None:
    async with submitted(sender, "wait", "a cat") as (waiting, cat):
        await cat
        await asyncio.gather(sender.submit("a hat"), sender.submit("a dog"))
        assert not waiting.done()
        sender.server.go_on.set()
        assert (await waiting).tasks[0].prompt == "wait"


async def test_those_that_nobody_answers_hold_the_next_up_for_a_moment_only(sender: Sender) -> None:
    async with submitted(sender, "wait", "wait") as waiting:
        assert (await sender.submit("a hat")).tasks
        sender.server.go_on.set()
        await asyncio.gather(*waiting)


async def test_a_refusal_is_its_own(sender: Sender, caplog: pytest.LogCaptureFixture) -> None:
    async with submitted(sender, "full", "a cat", "fault") as answers:
        full, cat, fault = await asyncio.gather(*answers, return_exceptions=True)
    assert isinstance(full, QueueFull)
    assert isinstance(cat, SubmitTaskResponse)
    assert isinstance(fault, InternalError)
    assert (full.reason, fault.message) == ("QUEUE_FULL", "a fault")
    assert ("mjproxy_rest.submissions", logging.WARNING) in [entry[:2] for entry in caplog.record_tuples]


@pytest.mark.parametrize("end", ["end", "break"])
async def test_what_is_not_answered_before_the_call_ends_has_failed(sender: Sender, end: str) -> None:
    async with submitted(sender, "a cat", end, "a dog") as answers:
        cat, *others = await asyncio.gather(*answers, return_exceptions=True)
        assert isinstance(cat, SubmitTaskResponse)
        assert [type(other) for other in others] == [Unavailable, Unavailable]
        assert (await sender.submit("a hat")).tasks


async def test_who_leaves_takes_nobody_along(sender: Sender) -> None:
    async with submitted(sender, "a cat", "a dog", "full") as (cat, dog, full):
        dog.cancel()
        full.cancel()
        assert (await cat).tasks[0].prompt == "a cat"
        assert (await sender.submit("a hat")).tasks


async def test_callers_of_the_shim_have_their_own_answers() -> None:
    async with PromptServer.serve() as server, running_shim(f"127.0.0.1:{server.port}") as shim:

        async def ask(prompt: str) -> tuple[str, str]:
            answer: httpx.Response = await shim.post("/mj/submit/imagine", json={"prompt": prompt})
            return prompt, server.tasks[answer.json()["result"]].prompt

        pairs = await asyncio.gather(*(ask(f"cat {number}") for number in range(100)))
    assert [asked for asked, _ in pairs] == [told for _, told in pairs]
