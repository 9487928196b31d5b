"""SubmitTask over a real connection: what is answered, and how refusals explain themselves."""

from __future__ import annotations

import uuid

import grpc
import pytest

from mjproxy.v1 import task_pb2
from mjproxy.v1 import task_service_pb2 as pb
from tests.server.api.service import Service, StartService, made, refusal


async def test_an_accepted_task_can_be_read_at_once(service: Service) -> None:
    answer = await service.imagine("a cat", state="mine", notify_hook="https://host/hook")
    assert (answer.code, answer.queue_position, answer.deduplicated) == (pb.SUBMIT_CODE_SUCCESS, 0, False)
    task = answer.tasks[0]
    assert (task.action, task.status) == (task_pb2.ACTION_IMAGINE, task_pb2.TASK_STATUS_NOT_START)
    assert (task.prompt, task.description, task.state) == ("a cat", "/imagine a cat", "mine")
    assert (task.mode, task.bot_type) == (task_pb2.MODE_FAST, task_pb2.BOT_TYPE_MIDJOURNEY)
    assert len(task.id) == 16
    assert task.id.isdecimal()
    read = await service.tasks.GetTask(pb.GetTaskRequest(id=task.id, min_revision=answer.revision))
    assert read.task == task
    assert read.revision >= answer.revision


async def test_a_task_behind_others_is_told_its_place(service: Service) -> None:
    for _ in range(2):
        await service.imagine()
    places = [await service.imagine() for _ in range(4)]
    assert [place.queue_position for place in places] == [0, 0, 1, 1]
    assert places[3].code == pb.SUBMIT_CODE_IN_QUEUE
    assert places[3].description == "In queue, there is 1 task ahead"


async def test_a_full_queue_refuses_with_when_to_try_again(start_service: StartService) -> None:
    async with start_service(queue_size=0) as service:
        for _ in range(2):
            await service.imagine()
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await service.imagine()
        refused = refusal(error.value)
        assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL")
        assert refused.retry_seconds > 0
        assert refused.submit is not None
        assert refused.submit.code == pb.SUBMIT_CODE_QUEUE_REJECTED
        assert refused.submit.discord_instance_id in {"11", "22"}
        assert len(refused.submit.task_id) == 16
        listed = await service.tasks.ListTasks(pb.ListTasksRequest())
        assert refused.submit.task_id not in {task.id for task in listed.tasks}


async def test_a_banned_word_is_refused_with_the_word_and_the_prompt(service: Service) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await service.imagine("a Nude body")
    refused = refusal(error.value)
    assert (refused.code, refused.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "BANNED_PROMPT")
    assert refused.metadata == {"banned_word": "Nude"}
    assert refused.submit is not None
    assert refused.submit.code == pb.SUBMIT_CODE_BANNED_PROMPT
    assert (refused.submit.prompt_en, refused.submit.banned_word) == ("a Nude body", "Nude")
    assert service.engine.store.head == 0


@pytest.mark.parametrize("filler", ["x", "猫"])
async def test_a_long_prompt_with_a_banned_word_is_shown_as_far_as_trailers_go(service: Service, filler: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await service.imagine("nude " + filler * 5900)
    submit = refusal(error.value).submit
    assert submit is not None
    assert submit.prompt_en.startswith("nude " + filler * 900)
    assert submit.banned_word == "nude"


async def test_a_repeated_request_id_gets_the_first_answer(service: Service) -> None:
    request_id = str(uuid.uuid4())
    first = await service.imagine(request_id=request_id)
    again = await service.imagine(request_id=request_id)
    assert again.deduplicated
    again.deduplicated = False
    assert again == first


async def test_a_request_id_with_other_content_is_refused(service: Service) -> None:
    request_id = str(uuid.uuid4())
    await service.imagine("a cat", request_id=request_id)
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await service.imagine("a dog", request_id=request_id)
    refused = refusal(error.value)
    assert (refused.code, refused.reason) == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")


@pytest.mark.parametrize(
    ("request_", "code", "reason", "field"),
    [
        (made(), "INVALID_ARGUMENT", "INVALID_FIELD", "command"),
        (made(imagine={}), "INVALID_ARGUMENT", "INVALID_FIELD", "imagine.prompt"),
        (
            made(imagine={"prompt": "a cat", "images": [{}]}),
            "INVALID_ARGUMENT",
            "INVALID_IMAGE",
            "imagine.images[0]",
        ),
        (
            made(imagine={"prompt": "a cat", "images": [{"data": b"no image"}]}),
            "INVALID_ARGUMENT",
            "INVALID_IMAGE",
            "imagine.images[0]",
        ),
        (
            made(describe={"image": {"data": b"no image"}}),
            "INVALID_ARGUMENT",
            "INVALID_IMAGE",
            "describe.image",
        ),
        (
            made(face_swap={"source": {"url": "https://a.example/b.png"}, "target": {"data": b"x"}}),
            "INVALID_ARGUMENT",
            "INVALID_IMAGE",
            "face_swap.source",
        ),
        (
            made(options={"request_id": "7"}, imagine={"prompt": "a cat"}),
            "INVALID_ARGUMENT",
            "INVALID_FIELD",
            "options.request_id",
        ),
        (
            made(options={"mode": 77}, imagine={"prompt": "a cat"}),
            "INVALID_ARGUMENT",
            "INVALID_FIELD",
            "options.mode",
        ),
        (
            made(change={"task_id": "1", "action": task_pb2.ACTION_UPSCALE, "index": 5}),
            "INVALID_ARGUMENT",
            "INVALID_FIELD",
            "change.index",
        ),
        (made(change={"task_id": "1"}), "INVALID_ARGUMENT", "INVALID_FIELD", "change.action"),
        (
            made(change={"task_id": "1", "action": task_pb2.ACTION_REROLL}),
            "NOT_FOUND",
            "PARENT_NOT_FOUND",
            "",
        ),
        (made(action={"task_id": "1"}), "INVALID_ARGUMENT", "INVALID_FIELD", "action.custom_id"),
        (
            made(options={"account_filter": {"account_id": "99"}}, imagine={"prompt": "a cat"}),
            "NOT_FOUND",
            "NO_ACCOUNT",
            "",
        ),
        (made(shorten={}), "INVALID_ARGUMENT", "INVALID_FIELD", "shorten.prompt"),
        (made(describe={}), "INVALID_ARGUMENT", "INVALID_IMAGE", "describe.image"),
        (
            made(blend={"images": [{"url": "https://host/1.png"}]}),
            "INVALID_ARGUMENT",
            "INVALID_FIELD",
            "blend.images",
        ),
        (
            made(blend={"images": [{"url": "https://host/1.png"}] * 2}),
            "INVALID_ARGUMENT",
            "INVALID_IMAGE",
            "blend.images[0]",
        ),
        (
            made(blend={"images": [{"data": b"1"}] * 2, "dimensions": 9}),
            "INVALID_ARGUMENT",
            "INVALID_FIELD",
            "blend.dimensions",
        ),
    ],
)
async def test_a_refusal_says_why_and_changes_nothing(
    service: Service, request_: pb.SubmitTaskRequest, code: str, reason: str, field: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await service.tasks.SubmitTask(request_)
    refused = refusal(error.value)
    assert (refused.code.name, refused.reason) == (code, reason)
    assert refused.fields == ([field] if field else [])
    assert refused.message
    assert not (await service.tasks.ListTasks(pb.ListTasksRequest())).tasks
    assert service.engine.store.head == 0


async def test_a_waiting_task_is_cancelled_at_once_and_only_once(service: Service) -> None:
    task = (await service.imagine()).tasks[0]
    cancelled = await service.tasks.CancelTask(pb.CancelTaskRequest(id=task.id))
    assert cancelled.task.status == task_pb2.TASK_STATUS_CANCELLED
    again = await service.tasks.CancelTask(pb.CancelTaskRequest(id=task.id))
    assert again == cancelled
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await service.tasks.CancelTask(pb.CancelTaskRequest(id="1"))
    assert refusal(error.value).reason == "TASK_NOT_FOUND"


async def test_a_modal_for_a_task_that_waits_for_none_is_refused(service: Service) -> None:
    task = (await service.imagine()).tasks[0]
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await service.tasks.SubmitModal(pb.SubmitModalRequest(task_id=task.id))
    refused = refusal(error.value)
    assert (refused.code, refused.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NOT_MODAL")
