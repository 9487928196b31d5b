"""Reading lists page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mjproxy.v1.account_service_pb2 import ListAccountsRequest, ListUnknownMessagesRequest
from mjproxy.v1.delivery_service_pb2 import ListDeliveriesRequest
from mjproxy.v1.task_service_pb2 import ListTasksRequest, ListTasksResponse

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from mjproxy.calls import Calls
    from mjproxy.v1.account_pb2 import Account
    from mjproxy.v1.account_service_pb2 import UnknownMessage
    from mjproxy.v1.account_service_pb2_grpc import AccountServiceAsyncStub
    from mjproxy.v1.delivery_service_pb2 import DeliveryRecord, DeliveryState
    from mjproxy.v1.delivery_service_pb2_grpc import DeliveryServiceAsyncStub
    from mjproxy.v1.task_service_pb2_grpc import TaskServiceAsyncStub


@dataclass(frozen=True, slots=True)
class UnknownMessages:
    """The messages of the bots that the server does not understand.

    Attributes:
        messages: The newest of them, the newest first.
        seen: How many have ever come.
    """

    messages: list[UnknownMessage]
    seen: int


async def task_pages(
    calls: Calls, stub: TaskServiceAsyncStub, request: ListTasksRequest
) -> AsyncGenerator[ListTasksResponse, None]:
    """Reads the pages of a task list, the first one included.

    Each page is read at its own revision; tasks may change, or be added, between two of them.
    """
    following = ListTasksRequest()
    following.CopyFrom(request)
    while True:
        page = await calls(stub.ListTasks, following)
        yield page
        if not page.next_page_token:
            return
        following.page_token = page.next_page_token


async def all_accounts(calls: Calls, stub: AccountServiceAsyncStub) -> list[Account]:
    """Reads all accounts, in the order of their ids."""
    accounts: list[Account] = []
    request = ListAccountsRequest()
    while True:
        page = await calls(stub.ListAccounts, request)
        accounts += page.accounts
        if not page.next_page_token:
            return accounts
        request = ListAccountsRequest(page_token=page.next_page_token)


async def some_callbacks(
    calls: Calls, stub: DeliveryServiceAsyncStub, state: DeliveryState.ValueType, limit: int
) -> list[DeliveryRecord]:
    """Reads the first callbacks in this state, the oldest task first."""
    callbacks: list[DeliveryRecord] = []
    token = ""
    while True:
        request = ListDeliveriesRequest(state=state, page_size=limit - len(callbacks), page_token=token)
        page = await calls(stub.ListDeliveries, request)
        callbacks += page.deliveries
        token = page.next_page_token
        if not token or len(callbacks) >= limit:
            return callbacks


async def all_unknown_messages(calls: Calls, stub: AccountServiceAsyncStub, account_id: str) -> UnknownMessages:
    """Reads all that are kept of an account, or of all accounts."""
    messages: list[UnknownMessage] = []
    request = ListUnknownMessagesRequest(account_id=account_id)
    while True:
        page = await calls(stub.ListUnknownMessages, request)
        messages += page.messages
        if not page.next_page_token:
            return UnknownMessages(messages, page.seen)
        request = ListUnknownMessagesRequest(account_id=account_id, page_token=page.next_page_token)
