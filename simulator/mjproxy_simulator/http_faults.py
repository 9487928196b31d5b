"""The faults of HTTP requests: what is late, refused or cut off, on whatever host of the simulated Discord.

The REST API meets them at its front desk, so that a refusal has Discord's form and an interaction which is refused is
in the ledger. All other hosts (CDN, uploads, frames of applications) lie behind `FaultyHosts`, which knows nothing of
what they serve.
"""

import asyncio
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mjproxy_simulator.faults import FaultBoard, HttpCut, HttpFault, HttpLatency, HttpStatus
from mjproxy_simulator.model.accounts import Directory
from mjproxy_simulator.rest import errors
from mjproxy_simulator.rest.errors import DiscordError
from mjproxy_simulator.store import Store

NOBODY: Final = 0
"""The user of a request that names none."""

_API: Final = re.compile(r"^/api/v\d+(?=/)")
_ATTACHMENT: Final = re.compile(r"^/attachments/(\d+)/")
_UPLOADS: Final = "/upload/"
_F = TypeVar("_F", bound=HttpFault)


class HttpFaults:
    """Lets armed faults hit requests.

    Args:
        faults: Has them.
    """

    def __init__(self, faults: FaultBoard) -> None:
        self._faults = faults

    async def meet(self, request: Request, user_id: int) -> None:
        """Let a request have what is armed for it; it may take time.

        Raises:
            DiscordError: It is refused, or its connection was cut.
        """
        if late := self._take(HttpLatency, request, user_id):
            await asyncio.sleep(late.seconds)
        if cut := self._take(HttpCut, request, user_id):
            await _read(request, cut.after_bytes)
            raise ConnectionCut
        if refusal := self._take(HttpStatus, request, user_id):
            raise _refusal(refusal)

    def _take(self, kind: type[_F], request: Request, user_id: int) -> _F | None:
        path = _API.sub("", request.scope["path"])
        return self._faults.take(kind, user_id, lambda fault: fault.fits(request.method, path))


class FaultyHosts:
    """An ASGI middleware: what lies behind it is hit by faults, except paths that begin with one of `spared`.

    Args:
        app: What lies behind.
        faults: Hits requests.
        owner: Tells whose things a path is about, `NOBODY` when it cannot be told.
        spared: Paths that look after themselves, or are never to be hit.
    """

    def __init__(self, app: ASGIApp, faults: HttpFaults, owner: Callable[[str], int], spared: tuple[str, ...]) -> None:
        self._app = app
        self._faults = faults
        self._owner = owner
        self._spared = spared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request or a connection."""
        if scope["type"] != "http" or scope["path"].startswith(self._spared):
            await self._app(scope, receive, send)
            return
        try:
            await self._faults.meet(Request(scope, receive), self._owner(scope["path"]))
        except DiscordError as error:
            await error.response()(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class ConnectionCut(DiscordError):
    """The connection of a request is cut instead of an answer."""

    def __init__(self) -> None:
        super().__init__(0, 0, "the connection was cut")

    def response(self) -> Response:
        """Return what cuts it."""
        return CutResponse()


class CutResponse(Response):
    """No answer at all: the connection is cut."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Cut the connection."""
        scope["state"]["abort"]()
        if self.background is not None:
            await self.background()


class Owners:
    """Tells whose things a path of the CDN or the upload host is about."""

    def __init__(self, directory: Directory, store: Store) -> None:
        self._directory = directory
        self._store = store

    def owner(self, path: str) -> int:
        """Return the user, `NOBODY` when it cannot be told."""
        channel_id = self._channel_id(path)
        channel = None if channel_id is None else self._directory.channel(channel_id)
        return NOBODY if channel is None else channel.owner_id

    def _channel_id(self, path: str) -> int | None:
        if path.startswith(_UPLOADS):
            return self._store.upload_channel(path.removeprefix(_UPLOADS))
        found = _ATTACHMENT.match(path)
        return None if found is None else int(found[1])


async def _read(request: Request, size: int) -> None:
    """Read some bytes of the body, and then no more."""
    seen = 0
    try:
        async for chunk in request.stream():
            seen += len(chunk)
            if seen >= size:
                return
    except ClientDisconnect:
        return


def _refusal(fault: HttpStatus) -> DiscordError:
    if fault.status == HTTPStatus.TOO_MANY_REQUESTS:
        bucket = None if fault.scope == "global" else "simulated"
        return errors.rate_limited(fault.retry_after, 1, bucket, shared=fault.scope == "shared")
    return told_to_fail(fault.status, fault.code, fault.message)


def told_to_fail(status: int, code: int, message: str | None) -> DiscordError:
    """Return the error that a fault asks for."""
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"
    return DiscordError(status, code, message or f"{status}: {phrase}")
