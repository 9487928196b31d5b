"""The gRPC server: the services behind their interceptors, on one address."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final, cast

import grpc
from grpc import aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

from mjproxy.v1 import (
    account_service_pb2,
    account_service_pb2_grpc,
    delivery_service_pb2,
    delivery_service_pb2_grpc,
    task_service_pb2,
    task_service_pb2_grpc,
)
from mjproxy_server.api.account_servicer import AccountServicer
from mjproxy_server.api.callers import Keyring
from mjproxy_server.api.delivery_servicer import DeliveryServicer
from mjproxy_server.api.intake import Intake
from mjproxy_server.api.interceptors import AroundCalls, Authentication
from mjproxy_server.api.task_servicer import TaskServicer
from mjproxy_server.discord.tasks import first_of
from mjproxy_server.engine.engine import Engine
from mjproxy_server.listening import Address
from mjproxy_server.store.health import Health

LARGEST_REQUEST: Final = 64 * 1024 * 1024

_OPTIONS: Final = (
    ("grpc.so_reuseport", 0),  # Two servers on one port would share its calls; the second one must fail.
    ("grpc.max_receive_message_length", LARGEST_REQUEST),
    ("grpc.max_send_message_length", LARGEST_REQUEST),
    # Thousands of watchers that reconnect at once are no attack; beyond these numbers gRPC cancels streams.
    ("grpc.server.max_pending_requests", 20_000),
    ("grpc.server.max_pending_requests_hard_limit", 40_000),
    # Clients may ask for a sign of life every ten seconds, which is how a half-open connection is noticed.
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
)

_SERVICES: Final = tuple(
    module.DESCRIPTOR.services_by_name[name].full_name
    for module, name in (
        (task_service_pb2, "TaskService"),
        (account_service_pb2, "AccountService"),
        (delivery_service_pb2, "DeliveryService"),
    )
)


class AddressInUse(OSError):
    """The address cannot be listened on."""


@dataclass(frozen=True, slots=True)
class BoundServer:
    """A server that has its address, and serves nothing yet.

    Attributes:
        grpc: The server.
        address: Its address, with the real port.
        intake: Lets its calls in.
    """

    grpc: aio.Server
    address: Address
    intake: Intake


@asynccontextmanager
async def bound_server(address: Address, keyring: Keyring) -> AsyncIterator[BoundServer]:
    """Takes an address for the time of the block; nothing is served yet.

    Raises:
        AddressInUse: Another process listens there, or the address is not this machine's.
    """
    intake = Intake()
    server = aio.server(interceptors=[AroundCalls(intake.check, Authentication(keyring).check)], options=_OPTIONS)
    try:
        yield BoundServer(server, Address(address.host, _bind(server, address)), intake)
    finally:
        await server.stop(None)


class _HealthServicer(health.aio.HealthServicer):  # type: ignore[misc, name-defined]
    """The usual one, but its watches, too, come to an end."""

    def __init__(self) -> None:
        super().__init__()
        self._ends = asyncio.Event()

    def end_watches(self) -> None:
        """Ends the watches, of which a server that stops would wait out its whole grace."""
        self._ends.set()

    async def Watch(  # noqa: N802 - named by its contract
        self,
        request: health_pb2.HealthCheckRequest,
        context: aio.ServicerContext[health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse],
    ) -> None:
        """Tells the state of a service and each change of it, until the client leaves or the server stops."""
        await first_of(super().Watch(request, context), self._ends.wait())
        await context.abort(grpc.StatusCode.UNAVAILABLE, "The server stops.")


@asynccontextmanager
async def serving(bound: BoundServer, engine: Engine, drain_seconds: float) -> AsyncIterator[None]:
    """Serves the engine for the time of the block; then drains, which takes so many seconds at the most."""
    health_servicer = _HealthServicer()
    _add_services(bound.grpc, engine, health_servicer)
    await bound.grpc.start()
    await _set_health(health_servicer, health_pb2.HealthCheckResponse.SERVING)
    reporting = asyncio.create_task(_report_health(health_servicer, engine.store.health))
    try:
        yield
    finally:
        reporting.cancel()
        await asyncio.wait({reporting})
        await health_servicer.enter_graceful_shutdown()
        await _drain(bound, engine, health_servicer, drain_seconds)


async def _report_health(servicer: _HealthServicer, store: Health) -> None:
    """Says that the server serves while its store takes writes, until cancelled."""
    while True:
        await store.failed()
        await _set_health(servicer, health_pb2.HealthCheckResponse.NOT_SERVING)
        await store.recovered()
        await _set_health(servicer, health_pb2.HealthCheckResponse.SERVING)


async def _set_health(
    servicer: _HealthServicer, status: health_pb2.HealthCheckResponse.ServingStatus.ValueType
) -> None:
    for service in ("", *_SERVICES):
        await servicer.set(service, status)


async def _drain(bound: BoundServer, engine: Engine, health_servicer: _HealthServicer, seconds: float) -> None:
    """Lets nothing new in, ends the streams, and lets what is under way end: first at Discord, then the calls."""
    end = time.monotonic() + seconds
    bound.intake.close()
    engine.fleet.changes.close()
    engine.deliveries.close()
    engine.hub.close()  # A server with open streams would wait out its whole grace.
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await engine.fleet.drain()
    health_servicer.end_watches()
    await bound.grpc.stop(max(0.0, end - time.monotonic()))


class _Unregistered:
    """Adds handlers to a server, which finds them by the name of their method; registers none of the methods.

    A server of grpc.aio has a task for each registered method that waits for its next call, and looks through all of
    these tasks at every call: with thirty methods, that took a quarter of what a short call takes.
    """

    def __init__(self, server: aio.Server) -> None:
        self.add_generic_rpc_handlers = server.add_generic_rpc_handlers

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, object]) -> None:
        """Leaves it at that: `add_generic_rpc_handlers` is given the same handlers."""


def _add_services(server: aio.Server, engine: Engine, health_servicer: health_pb2_grpc.HealthServicer) -> None:
    to = cast("aio.Server", _Unregistered(server))
    task_service_pb2_grpc.add_TaskServiceServicer_to_server(TaskServicer(engine), to)
    account_service_pb2_grpc.add_AccountServiceServicer_to_server(
        AccountServicer(engine.fleet, engine.registry, engine.account_defaults, engine.store.unknown_messages), to
    )
    delivery_service_pb2_grpc.add_DeliveryServiceServicer_to_server(DeliveryServicer(engine.deliveries), to)
    health_pb2_grpc.add_HealthServicer_to_server(health_servicer, to)
    names = [*_SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME]
    reflection_servicer = reflection.aio.ReflectionServicer(names)  # type: ignore[attr-defined]
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(reflection_servicer, to)


def _bind(server: aio.Server, address: Address) -> int:
    try:
        return server.add_insecure_port(str(address))
    except RuntimeError as error:
        raise AddressInUse(
            f"grpc_listen {address}: cannot listen there; is another server running? Choose another address."
        ) from error
