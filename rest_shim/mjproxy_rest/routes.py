"""What is served: one table of endpoints, each under every prefix.

A prefix of the path says how fast, and at what price, the bot shall work; `/mj` leaves that to the body and the prompt.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mjproxy.v1.task_pb2 import MODE_FAST, MODE_RELAX, MODE_TURBO, MODE_UNSPECIFIED, Mode
from mjproxy_rest.bodies import read_body
from mjproxy_rest.handlers import Call, confirm, fetch, list_by_ids, list_newest, list_queue, submit
from mjproxy_rest.requests import (
    ActionBody,
    BlendBody,
    Body,
    ChangeBody,
    DescribeBody,
    IdsBody,
    ImagineBody,
    ModalBody,
    ShortenBody,
    SimpleChangeBody,
    parse_body,
)
from mjproxy_rest.responses import json_response
from mjproxy_rest.service import TaskService

_Body = TypeVar("_Body", bound=Body)


@dataclass(frozen=True, slots=True)
class Get:
    """An endpoint that reads. A body is ignored: some clients send one."""

    method: ClassVar[str] = "GET"
    path: str
    handler: Callable[[Call], Awaitable[Response]]

    async def answer(self, call: Call) -> Response:
        """Answers one request."""
        return await self.handler(call)


@dataclass(frozen=True, slots=True)
class Post(Generic[_Body]):
    """An endpoint that takes a body."""

    method: ClassVar[str] = "POST"
    path: str
    body: type[_Body]
    handler: Callable[[Call, _Body], Awaitable[Response]]

    async def answer(self, call: Call) -> Response:
        """Answers one request.

        Raises:
            BodyTooLarge: The body has too many bytes.
            InvalidBody: The body is none of this endpoint.
        """
        return await self.handler(call, parse_body(self.body, await read_body(call.request)))


Endpoint = Get | Post[Any]

# The first is asked for most often by far: routes are tried in their order.
ENDPOINTS: tuple[Endpoint, ...] = (
    Get("/task/{id}/fetch", fetch),
    Get("/task/list", list_newest),
    Get("/task/queue", list_queue),
    Post("/task/list-by-condition", IdsBody, list_by_ids),
    Post("/task/list-by-ids", IdsBody, list_by_ids),
    Post("/submit/imagine", ImagineBody, submit),
    Post("/submit/change", ChangeBody, submit),
    Post("/submit/simple-change", SimpleChangeBody, submit),
    Post("/submit/action", ActionBody, submit),
    Post("/submit/blend", BlendBody, submit),
    Post("/submit/describe", DescribeBody, submit),
    Post("/submit/shorten", ShortenBody, submit),
    Post("/submit/modal", ModalBody, confirm),
)

PREFIXES: Mapping[str, Mode.ValueType] = {
    "/mj": MODE_UNSPECIFIED,
    "/mj-fast/mj": MODE_FAST,
    "/mj-turbo/mj": MODE_TURBO,
    "/mj-relax/mj": MODE_RELAX,
}


def routes(tasks: TaskService) -> Iterator[Route]:
    """Yields everything that is served."""
    for prefix, mode in PREFIXES.items():
        for endpoint in ENDPOINTS:
            yield _route(prefix, mode, endpoint, tasks)
    yield Route("/healthz", _healthy)


def _route(prefix: str, mode: Mode.ValueType, endpoint: Endpoint, tasks: TaskService) -> Route:
    async def answer(request: Request) -> Response:
        return await endpoint.answer(Call(request, tasks, mode))

    return Route(prefix + endpoint.path, answer, methods=[endpoint.method])


async def _healthy(_: Request) -> Response:
    """Says that the shim answers; whether its server does, the server's own health service says."""
    return json_response(b'{"status":"ok"}')
