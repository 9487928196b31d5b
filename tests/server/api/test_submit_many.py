"""Several commands in one call."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence

import grpc
import pytest
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]

from mjproxy.errors import BannedPrompt, QueueFull, Refused, ServerError, from_answer, from_rpc
from mjproxy.v1 import task_service_pb2 as pb
from mjproxy_server.api.callers import Role
from tests.server.api.service import Service, StartService, bearer, made, refusal


def imagine(prompt: str, **options: str) -> pb.SubmitTaskRequest:
    return pb.SubmitTaskRequest(
        options=pb.SubmitOptions(**options),  # type: ignore[arg-type]
        imagine=pb.ImagineCommand(prompt=prompt),
    )


async def submitted(
    service: Service, requests: Sequence[pb.SubmitTaskRequest], key: str = ""
) -> list[pb.SubmitTaskResponse | ServerError]:
    """Returns what each came to, in the order of the requests."""
    answers: dict[int, pb.SubmitTaskResponse | ServerError] = {}
    async for response in service.tasks.SubmitTasks(pb.SubmitTasksRequest(requests=requests), metadata=bearer(key)):
        for answer in response.answers:
            assert answer.index not in answers
            answers[answer.index] = from_answer(answer.error) if answer.HasField("error") else answer.accepted
    return [answers[index] for index in range(len(requests))]


def accepted(answer: pb.SubmitTaskResponse | ServerError) -> pb.SubmitTaskResponse:
    assert isinstance(answer, pb.SubmitTaskResponse)
    return answer


async def test_each_command_has_its_own_task(service: Service) -> None:
    prompts = [f"cat {number}" for number in range(50)]
    answers = await submitted(service, [imagine(prompt) for prompt in prompts])
    assert [accepted(answer).tasks[0].prompt for answer in answers] == prompts
    stored = await service.tasks.ListTasks(pb.ListTasksRequest(page_size=100))
    assert sorted(task.prompt for task in stored.tasks) == sorted(prompts)


async def test_no_commands_have_no_answers(service: Service) -> None:
    assert await submitted(service, []) == []


async def test_a_refused_command_has_the_answer_that_it_would_have_alone(start_service: StartService) -> None:
    requests = [
        imagine(""),
        imagine("a nude cat"),
        imagine("a cat", request_id="7"),
        pb.SubmitTaskRequest(),
        made(change={"task_id": "1", "action": "ACTION_REROLL"}),
        made(options={"account_filter": {"account_id": "99"}}, imagine={"prompt": "a cat"}),
    ]
    async with start_service() as service:
        together = await submitted(service, requests)
        for request, error in zip(requests, together, strict=True):
            with pytest.raises(grpc.aio.AioRpcError) as alone:
                await service.tasks.SubmitTask(request)
            expected = from_rpc(alone.value)
            assert isinstance(error, Refused)
            assert (type(error), error.message, error.status, error.details) == (
                type(expected), expected.message, expected.status, expected.details,
            )  # fmt: skip
        assert service.engine.store.head == 0


async def test_what_is_refused_does_not_keep_the_others_from_being_accepted(start_service: StartService) -> None:
    async with start_service(queue_size=1) as service:
        answers = await submitted(service, [imagine(f"cat {number}") for number in range(9)] + [imagine("nude cat")])
        full = [answer for answer in answers if isinstance(answer, QueueFull)]
        assert isinstance(answers[-1], BannedPrompt)
        assert len(full) == 5  # Two accounts take one at work and one that waits.
        assert {error.retry_after for error in full} == {10.0}


async def test_a_request_id_that_comes_twice_in_a_call_is_one_submission(service: Service) -> None:
    request_id = str(uuid.uuid4())
    answers = [accepted(each) for each in await submitted(service, [imagine("a cat", request_id=request_id)] * 3)]
    assert len({answer.tasks[0].id for answer in answers}) == 1
    assert sorted(answer.deduplicated for answer in answers) == [False, True, True]


async def test_too_many_are_refused_as_a_whole(service: Service) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await submitted(service, [imagine("a cat")] * 1001)
    assert (refusal(error.value).code, refusal(error.value).fields) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        ["requests"],
    )
    assert service.engine.store.head == 0


async def test_the_call_needs_a_key_and_its_tasks_are_the_callers(start_service: StartService) -> None:
    async with start_service(ann=Role.USER, bob=Role.USER) as service:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await submitted(service, [imagine("a cat")])
        assert error.value.code() is grpc.StatusCode.UNAUTHENTICATED
        task = accepted((await submitted(service, [imagine("a cat")], "ann"))[0]).tasks[0]
        assert task.caller == "ann"


async def test_an_error_can_be_read_as_a_status(service: Service) -> None:
    call = service.tasks.SubmitTasks(pb.SubmitTasksRequest(requests=[imagine("")]))
    (answer,) = [answer async for response in call for answer in response.answers]
    status = Status.FromString(answer.error.SerializeToString())
    assert (status.code, status.message) == (answer.error.code, answer.error.message)
    assert [detail.type_url for detail in status.details] == [detail.type_url for detail in answer.error.details]


async def test_a_fault_is_told_without_its_inside_and_is_logged(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    submit = service.engine.submitter.submit

    async def fail_for_dogs(request: object) -> object:
        if "a dog" in str(request):
            raise RuntimeError("with a secret")
        return await submit(request)  # type: ignore[arg-type]

    monkeypatch.setattr(service.engine.submitter, "submit", fail_for_dogs)
    cat, dog = await submitted(service, [imagine("a cat"), imagine("a dog")])
    assert accepted(cat).tasks
    assert isinstance(dog, ServerError)
    assert (dog.reason, "secret" in dog.message) == ("INTERNAL", False)
    assert "A fault in SubmitTasks" in caplog.text


async def test_what_waits_holds_nobody_up(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    submit, translated = service.engine.submitter.submit, asyncio.Event()

    async def wait_for_dogs(request: object) -> object:
        if "a dog" in str(request):
            await translated.wait()
        return await submit(request)  # type: ignore[arg-type]

    monkeypatch.setattr(service.engine.submitter, "submit", wait_for_dogs)
    requests = [imagine("a dog"), imagine("a cat"), imagine("a hat")]
    call = service.tasks.SubmitTasks(pb.SubmitTasksRequest(requests=requests))
    found: list[int] = []
    async for response in call:
        found += [answer.index for answer in response.answers]
        if sorted(found) == [1, 2]:
            translated.set()
    assert found[-1] == 0
