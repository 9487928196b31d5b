"""What happens around every call: it is logged, let in or not, and its errors become statuses.

It is one interceptor for all of that: thousands of watchers pay for each that a message of a stream passes.
"""

import logging
import re
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, NoReturn

import grpc
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
Check = Callable[[str, Context], None]
"""Looks at a call before anything is done, by its method's full name; raises a domain error to refuse it."""

# grpc-interceptor hands methods, requests and answers through as they are; it does not type them.
Method = Callable[[Any, Any], Any]


class AroundCalls(AsyncServerInterceptor):
    """Checks each call, logs its end, and makes a status with details of each domain error.

    Args:
        checks: What each call has to pass, in this order.
    """

    def __init__(self, *checks: Check) -> None:
        self._checks = checks

    async def intercept(
        self, method: Method, request_or_iterator: object, context: Context, method_name: str
    ) -> object:
        """Returns what answers the call."""
        _log_end(method_name, context)
        try:
            for check in self._checks:
                check(method_name, context)
            answer = method(request_or_iterator, context)
            return _guarded(answer, method_name, context) if hasattr(answer, "__aiter__") else await answer
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets a status
            await _end(error, method_name, context)


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
        _logger.error("A fault in %s (request %s)", method_name, _request_id(context), exc_info=error)
        status = internal_status()
    await context.abort_with_status(rpc_status.to_status(status))  # type: ignore[attr-defined]
    raise error


def _log_end(method_name: str, context: Context) -> None:
    """Has the call logged when it has ended: its method, status, time and request id; never what it holds."""
    if not _logger.isEnabledFor(logging.DEBUG):
        return
    begun, request_id = time.monotonic(), _request_id(context)

    def log(_: Context) -> None:
        code: grpc.StatusCode | None = context.code()  # It is None until the call has set one.
        took = (time.monotonic() - begun) * 1000
        _logger.debug("%s %s %.1f ms (request %s)", method_name, code or grpc.StatusCode.OK, took, request_id)

    context.add_done_callback(log)  # type: ignore[arg-type]


def _request_id(context: Context) -> str:
    """Returns what the caller knows the call by, as the shim does; "-" if that is not told, or not fit for a log."""
    found = next((value for key, value in context.invocation_metadata() or () if key == _REQUEST_ID), "")
    return found if isinstance(found, str) and _FIT_FOR_A_LOG.fullmatch(found) else "-"
