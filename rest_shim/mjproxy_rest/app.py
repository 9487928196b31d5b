"""The ASGI application: the routes, CORS, and what is answered when something goes wrong."""

from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp

from mjproxy.errors import ServerError
from mjproxy_rest import request_ids, texts
from mjproxy_rest.bodies import BodyTooLarge, UnknownEncoding
from mjproxy_rest.calls import Services, language_of
from mjproxy_rest.handlers import NEXT_PAGE_HEADER, STALE_HEADER
from mjproxy_rest.openapi_page import page_routes
from mjproxy_rest.request_ids import RequestIds
from mjproxy_rest.requests import InvalidBody
from mjproxy_rest.responses import failure, invalid, json_response, server_error
from mjproxy_rest.routes import routes
from mjproxy_rest.shortcut import FetchShortcut

# Web clients call from pages of any origin; keys are in headers, never in cookies, so that this gives nothing away. A
# preflight carries no key and is answered without one.
_READABLE_HEADERS = (NEXT_PAGE_HEADER, STALE_HEADER, request_ids.HEADER, "Retry-After")


def create_app(services: Services, new_request_id: Callable[[], str]) -> ASGIApp:
    """Builds the application round its services.

    Starlette answers to faults outside of its middleware; these two are round all of it, since such answers, too, must
    be readable and have a name.

    Args:
        services: What the endpoints are made of.
        new_request_id: Makes names for requests that bring none.
    """
    app = Starlette(routes=[*routes(services), *page_routes()], exception_handlers=_EXCEPTION_HANDLERS)
    with_shortcut = FetchShortcut(_open_to_all_origins(app), services.tasks, ", ".join(_READABLE_HEADERS))
    return RequestIds(with_shortcut, new_request_id)


def _open_to_all_origins(app: ASGIApp) -> ASGIApp:
    return CORSMiddleware(
        app,
        allow_origins=["*"],
        allow_methods=["GET", "POST", "OPTIONS"],
        allow_headers=["*"],
        expose_headers=_READABLE_HEADERS,
        max_age=86400,
    )


def _invalid_body(request: Request, error: InvalidBody) -> Response:
    return json_response(invalid(error.text, language_of(request)))


def _body_too_large(request: Request, error: BodyTooLarge) -> Response:
    """Answers with 413, as the web servers before other implementations of this API do: the body was not even read."""
    return failure(413, texts.BODY_TOO_LARGE.fill(limit=error.limit_mb), language_of(request))


def _unknown_encoding(request: Request, _: UnknownEncoding) -> Response:
    return failure(415, texts.UNKNOWN_ENCODING, language_of(request), {"Accept-Encoding": "gzip"})


def _server_error(request: Request, error: ServerError) -> Response:
    return server_error(error, language_of(request))


def _no_such_path(request: Request, _: HTTPException) -> Response:
    return failure(404, texts.NO_SUCH_PATH, language_of(request))


def _no_such_method(request: Request, error: HTTPException) -> Response:
    """Answers OPTIONS here, too: one that is no preflight asks for what `Allow` says."""
    headers = error.headers or {}
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=headers)
    text = texts.NO_SUCH_METHOD.fill(allowed=headers.get("Allow", ""))
    return failure(405, text, language_of(request), headers)


def _client_left(_request: Request, _error: ClientDisconnect) -> Response:
    """Ends the request in silence: nobody reads this answer, and an operator has nothing to do about it."""
    return Response(status_code=400)


def _internal_error(request: Request, _: Exception) -> Response:
    return failure(500, texts.INTERNAL, language_of(request))


_Error = TypeVar("_Error", bound=Exception)


def _handler(answer: Callable[[Request, _Error], Response]) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Makes a handler of a function that takes the one class of errors under which it is registered."""

    async def handle(request: Request, error: Exception) -> Response:
        return answer(request, cast("_Error", error))

    return handle


_EXCEPTION_HANDLERS = {
    404: _handler(_no_such_path),
    405: _handler(_no_such_method),
    InvalidBody: _handler(_invalid_body),
    BodyTooLarge: _handler(_body_too_large),
    UnknownEncoding: _handler(_unknown_encoding),
    ServerError: _handler(_server_error),
    ClientDisconnect: _handler(_client_left),
    Exception: _handler(_internal_error),
}
