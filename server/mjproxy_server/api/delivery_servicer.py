"""DeliveryService: the outbox of callbacks, for those who deliver them and for operators."""

from typing import Any

from grpc import aio

from mjproxy.v1 import delivery_service_pb2 as pb
from mjproxy.v1 import delivery_service_pb2_grpc
from mjproxy_server.api import deliveries, pages
from mjproxy_server.api.callers import require_admin, require_service
from mjproxy_server.engine.deliveries import DeliveryDesk

Context = aio.ServicerContext[Any, Any]


class DeliveryServicer(delivery_service_pb2_grpc.DeliveryServiceServicer):
    """Answers the calls of DeliveryService."""

    def __init__(self, desk: DeliveryDesk) -> None:
        self._desk = desk

    async def LeaseDeliveries(self, request: pb.LeaseDeliveriesRequest, context: Context) -> pb.LeaseDeliveriesResponse:
        """Leases callbacks that are due."""
        require_service()
        found = await self._desk.lease(deliveries.most(request), deliveries.wait_seconds(request.wait))
        return pb.LeaseDeliveriesResponse(deliveries=map(deliveries.delivery_message, found))

    async def ReportDeliveries(
        self, request: pb.ReportDeliveriesRequest, context: Context
    ) -> pb.ReportDeliveriesResponse:
        """Takes in what became of leased callbacks."""
        require_service()
        await self._desk.report([deliveries.report(result) for result in request.results])
        return pb.ReportDeliveriesResponse()

    async def ListDeliveries(self, request: pb.ListDeliveriesRequest, context: Context) -> pb.ListDeliveriesResponse:
        """Lists what is not delivered."""
        require_admin()
        listing = await self._desk.list(deliveries.query(request))
        return pb.ListDeliveriesResponse(
            deliveries=[deliveries.record_message(record.task_id, record.entry) for record in listing.records],
            next_page_token=pages.delivery_token(request, listing.records[-1].task_id) if listing.more else "",
        )

    async def RetryDelivery(self, request: pb.RetryDeliveryRequest, context: Context) -> pb.RetryDeliveryResponse:
        """Makes the newest state of a task due now."""
        require_admin()
        entry = await self._desk.retry(request.task_id)
        return pb.RetryDeliveryResponse(delivery=deliveries.record_message(request.task_id, entry))

    async def DropDelivery(self, request: pb.DropDeliveryRequest, context: Context) -> pb.DropDeliveryResponse:
        """Gives up what is not delivered of a task."""
        require_admin()
        await self._desk.drop(request.task_id)
        return pb.DropDeliveryResponse()
