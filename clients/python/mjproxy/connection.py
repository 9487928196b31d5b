"""A client's connection to a server: its channel, and what goes with every call."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mjproxy.calls import Calls
from mjproxy.channel import authorization, open_channel
from mjproxy.follow import Patience, TaskFollower
from mjproxy.follow_accounts import AccountFollower
from mjproxy.v1.account_service_pb2_grpc import AccountServiceStub
from mjproxy.v1.delivery_service_pb2_grpc import DeliveryServiceStub
from mjproxy.v1.task_service_pb2_grpc import TaskServiceStub

if TYPE_CHECKING:
    import grpc

    from mjproxy.channel import Endpoint
    from mjproxy.v1.account_service_pb2_grpc import AccountServiceAsyncStub
    from mjproxy.v1.delivery_service_pb2_grpc import DeliveryServiceAsyncStub
    from mjproxy.v1.task_service_pb2_grpc import TaskServiceAsyncStub


class Connection:
    """Opens with its first use, on the event loop of that use, and is closed once."""

    def __init__(self, endpoint: Endpoint, key: str | None, *, timeout: float, patience: float) -> None:
        """Prepares a connection.

        Args:
            endpoint: The server.
            key: The key to send with every call, where the server has keys.
            timeout: Seconds that a call may take, its repeats included; one that sends pictures has one
                more for each mebibyte.
            patience: Seconds that following tasks or accounts bears without a connection before it raises.
        """
        self._endpoint = endpoint
        self._metadata = authorization(key)
        self._patience = patience
        self._channel: grpc.aio.Channel | None = None
        self._closed = False
        self.calls = Calls(self._metadata, timeout)

    async def open(self) -> None:
        """Opens on this event loop, whoever uses it afterwards."""
        self._opened()

    async def aclose(self) -> None:
        """Closes the channel, and ends what still uses it."""
        channel, self._channel, self._closed = self._channel, None, True
        if channel is not None:
            await channel.close(grace=None)

    @property
    def tasks(self) -> TaskServiceAsyncStub:
        """The service of tasks."""
        return TaskServiceStub(self._opened())

    @property
    def accounts(self) -> AccountServiceAsyncStub:
        """The service of accounts."""
        return AccountServiceStub(self._opened())

    @property
    def deliveries(self) -> DeliveryServiceAsyncStub:
        """The service of callbacks."""
        return DeliveryServiceStub(self._opened())

    def follower(self, *task_ids: str) -> TaskFollower:
        """Follows these tasks; without any, all that have not ended and all new ones."""
        patience = Patience(self._patience, asyncio.get_running_loop().time)
        return TaskFollower(self.tasks, self.calls, metadata=self._metadata, patience=patience, task_ids=task_ids)

    def account_follower(self) -> AccountFollower:
        """Follows all accounts."""
        patience = Patience(self._patience, asyncio.get_running_loop().time)
        return AccountFollower(self.accounts, self.calls, metadata=self._metadata, patience=patience)

    def _opened(self) -> grpc.aio.Channel:
        if self._closed:
            raise RuntimeError("the client is closed: make a new one")
        if self._channel is None:
            self._channel = open_channel(self._endpoint.target, self._endpoint.tls)
        return self._channel
