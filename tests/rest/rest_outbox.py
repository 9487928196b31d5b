"""A server on a real socket with an outbox of callbacks, which leases what a test puts into it."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Self

import grpc

from mjproxy.v1.delivery_service_pb2 import (
    DELIVERY_OUTCOME_DELIVERED,
    Delivery,
    DeliveryResult,
    LeaseDeliveriesRequest,
    LeaseDeliveriesResponse,
    ReportDeliveriesRequest,
    ReportDeliveriesResponse,
)
from mjproxy.v1.delivery_service_pb2_grpc import DeliveryServiceServicer, add_DeliveryServiceServicer_to_server
from tests.rest.rest_server import running

Context = grpc.aio.ServicerContext[Any, Any]


def delivery(hook: str, task_id: str = "1705514776143750", *, trusted: bool = False) -> Delivery:
    """Returns the first attempt to tell of a task."""
    return Delivery(
        lease_id=f"{task_id}-7-1",
        hook=hook,
        trusted=trusted,
        task=running(task_id, 7),
        revision=7,
        attempt=1,
    )


@dataclass
class ScriptedOutbox(DeliveryServiceServicer):
    """Leases what is put into it, one to a task, and again what is not reported when its lease ends.

    Attributes:
        lease_seconds: How long a lease lasts.
        refusal: The status with which leasing ends at once, if any.
        failing_reports: The statuses with which the next reports end, in order.
        keys: The metadata `authorization` of the calls.
        reports: What was reported of leases that had not ended, in order.
    """

    lease_seconds: float = 60
    refusal: grpc.StatusCode | None = None
    failing_reports: list[grpc.StatusCode] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    reports: list[DeliveryResult] = field(default_factory=list)
    due: deque[Delivery] = field(default_factory=deque)
    leased: dict[str, Delivery] = field(default_factory=dict)
    lease_ends: dict[str, float] = field(default_factory=dict)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    port: int = 0
    server: grpc.aio.Server = field(init=False)

    @classmethod
    @asynccontextmanager
    async def serve(cls, lease_seconds: float = 60) -> AsyncIterator[Self]:
        outbox = cls(lease_seconds)
        await outbox.start()
        try:
            yield outbox
        finally:
            await outbox.stop()

    async def start(self) -> None:
        """Begins to serve, again on the port it had."""
        self.server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        add_DeliveryServiceServicer_to_server(self, self.server)
        self.port = self.server.add_insecure_port(f"127.0.0.1:{self.port}")
        await self.server.start()

    async def stop(self) -> None:
        """Goes away, with all calls that are open."""
        await self.server.stop(grace=None)

    async def put(self, *deliveries: Delivery) -> None:
        async with self.changed:
            self.due.extend(deliveries)
            self.changed.notify_all()

    async def reported(self, count: int, seconds: float = 20) -> list[DeliveryResult]:
        """Waits until so many attempts were reported, and returns the reports."""
        async with self.changed, asyncio.timeout(seconds):
            await self.changed.wait_for(lambda: len(self.reports) >= count)
        return self.reports

    def delivered(self) -> set[str]:
        """Returns the ids of the leases that were reported as delivered."""
        return {result.lease_id for result in self.reports if result.outcome == DELIVERY_OUTCOME_DELIVERED}

    async def LeaseDeliveries(self, request: LeaseDeliveriesRequest, context: Context) -> LeaseDeliveriesResponse:
        self._note(context)
        if self.refusal:
            await context.abort(self.refusal, "refused")
        asked_at = time.monotonic()
        end = asked_at + request.wait.ToTimedelta().total_seconds()
        async with self.changed:
            while not self._offer_again() and time.monotonic() < end:
                await _wait(self.changed, 0.05)
            given = [self._lease(self.due.popleft(), asked_at) for _ in range(min(request.max, len(self.due)))]
        return LeaseDeliveriesResponse(deliveries=given)

    async def ReportDeliveries(self, request: ReportDeliveriesRequest, context: Context) -> ReportDeliveriesResponse:
        self._note(context)
        if self.failing_reports:
            await context.abort(self.failing_reports.pop(0), "fails")
        async with self.changed:
            self.reports += [result for result in request.results if self.leased.pop(result.lease_id, None)]
            self.changed.notify_all()
        return ReportDeliveriesResponse()

    def _note(self, context: Context) -> None:
        self.keys.append(str(dict(context.invocation_metadata() or ()).get("authorization", "")))

    def _offer_again(self) -> bool:
        ended = [lease_id for lease_id, lease_end in self.lease_ends.items() if lease_end <= time.monotonic()]
        for lease_id in ended:
            del self.lease_ends[lease_id]
            if given := self.leased.pop(lease_id, None):
                self.due.append(given)
        return bool(self.due)

    def _lease(self, given: Delivery, asked_at: float) -> Delivery:
        lease_end = time.monotonic() + self.lease_seconds
        given.lease_duration.FromMilliseconds(int((lease_end - asked_at) * 1000))
        self.leased[given.lease_id], self.lease_ends[given.lease_id] = given, lease_end
        return given


@asynccontextmanager
async def logged(text: str) -> AsyncIterator[None]:
    """Waits at its end until the shim has logged a line with this text."""
    seen = asyncio.Event()

    class Watcher(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if text in record.getMessage():
                seen.set()

    logger, watcher = logging.getLogger("mjproxy_rest"), Watcher()
    logger.addHandler(watcher)
    try:
        yield
        await asyncio.wait_for(seen.wait(), 20)
    finally:
        logger.removeHandler(watcher)


async def _wait(condition: asyncio.Condition, seconds: float) -> None:
    """Waits until the condition is notified, or leases may have ended."""
    with suppress(TimeoutError):
        await asyncio.wait_for(condition.wait(), seconds)
