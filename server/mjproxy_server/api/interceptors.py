"""What happens around every call: it is logged, let in or not, and its errors become statuses.

It is one interceptor for all of that, put around each method once: every call pays for what is done here.
"""

import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextvars import ContextVar
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias, cast

import grpc
from google.rpc import status_pb2  # type: ignore[import-untyped]
from grpc import aio
from grpc_interceptor.server import AsyncServerInterceptor
from grpc_status import rpc_status

from mjproxy_server.api import callers
from mjproxy_server.api.callers import Keyring, key_of
from mjproxy_server.api.statuses import internal_status, status_of
from mjproxy_server.model.errors import DomainError

_logger = logging.getLogger(__name__)

OPEN_TO_ALL: Final = ("/grpc.health.v1.Health/", "/grpc.reflection.")
"""Services that need no key: they tell nothing about tasks or accounts."""

_REQUEST_ID: Final = "x-request-id"
_FIT_FOR_A_LOG: Final = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")

Context = aio.ServicerContext[Any, Any]
Metadata: TypeAlias = Sequence[tuple[str, str | bytes]]
Check = Callable[[str, Metadata], None]
"""Looks at a call before anything is done, by method and metadata; raises a domain error to refuse it."""

# grpc-interceptor hands methods, requests and answers through as they are; it does not type them.
Method = Callable[[Any, Any], Any]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Find: TypeAlias = "Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]]"

_metadata: ContextVar[Metadata] = ContextVar("metadata")
"""The call's metadata: its context makes them anew each time that it is asked for them."""


class _AnyCall(NamedTuple):
    """What is the same in the details of all calls of a method; metadata, with somebody's key, are not to be kept."""

    method: str


class AroundCalls(AsyncServerInterceptor):
    """Checks each call, logs its end, and makes a status with details of each domain error.

    An answer that is bytes is sent as it is: what many are told is serialised once.

    Args:
        checks: What each call has to pass, in this order.
    """

    def __init__(self, *checks: Check) -> None:
        self._checks = checks
        self._handlers: dict[str, Handler] = {}

    async def intercept_service(  # type: ignore[override]  # The stubs do not know of methods that are not there.
        self, continuation: Find, handler_call_details: grpc.HandlerCallDetails
    ) -> "Handler | None":
        """Returns the method's handler with what is around it, which is made at the first call and serves them all."""
        method = handler_call_details.method
        if method not in self._handlers:
            handler = await continuation(handler_call_details)
            if handler is None:
                return None
            around = super().intercept_service(_finding(handler), _AnyCall(method))  # type: ignore[no-untyped-call]
            self._handlers[method] = await around
        _metadata.set(handler_call_details.invocation_metadata)
        return self._handlers[method]

    async def intercept(
        self, method: Method, request_or_iterator: object, context: Context, method_name: str
    ) -> object:
        """Returns what answers the call."""
        _log_end(method_name, context)
        try:
            for check in self._checks:
                check(method_name, _metadata.get())
            answer = method(request_or_iterator, context)
            return _guarded(answer, method_name, context) if hasattr(answer, "__aiter__") else await answer
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets a status
            await _end(error, method_name, context)


def _finding(handler: Handler) -> Find:
    """Returns what finds this handler, whose answers may be bytes."""
    serialise = cast("Callable[[object], bytes]", handler.response_serializer)

    def unless_ready(answer: object) -> bytes:
        return answer if isinstance(answer, bytes) else serialise(answer)

    async def find(_: grpc.HandlerCallDetails) -> Handler:
        found: Handler = handler._replace(response_serializer=unless_ready)  # type: ignore[attr-defined]
        return found

    return find


async def _guarded(answers: AsyncIterator[object], method_name: str, context: Context) -> AsyncIterator[object]:
    try:
        async for answer in answers:
            yield answer
    except Exception as error:  # noqa: BLE001 - as above
        await _end(error, method_name, context)


class Authentication:
    """Finds out who calls, by the key in the metadata."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def check(self, method_name: str, metadata: Metadata) -> None:
        """Lets the call through if its key is known, and makes its caller known.

        Raises:
            Unauthenticated: It is not.
        """
        if method_name.startswith(OPEN_TO_ALL):
            return
        callers.enter(self._keyring.caller(key_of({key: value for key, value in metadata if isinstance(value, str)})))


def status_for(error: Exception, method_name: str) -> status_pb2.Status:
    """Returns the status of a domain error; of anything else it tells only that it was a fault of ours, and logs it."""
    if isinstance(error, DomainError):
        return status_of(error)
    _logger.error("A fault in %s (request %s)", method_name, _request_id(), exc_info=error)
    return internal_status()


async def _end(error: Exception, method_name: str, context: Context) -> NoReturn:
    """Ends the call with the status of what went wrong, unless it is ended already."""
    if isinstance(error, aio.AbortError):
        raise error
    status = status_for(error, method_name)
    await context.abort_with_status(rpc_status.to_status(status))  # type: ignore[attr-defined]
    raise error


def _log_end(method_name: str, context: Context) -> None:
    """Has the call logged when it has ended: its method, status, time and request id; never what it holds."""
    if not _logger.isEnabledFor(logging.DEBUG):
        return
    begun, request_id = time.monotonic(), _request_id()

    def log(_: Context) -> None:
        code: grpc.StatusCode | None = context.code()  # It is None until the call has set one.
        took = (time.monotonic() - begun) * 1000
        _logger.debug("%s %s %.1f ms (request %s)", method_name, code or grpc.StatusCode.OK, took, request_id)

    context.add_done_callback(log)  # type: ignore[arg-type]


def _request_id() -> str:
    """Returns what the caller knows the call by, as the shim does; "-" if that is not told, or not fit for a log."""
    found = next((value for key, value in _metadata.get() if key == _REQUEST_ID), "")
    return found if isinstance(found, str) and _FIT_FOR_A_LOG.fullmatch(found) else "-"
