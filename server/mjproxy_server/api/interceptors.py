"""What happens around every call: it is logged, let in or not, and its errors become statuses.

It is one interceptor for all of that, and wraps each method once: whatever is done for a call anew, or for a message of
a stream, thousands of watchers pay for.
"""

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, NoReturn

import grpc
from grpc import aio
from grpc_status import rpc_status

from mjproxy_server.api import callers
from mjproxy_server.api.callers import Keyring, key_of
from mjproxy_server.api.statuses import internal_status, status_of
from mjproxy_server.model.errors import DomainError

_logger = logging.getLogger(__name__)

OPEN_TO_ALL: Final = ("/grpc.health.v1.Health/", "/grpc.reflection.")
"""Services that need no key: they tell nothing about tasks or accounts."""

Context = aio.ServicerContext[Any, Any]
Check = Callable[[str, Context], None]
"""Looks at a call before anything is done, by its method's full name; raises a domain error to refuse it."""

# gRPC hands requests and answers through as they are; it does not type its handlers.
Handler = Any
Method = Callable[[Any, Context], Any]

_FACTORIES: Final = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}


class AroundCalls(aio.ServerInterceptor):  # type: ignore[type-arg]
    """Checks each call, logs its end, and makes a status with details of each domain error.

    Args:
        checks: What each call has to pass, in this order.
    """

    def __init__(self, *checks: Check) -> None:
        self._checks = checks
        self._handlers: dict[str, Handler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Returns what answers the call; None if there is no such method."""
        name = handler_call_details.method
        if name not in self._handlers:
            handler = await continuation(handler_call_details)
            if handler is None:
                return None
            self._handlers[name] = self._around(handler, name)
        return self._handlers[name]

    def _around(self, handler: Handler, name: str) -> Handler:
        method = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
        wrapped = self._stream(method, name) if handler.response_streaming else self._single(method, name)
        factory = _FACTORIES[handler.request_streaming, handler.response_streaming]
        return factory(wrapped, handler.request_deserializer, handler.response_serializer)

    def _single(self, method: Method, name: str) -> Method:
        async def answer(request: object, context: Context) -> object:
            _log_end(name, context)
            try:
                self._check(name, context)
                return await method(request, context)
            except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets a status
                await _end(error, name, context)

        return answer

    def _stream(self, method: Method, name: str) -> Method:
        async def answers(request: object, context: Context) -> AsyncIterator[object]:
            _log_end(name, context)
            try:
                self._check(name, context)
                found = method(request, context)
                if not hasattr(found, "__aiter__"):
                    await found  # It writes its messages by the context.
                    return
                async for message in found:
                    yield message
            except Exception as error:  # noqa: BLE001 - as above
                await _end(error, name, context)

        return answers

    def _check(self, name: str, context: Context) -> None:
        for check in self._checks:
            check(name, context)


class Authentication:
    """Finds out who calls, by the key in the metadata."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def check(self, method_name: str, context: Context) -> None:
        """Lets the call through if its key is known, and makes its caller known.

        Raises:
            Unauthenticated: It is not.
        """
        if method_name.startswith(OPEN_TO_ALL):
            return
        metadata = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
        callers.enter(self._keyring.caller(key_of(metadata)))


async def _end(error: Exception, method_name: str, context: Context) -> NoReturn:
    """Ends the call with the status of a domain error; of anything else it tells only that it was a fault of ours."""
    if isinstance(error, aio.AbortError):
        raise error
    if isinstance(error, DomainError):
        status = status_of(error)
    else:
        _logger.error("A fault in %s", method_name, exc_info=error)
        status = internal_status()
    await context.abort_with_status(rpc_status.to_status(status))  # type: ignore[attr-defined]
    raise error


def _log_end(method_name: str, context: Context) -> None:
    """Has the call logged when it has ended: its method, its status and how long it took; never what it holds."""
    if not _logger.isEnabledFor(logging.DEBUG):
        return
    begun = time.monotonic()

    def log(_: Context) -> None:
        code: grpc.StatusCode | None = context.code()  # It is None until the call has set one.
        _logger.debug("%s %s %.1f ms", method_name, code or grpc.StatusCode.OK, (time.monotonic() - begun) * 1000)

    context.add_done_callback(log)  # type: ignore[arg-type]
