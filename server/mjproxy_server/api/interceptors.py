"""What happens around every call: it is logged, its errors become statuses, and its caller is made known.

They are meant in this order, the first one outermost: `CallLog`, `ErrorsToStatus`, `Authentication`.
"""

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, NoReturn

import grpc
from grpc import aio
from grpc_interceptor.exception_to_status import AsyncExceptionToStatusInterceptor
from grpc_interceptor.server import AsyncServerInterceptor
from grpc_status import rpc_status

from mjproxy_server.api import callers
from mjproxy_server.api.callers import Keyring, key_of
from mjproxy_server.api.statuses import internal_status, status_of
from mjproxy_server.model.errors import DomainError

_logger = logging.getLogger(__name__)

OPEN_TO_ALL: Final = ("/grpc.health.v1.Health/", "/grpc.reflection.")
"""Services that need no key: they tell nothing about tasks or accounts."""

# grpc-interceptor hands methods, requests and contexts through as they are; it does not type them.
Method = Callable[[Any, Any], Any]


class CallLog(AsyncServerInterceptor):
    """Logs each call when it has ended: its method, its status and how long it took; never what it holds."""

    async def intercept(
        self, method: Method, request_or_iterator: object, context: aio.ServicerContext[Any, Any], method_name: str
    ) -> object:
        """Runs the call and logs its end."""
        begun = time.monotonic()
        answer = method(request_or_iterator, context)
        if hasattr(answer, "__aiter__"):
            return self._logged_stream(answer, context, method_name, begun)
        return await self._logged(answer, context, method_name, begun)

    async def _logged(
        self, answer: Awaitable[object], context: aio.ServicerContext[Any, Any], method_name: str, begun: float
    ) -> object:
        try:
            return await answer
        finally:
            _log(context, method_name, begun)

    async def _logged_stream(
        self, answers: AsyncIterator[object], context: aio.ServicerContext[Any, Any], method_name: str, begun: float
    ) -> AsyncIterator[object]:
        try:
            async for answer in answers:
                yield answer
        finally:
            _log(context, method_name, begun)


class ErrorsToStatus(AsyncExceptionToStatusInterceptor):
    """Makes a status with details of each domain error; of anything else only that it was a fault of ours."""

    async def handle_exception(
        self,
        ex: Exception,
        request_or_iterator: object,  # noqa: ARG002 - given by the library
        context: aio.ServicerContext[Any, Any],
        method_name: str,
    ) -> NoReturn:
        """Ends the call with the status of the error."""
        if isinstance(ex, aio.AbortError):
            raise ex
        if isinstance(ex, DomainError):
            status = status_of(ex)
        else:
            _logger.error("A fault in %s", method_name, exc_info=ex)
            status = internal_status()
        await context.abort_with_status(rpc_status.to_status(status))  # type: ignore[attr-defined]
        raise ex


class Authentication(AsyncServerInterceptor):
    """Finds out who calls, by the key in the metadata, before anything else is done."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def intercept(
        self, method: Method, request_or_iterator: object, context: aio.ServicerContext[Any, Any], method_name: str
    ) -> object:
        """Lets the call through if its key is known.

        Raises:
            Unauthenticated: It is not.
        """
        if not method_name.startswith(OPEN_TO_ALL):
            metadata = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
            callers.enter(self._keyring.caller(key_of(metadata)))
        answer = method(request_or_iterator, context)
        return answer if hasattr(answer, "__aiter__") else await answer


def _log(context: aio.ServicerContext[Any, Any], method_name: str, begun: float) -> None:
    code: grpc.StatusCode | None = context.code()  # It is None until the call has set one.
    _logger.debug("%s %s %.1f ms", method_name, code or grpc.StatusCode.OK, (time.monotonic() - begun) * 1000)
