"""What the bots said and nobody understood, through a real server."""

from __future__ import annotations

import grpc
import pytest

from mjproxy.v1 import account_service_pb2 as pb
from mjproxy_server.api.callers import Role
from mjproxy_server.store.unknown_messages import UnknownMessage
from tests.server.api.service import Service, StartService, bearer, refusal


async def keep(service: Service, *numbers: int, account_id: str = "11") -> None:
    messages = [
        UnknownMessage(
            account_id=account_id, at_ms=n * 1000 + 5, event="MESSAGE_CREATE", reason=f"reason {n}", json="{}"
        )
        for n in numbers
    ]
    await service.engine.store.unknown_messages.add(messages, len(messages))


async def listed(service: Service, **fields: object) -> pb.ListUnknownMessagesResponse:
    return await service.accounts.ListUnknownMessages(pb.ListUnknownMessagesRequest(**fields))  # type: ignore[arg-type]


async def test_they_are_listed_with_all_that_is_known_of_them(service: Service) -> None:
    await keep(service, 1, 2)
    response = await listed(service)
    assert [message.reason for message in response.messages] == ["reason 2", "reason 1"]
    assert (response.seen, response.next_page_token) == (2, "")
    newest = response.messages[0]
    assert (newest.account_id, newest.event, newest.json) == ("11", "MESSAGE_CREATE", "{}")
    assert newest.time.ToMilliseconds() == 2005


async def test_pages_follow_each_other(service: Service) -> None:
    await keep(service, 1, 2, 3)
    await keep(service, 4, account_id="22")
    first = await listed(service, account_id="11", page_size=2)
    second = await listed(service, account_id="11", page_size=2, page_token=first.next_page_token)
    assert [message.reason for message in (*first.messages, *second.messages)] == ["reason 3", "reason 2", "reason 1"]
    assert second.next_page_token == ""


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("page_size", {"page_size": -1}),
        ("page_token", {"page_token": "nonsense"}),
        ("page_token", {"page_token": "dW5rbm93bjo6OTk5OTk5OTk5OTk5OTk5OTk5OTk="}),
    ],
)
async def test_wrong_arguments_are_refused(service: Service, field: str, wrong: dict[str, object]) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await listed(service, **wrong)
    assert refusal(error.value).fields == [field]


async def test_the_token_of_another_list_is_refused(service: Service) -> None:
    await keep(service, 1, 2)
    first = await listed(service, account_id="11", page_size=1)
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await listed(service, page_size=1, page_token=first.next_page_token)
    assert refusal(error.value).fields == ["page_token"]


async def test_they_are_for_admins_only(start_service: StartService) -> None:
    async with start_service(boss=Role.ADMIN, guest=Role.USER) as service:
        request = pb.ListUnknownMessagesRequest()
        await service.accounts.ListUnknownMessages(request, metadata=bearer("boss"))
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await service.accounts.ListUnknownMessages(request, metadata=bearer("guest"))
        assert error.value.code() is grpc.StatusCode.PERMISSION_DENIED
