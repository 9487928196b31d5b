"""GetTask and ListTasks: filters, pages and revisions."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from mjproxy.v1 import task_pb2
from mjproxy.v1 import task_service_pb2 as pb
from mjproxy_server.api.callers import Role
from mjproxy_server.model.facts import Progressed, Sending
from mjproxy_server.model.task import Picture
from tests.server.api.service import Service, StartService, bearer, refusal


async def test_an_unknown_task_is_not_found(service: Service) -> None:
    for task_id in ("", "1", "x", "1700000000000000"):
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await service.task(task_id)
        assert (refusal(error.value).code, refusal(error.value).reason) == (
            grpc.StatusCode.NOT_FOUND,
            "TASK_NOT_FOUND",
        )


async def test_a_read_waits_for_the_revision_that_it_asks_for(service: Service) -> None:
    answer = await service.imagine()
    request = pb.GetTaskRequest(id=answer.tasks[0].id, min_revision=answer.revision + 1)
    reading = asyncio.ensure_future(service.tasks.GetTask(request))
    await service.engine.store.record(answer.tasks[0].id, Progressed(1, "m", 46))
    read = await reading
    assert (read.task.progress, read.revision) == (46, answer.revision + 1)


async def test_a_read_ends_with_its_deadline_when_the_revision_does_not_come(service: Service) -> None:
    answer = await service.imagine()
    request = pb.GetTaskRequest(id=answer.tasks[0].id, min_revision=answer.revision + 1)
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await service.tasks.GetTask(request, timeout=0.2)
    assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_pages_hold_every_task_once(service: Service) -> None:
    ids = [(await service.imagine()).tasks[0].id for _ in range(7)]
    for oldest_first, expected in ((True, ids), (False, ids[::-1])):
        found, token = [], ""
        while True:
            request = pb.ListTasksRequest(page_size=3, page_token=token, oldest_first=oldest_first)
            page = await service.tasks.ListTasks(request)
            assert page.history_id == service.engine.store.history_id
            found += [task.id for task in page.tasks]
            token = page.next_page_token
            if not token:
                break
        assert found == expected


@pytest.mark.parametrize("token", ["x", "eHg=", "\x7f", "AAAAAAAAAAAAMTIz"])
async def test_a_foreign_page_token_is_refused(service: Service, token: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await service.tasks.ListTasks(pb.ListTasksRequest(page_token=token))
    assert refusal(error.value).fields == ["page_token"]


async def test_a_page_token_belongs_to_its_filter(service: Service) -> None:
    for _ in range(2):
        await service.imagine()
    page = await service.tasks.ListTasks(pb.ListTasksRequest(page_size=1))
    other = pb.ListTasksRequest(page_size=1, page_token=page.next_page_token, filter=pb.TaskFilter(account_id="11"))
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await service.tasks.ListTasks(other)
    assert refusal(error.value).fields == ["page_token"]


async def test_a_negative_page_size_is_refused(service: Service) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await service.tasks.ListTasks(pb.ListTasksRequest(page_size=-1))
    assert refusal(error.value).fields == ["page_size"]


async def test_filters_choose_tasks(service: Service) -> None:
    first = (await service.imagine("a cat", state="")).tasks[0]
    second = (await service.imagine("a dog", state="mine")).tasks[0]
    await service.engine.store.record(second.id, Sending(1, "n"), Progressed(2, "m", 10))

    async def listed(**wanted: object) -> list[str]:
        answer = await service.tasks.ListTasks(
            pb.ListTasksRequest(filter=pb.TaskFilter(**wanted))  # type: ignore[arg-type]
        )
        return [task.id for task in answer.tasks]

    assert await listed(ids=[first.id, "99"]) == [first.id]
    assert await listed(state="mine") == [second.id]
    assert await listed(state="") == [first.id]
    assert await listed(statuses=[task_pb2.TASK_STATUS_IN_PROGRESS]) == [second.id]
    assert await listed(actions=[task_pb2.ACTION_UPSCALE]) == []
    assert await listed(account_id=first.account_id) == [first.id]
    assert await listed(parent_id="99") == []
    assert await listed(submitted_from=second.submit_time) in ([second.id], [second.id, first.id])
    assert await listed(submitted_until=first.submit_time) == []


async def test_a_link_that_is_not_signed_is_returned_as_it_is(service: Service) -> None:
    task = (await service.imagine()).tasks[0]
    picture = Picture("https://cdn.example/cat.png")
    await service.engine.store.record(task.id, Progressed(1, "m", 46, picture))
    answer = await service.tasks.GetImageUrl(pb.GetImageUrlRequest(id=task.id))
    assert answer.url == picture.url
    assert not answer.HasField("expire_time")


async def test_a_link_that_holds_is_returned_with_its_expiry(service: Service) -> None:
    task = (await service.imagine()).tasks[0]
    picture = Picture("https://cdn.example/cat.png?ex=ffffffff&is=0&hm=0&")
    await service.engine.store.record(task.id, Progressed(1, "m", 46, picture))
    answer = await service.tasks.GetImageUrl(pb.GetImageUrlRequest(id=task.id))
    assert (answer.url, answer.expire_time.seconds) == (picture.url, 0xFFFFFFFF)


async def test_a_task_has_no_link_without_a_picture_and_none_when_nobody_can_ask_for_it(service: Service) -> None:
    task = (await service.imagine()).tasks[0]
    assert await _refused_link(service, "1") == (grpc.StatusCode.NOT_FOUND, "TASK_NOT_FOUND")
    assert await _refused_link(service, task.id) == (grpc.StatusCode.FAILED_PRECONDITION, "PARENT_NOT_FINISHED")
    expired = Picture("https://cdn.example/cat.png?ex=0&is=0&hm=0&")
    await service.engine.store.record(task.id, Progressed(1, "m", 46, expired))
    assert await _refused_link(service, task.id) == (grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE")


async def test_a_link_is_for_those_who_see_the_task(start_service: StartService) -> None:
    async with start_service(alice=Role.USER, bob=Role.USER) as service:
        task = (await service.imagine(key="alice")).tasks[0]
        await service.engine.store.record(task.id, Progressed(1, "m", 46, Picture("https://cdn.example/cat.png")))
        request = pb.GetImageUrlRequest(id=task.id)
        assert (await service.tasks.GetImageUrl(request, metadata=bearer("alice"))).url
        assert await _refused_link(service, task.id, "bob") == (grpc.StatusCode.NOT_FOUND, "TASK_NOT_FOUND")


async def _refused_link(service: Service, task_id: str, key: str = "") -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await service.tasks.GetImageUrl(pb.GetImageUrlRequest(id=task_id), metadata=bearer(key))
    return refusal(error.value).code, refusal(error.value).reason


async def test_accounts_are_listed_without_their_tokens(service: Service) -> None:
    from mjproxy.v1 import account_service_pb2

    await service.imagine()
    page = await service.accounts.ListAccounts(account_service_pb2.ListAccountsRequest(page_size=1))
    assert [account.id for account in page.accounts] == ["11"]
    rest = await service.accounts.ListAccounts(account_service_pb2.ListAccountsRequest(page_token=page.next_page_token))
    assert [account.id for account in rest.accounts] == ["22"]
    assert not rest.next_page_token
    assert sum(account.waiting for account in (*page.accounts, *rest.accounts)) == 1
    assert "secret" not in f"{page}{rest}"
    one = await service.accounts.GetAccount(account_service_pb2.GetAccountRequest(id="22"))
    assert one.account.settings.core_size == 1
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await service.accounts.GetAccount(account_service_pb2.GetAccountRequest(id="99"))
    assert refusal(error.value).reason == "ACCOUNT_NOT_FOUND"
