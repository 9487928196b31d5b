"""The server's outbox of callbacks, as the shim calls it: with its own key and a deadline; errors come back typed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import grpc
from google.protobuf.duration_pb2 import Duration

from mjproxy.channel import authorization
from mjproxy.errors import from_rpc
from mjproxy.v1.delivery_service_pb2 import (
    Delivery,
    DeliveryResult,
    LeaseDeliveriesRequest,
    ReportDeliveriesRequest,
)
from mjproxy.v1.delivery_service_pb2_grpc import DeliveryServiceStub

if TYPE_CHECKING:
    from mjproxy.v1.delivery_service_pb2_grpc import DeliveryServiceAsyncStub

_WAIT_SECONDS: Final = 30
_ANSWER_SECONDS: Final = 10.0


class Outbox:
    """What is to be delivered. Every method raises `mjproxy.errors.ServerError`."""

    def __init__(self, channel: grpc.aio.Channel, key: str) -> None:
        """Uses a channel that somebody else opens and closes.

        Args:
            channel: Leads to the server.
            key: A key with the role `service` or `admin`; "" is none.
        """
        self._stub: DeliveryServiceAsyncStub = DeliveryServiceStub(channel)
        self._metadata = authorization(key)

    async def lease(self, most: int) -> Sequence[Delivery]:
        """Returns what is due, at most so many; nothing if nothing becomes due in half a minute."""
        request = LeaseDeliveriesRequest(max=most, wait=Duration(seconds=_WAIT_SECONDS))
        try:
            answer = await self._stub.LeaseDeliveries(
                request, metadata=self._metadata, timeout=_WAIT_SECONDS + _ANSWER_SECONDS
            )
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None
        return answer.deliveries

    async def report(self, results: Sequence[DeliveryResult]) -> None:
        """Says what became of attempts."""
        request = ReportDeliveriesRequest(results=results)
        try:
            await self._stub.ReportDeliveries(request, metadata=self._metadata, timeout=_ANSWER_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None
