import uuid
from contextlib import aclosing
from pathlib import Path

import grpc
import pytest

from mjproxy import errors
from mjproxy.aio.client import AsyncClient
from mjproxy.calls import MAX_TRIES, may_repeat
from mjproxy.follow import Patience
from mjproxy.terms import Status
from mjproxy.v1 import task_pb2 as pb
from mjproxy.v1.account_pb2 import Account
from mjproxy.v1.task_service_pb2 import SUBMIT_CODE_SUCCESS, SubmitTaskRequest
from tests.client.picture_server import PictureServer
from tests.client.scripted_server import Cut, Fails, ScriptedServer

UNAVAILABLE = Fails(grpc.StatusCode.UNAVAILABLE)


def submitted(server: ScriptedServer) -> list[SubmitTaskRequest]:
    return [call.request for call in server.called("SubmitTask") if isinstance(call.request, SubmitTaskRequest)]


async def test_imagine_sends_prompt_images_and_options(
    server: ScriptedServer, client: AsyncClient, tmp_path: Path
) -> None:
    file = tmp_path / "cat.png"
    file.write_bytes(b"file")
    task = await client.imagine(
        "a cat",
        images=[b"bytes", file, "https://example.org/cat.png"],
        mode="relax",
        bot="niji",
        state="mine",
        notify_hook="https://example.org/hook",
    )
    [request] = submitted(server)
    assert request.imagine.prompt == "a cat"
    assert [image.data or image.url for image in request.imagine.images] == [
        b"bytes",
        b"file",
        "https://example.org/cat.png",
    ]
    assert request.options.mode == pb.MODE_RELAX
    assert request.options.bot_type == pb.BOT_TYPE_NIJI
    assert request.options.state == "mine"
    assert request.options.notify_hook == "https://example.org/hook"
    assert uuid.UUID(request.options.request_id).version == 4
    assert (task.status, task.prompt, task.message.state) == (Status.NOT_START, "a cat", "mine")
    assert task.submission is not None
    assert task.submission.code == SUBMIT_CODE_SUCCESS
    assert task.submission.task_ids == (task.id,)


async def test_follow_ups_name_their_parent(server: ScriptedServer, client: AsyncClient) -> None:
    task = await client.task(server.add(buttons=[pb.Button(custom_id="MJ::JOB::upsample::1::x", label="U1")]).id)
    await task.upscale(2)
    await task.vary(3, state="mine")
    await task.reroll()
    await task.buttons["U1"].click()
    upscale, vary, reroll, press = submitted(server)
    assert (upscale.change.action, upscale.change.index) == (pb.ACTION_UPSCALE, 2)
    assert (vary.change.action, vary.change.index, vary.options.state) == (pb.ACTION_VARIATION, 3, "mine")
    assert (reroll.change.action, reroll.change.index) == (pb.ACTION_REROLL, 0)
    assert press.action.custom_id == "MJ::JOB::upsample::1::x"
    assert {request.change.task_id or request.action.task_id for request in (upscale, vary, reroll, press)} == {task.id}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mode": "slow"}, "mode: 'slow' is none of fast, relax, turbo"),
        ({"bot": "dalle"}, "bot: 'dalle' is none of midjourney, niji"),
        ({"images": ["cat.png"]}, r"'cat.png' is no http\(s\) URL"),
    ],
)
async def test_imagine_refuses_what_is_none(
    server: ScriptedServer, client: AsyncClient, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        await client.imagine("a cat", **arguments)  # type: ignore[arg-type]
    assert not server.calls


async def test_imagine_refuses_a_file_that_is_too_large(client: AsyncClient, tmp_path: Path) -> None:
    file = tmp_path / "large.png"
    with file.open("wb") as large:
        large.truncate(20 * 1024 * 1024 + 1)
    with pytest.raises(ValueError, match=r"large.png has 20971521 bytes"):
        await client.imagine("a cat", images=[file])


def test_only_unreachable_servers_are_asked_again() -> None:
    unavailable = errors.Unavailable("", grpc.StatusCode.UNAVAILABLE)
    assert [may_repeat(unavailable, tries) for tries in (1, MAX_TRIES - 1, MAX_TRIES)] == [True, True, False]
    assert not may_repeat(errors.InternalError("", grpc.StatusCode.INTERNAL), 1)
    assert not may_repeat(errors.QueueFull("", grpc.StatusCode.RESOURCE_EXHAUSTED), 1)
    assert not may_repeat(errors.DeadlineExceeded("", grpc.StatusCode.DEADLINE_EXCEEDED), 1)


@pytest.mark.parametrize("fails", [UNAVAILABLE, Fails(grpc.StatusCode.CANCELLED)])
async def test_submission_is_repeated_with_the_same_request_id(
    server: ScriptedServer, client: AsyncClient, fails: Fails
) -> None:
    server.errors["SubmitTask"].append(fails)
    await client.imagine("a cat")
    first, second = submitted(server)
    assert first == second


async def test_given_request_id_is_kept(server: ScriptedServer, client: AsyncClient) -> None:
    request_id = str(uuid.uuid4())
    await client.imagine("a cat", request_id=request_id)
    assert submitted(server)[0].options.request_id == request_id


async def test_call_ends_with_its_deadline(server: ScriptedServer) -> None:
    server.hang = True
    async with AsyncClient(server.target, timeout=0.05) as client:
        with pytest.raises(errors.DeadlineExceeded):
            await client.task("1")


async def test_a_call_that_sends_much_has_longer(server: ScriptedServer) -> None:
    async with AsyncClient(server.target, timeout=20) as client:
        await client.describe(b"x" * 3 * 2**20)
        await client.describe(b"x")
    much, little = server.called("SubmitTask")
    assert little.patience < 21 < much.patience


async def test_key_goes_with_every_call_and_into_no_text(server: ScriptedServer) -> None:
    server.key = "top-secret"
    server.accounts.append(Account(id="1"))
    client = AsyncClient(server.target, key="top-secret")
    async with client:
        task = await client.imagine("a cat")
        server.on_watch.append(lambda: server.succeed(task.id))
        await task.wait()
        await client.accounts.list()
        assert "top-secret" not in f"{client!r} {task!r} {client._link.connection!r}"
    assert {call.metadata["authorization"] for call in server.calls} == {"Bearer top-secret"}


async def test_call_without_a_key_is_unauthenticated(server: ScriptedServer, client: AsyncClient) -> None:
    server.key = "secret"
    with pytest.raises(errors.Unauthenticated):
        await client.imagine("a cat")


async def test_a_closed_client_says_so(server: ScriptedServer) -> None:
    client = AsyncClient(server.target)
    await client.task(server.add().id)
    await client.aclose()
    with pytest.raises(RuntimeError, match="the client is closed"):
        await client.task("1")


async def test_unknown_task_is_not_found(client: AsyncClient) -> None:
    for reading in (client.task("1"), client.wait("1")):
        with pytest.raises(errors.NotFound):
            await reading


async def test_tasks_reads_page_after_page(server: ScriptedServer, client: AsyncClient) -> None:
    server.page_size = 2
    added = [server.add(status=pb.TASK_STATUS_SUCCESS, state="mine").id for _ in range(5)]
    server.add(status=pb.TASK_STATUS_FAILURE, state="mine")
    server.add(status=pb.TASK_STATUS_SUCCESS, state="other")
    listed = [task.id async for task in client.tasks(statuses=["success"], actions=["imagine"], state="mine")]
    assert listed == added[::-1]
    assert len(server.called("ListTasks")) == 3


async def test_accounts_reads_page_after_page(server: ScriptedServer, client: AsyncClient) -> None:
    server.page_size = 2
    server.accounts.extend(Account(id=str(number)) for number in range(5))
    assert [account.id for account in await client.accounts.list()] == ["0", "1", "2", "3", "4"]


async def test_updates_tell_each_change_to_the_end(server: ScriptedServer, client: AsyncClient) -> None:
    task = await client.imagine("a cat")
    told: list[int] = []
    async for update in task.updates():
        told.append(update.progress)
        if update.progress < 75:
            server.change(task.id, progress=update.progress + 25, status=pb.TASK_STATUS_IN_PROGRESS)
        elif not update.ended:
            server.succeed(task.id)
    assert told == [0, 25, 50, 75, 100]
    assert len(server.called("WatchTasks")) == 1


async def test_updates_of_an_ended_task_are_its_end_only(server: ScriptedServer, client: AsyncClient) -> None:
    task = server.succeed(server.add().id)
    assert [update.status async for update in client.updates(task.id)] == [Status.SUCCESS]
    assert not server.called("WatchTasks")


async def test_updates_survive_a_cut_stream(server: ScriptedServer, client: AsyncClient) -> None:
    task = server.add()
    server.cuts.append(Cut(1, UNAVAILABLE))
    server.on_watch.append(lambda: server.change(task.id, progress=50))
    server.on_watch.append(lambda: server.succeed(task.id))
    assert [update.progress async for update in client.updates(task.id)] == [0, 50, 100]


async def test_updates_read_the_task_again_when_history_is_gone(server: ScriptedServer, client: AsyncClient) -> None:
    task = server.add()

    def lose_history() -> None:
        server.succeed(task.id)
        server.compact()

    server.on_list.append(lose_history)
    assert [update.progress async for update in client.updates(task.id)] == [0, 100]


async def test_updates_end_when_the_task_is_removed(server: ScriptedServer, client: AsyncClient) -> None:
    task = server.add()
    server.on_watch.append(lambda: server.remove(task.id))
    with pytest.raises(errors.NotFound, match=task.id):
        await client.wait(task.id)


async def test_change_between_two_pages_is_told_once(server: ScriptedServer, client: AsyncClient) -> None:
    """The second page is read behind the change, and the watch begins at the first page, before it."""
    server.page_size = 1
    first, second = server.add(), server.add()
    server.on_list.append(lambda: server.change(second.id, progress=10))
    server.on_watch.append(lambda: server.change(first.id, progress=20))
    async with aclosing(client.watch()) as changes:
        told = [await anext(changes) for _ in range(3)]
    assert [(task.id, task.progress) for task in told] == [(first.id, 0), (second.id, 10), (first.id, 20)]


async def test_watch_of_all_tells_what_ended_in_a_gap(server: ScriptedServer, client: AsyncClient) -> None:
    lasting, ending = server.add(), server.add()
    server.succeed(server.add().id)

    def lose_history() -> None:
        server.succeed(ending.id)
        server.compact()

    server.on_list.append(lose_history)
    server.on_watch.append(lambda: server.remove(lasting.id))
    async with aclosing(client.watch()) as changes:
        told = [await anext(changes) for _ in range(4)]
        new = server.add()
        told.append(await anext(changes))
    assert [(task.id, task.status) for task in told] == [
        (lasting.id, Status.NOT_START),
        (ending.id, Status.NOT_START),
        (lasting.id, Status.NOT_START),
        (ending.id, Status.SUCCESS),
        (new.id, Status.NOT_START),
    ]


async def test_wait_gives_up_when_the_time_is_over(server: ScriptedServer, client: AsyncClient) -> None:
    task = server.add()
    with pytest.raises(errors.WaitTimedOut, match=rf"task {task.id} has not ended within 0.05 s"):
        await client.wait(task.id, timeout=0.05)


async def test_wait_gives_up_when_patience_is_over(server: ScriptedServer) -> None:
    task = server.add()
    async with AsyncClient(server.target, patience=0.1) as client, aclosing(client.updates(task.id)) as updates:
        await anext(updates)
        await server.stop()
        with pytest.raises(errors.Unavailable):
            await anext(updates)


def test_patience_begins_anew_when_the_watch_is_back() -> None:
    now = 0.0
    patience = Patience(10, lambda: now)
    error = errors.Unavailable("gone", grpc.StatusCode.UNAVAILABLE)
    for now in (5.0, 15.0):  # noqa: B007 - the clock reads it
        patience.interrupted(error)
    patience.restored()
    now = 16.0
    patience.interrupted(error)
    now = 26.5
    with pytest.raises(errors.Unavailable):
        patience.interrupted(error)


@pytest.mark.parametrize("status", [pb.TASK_STATUS_FAILURE, pb.TASK_STATUS_CANCELLED])
async def test_result_raises_when_the_task_did_not_succeed(
    server: ScriptedServer, client: AsyncClient, status: pb.TaskStatus.ValueType
) -> None:
    task = await client.imagine("a cat")
    server.on_watch.append(lambda: server.change(task.id, status=status))
    with pytest.raises(errors.TaskFailed):
        await task.result()
    assert (await task.wait()).ended


async def test_result_is_saved_under_the_name_of_its_task(
    server: ScriptedServer, client: AsyncClient, pictures: PictureServer, tmp_path: Path
) -> None:
    task = await client.imagine("a cat")
    server.on_watch.append(lambda: server.succeed(task.id, pictures.url))
    result = await task.result()
    first, second = await result.save(tmp_path), await result.save(tmp_path)
    assert first == tmp_path / f"{task.id}.webp"
    assert second == tmp_path / f"{task.id}-2.webp"
    assert first.read_bytes() == second.read_bytes() == b"picture"


async def test_task_without_a_picture_cannot_be_saved(
    server: ScriptedServer, client: AsyncClient, tmp_path: Path
) -> None:
    task = await client.task(server.add().id)
    with pytest.raises(errors.Refused, match="has no picture"):
        await task.save(tmp_path)
