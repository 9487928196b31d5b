"""Names each request, so that what a client saw, this log and the server's can be laid side by side.

The caller's own `X-Request-Id` is taken if it is fit to be logged, and one is made otherwise. It comes back in every
answer, and goes with every call to the server.
"""

import logging
import re
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER: Final = "X-Request-Id"

_log = logging.getLogger(__name__)

_RAW_HEADER: Final = HEADER.lower().encode()
_SANE: Final = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")

_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """Returns the id of the request that is being answered; "" outside of one."""
    return _current.get()


class RequestIds:
    """An ASGI middleware. To be the outermost one, so that no answer goes without."""

    def __init__(self, app: ASGIApp, new_id: Callable[[], str]) -> None:
        """Wraps an application.

        Args:
            app: What to wrap.
            new_id: Makes an id, in ASCII, unlike all others.
        """
        self._app = app
        self._new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Names one request."""
        request_id = _given(scope) or self._new_id()
        _current.set(request_id)
        header = (_RAW_HEADER, request_id.encode())

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], header]
                _note(scope, message["status"], request_id)
            await send(message)

        await self._app(scope, receive, send_named)


def _given(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == _RAW_HEADER and _SANE.fullmatch(value):
            return str(value, "ascii")
    return ""


def _note(scope: Scope, status: int, request_id: str) -> None:
    """Logs faults; anything else is worth reading only while one searches for something. Queries may have secrets."""
    level = logging.WARNING if status == 500 else logging.DEBUG
    _log.log(level, "%s %s answered %d (request %s)", scope["method"], scope["path"], status, request_id)
