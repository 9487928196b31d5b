"""The ASGI application: the routes, CORS, and what is answered when something goes wrong."""

from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from mjproxy.errors import ServerError
from mjproxy_rest import texts
from mjproxy_rest.bodies import MAX_BODY_MB, BodyTooLarge
from mjproxy_rest.handlers import NEXT_PAGE_HEADER, language_of
from mjproxy_rest.requests import InvalidBody
from mjproxy_rest.responses import failure, invalid, json_response, server_error
from mjproxy_rest.routes import routes
from mjproxy_rest.service import TaskService

# Web clients call from pages of any origin; keys are in headers, never in cookies, so that this gives nothing away. A
# preflight carries no key and is answered without one.
_CORS = Middleware(
    CORSMiddleware,
    allow_origins=["*"],
    allow_methods=["GET", "POST", "OPTIONS"],
    allow_headers=["*"],
    expose_headers=[NEXT_PAGE_HEADER, "Retry-After"],
    max_age=86400,
)


def create_app(tasks: TaskService) -> Starlette:
    """Builds the application round a task service."""
    return Starlette(routes=list(routes(tasks)), middleware=[_CORS], exception_handlers=_EXCEPTION_HANDLERS)


def _invalid_body(request: Request, error: InvalidBody) -> Response:
    return json_response(invalid(error.text, language_of(request)))


def _body_too_large(request: Request, _: BodyTooLarge) -> Response:
    """Answers with 413, as the web servers before other implementations of this API do: the body was not even read."""
    return failure(413, texts.BODY_TOO_LARGE.fill(limit=MAX_BODY_MB), language_of(request))


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
    ServerError: _handler(_server_error),
    ClientDisconnect: _handler(_client_left),
    Exception: _handler(_internal_error),
}
