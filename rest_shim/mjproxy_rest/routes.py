"""What is served: one table of endpoints, each under every prefix.

A prefix of the path says how fast, and at what price, the bot shall work; `/mj` leaves that to the body and the prompt.
"""

import enum
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mjproxy.v1.task_pb2 import MODE_FAST, MODE_RELAX, MODE_TURBO, MODE_UNSPECIFIED, Mode
from mjproxy_rest.calls import Call, Services, language_of
from mjproxy_rest.event_handlers import all_events, task_events
from mjproxy_rest.handlers import (
    cancel,
    confirm,
    fetch,
    fetch_account,
    image_seed,
    list_accounts,
    list_by_ids,
    list_newest,
    list_queue,
    submit,
    upload,
)
from mjproxy_rest.picture_handlers import find_picture, read_picture
from mjproxy_rest.requests import (
    ActionBody,
    BlendBody,
    Body,
    ChangeBody,
    DescribeBody,
    IdsBody,
    ImagineBody,
    InvalidBody,
    ModalBody,
    ShortenBody,
    SimpleChangeBody,
    SwapBody,
    UploadBody,
    parse_body,
)
from mjproxy_rest.responses import away, json_response

_Body = TypeVar("_Body", bound=Body)

_OK = b'{"status":"ok"}'

# Single tasks are too small to gain by it, and asked for too often; lists shrink to a tenth.
_COMPRESSED = Middleware(GZipMiddleware, minimum_size=2048, compresslevel=4)


class Answer(enum.StrEnum):
    """What an endpoint answers with."""

    TASK = "Task"
    TASKS = "Tasks"
    SUBMISSION = "Submission"
    UPLOAD = "Upload"
    SEED = "Seed"
    ACCOUNT = "Account"
    ACCOUNTS = "Accounts"
    EVENTS = "Events"
    PICTURE = "Picture"

    @property
    def is_list(self) -> bool:
        """True if it grows with what there is."""
        return self in {Answer.TASKS, Answer.ACCOUNTS}


@dataclass(frozen=True, slots=True)
class Get:
    """An endpoint of which the path says all. A body is ignored: some clients send one.

    Attributes:
        path: Where it is, under each prefix.
        summary: What it does, in a line.
        answers: What it answers with.
        handler: Does it.
    """

    method: ClassVar[str] = "GET"
    path: str
    summary: str
    answers: Answer
    handler: Callable[[Call], Awaitable[Response]]

    async def answer(self, call: Call) -> Response:
        """Answers one request."""
        return await self.handler(call)


class Act(Get):
    """An endpoint of which the path says all, and that changes something."""

    method: ClassVar[str] = "POST"


@dataclass(frozen=True, slots=True)
class Post(Generic[_Body]):
    """An endpoint that takes a body; for the rest see `Get`."""

    method: ClassVar[str] = "POST"
    path: str
    summary: str
    answers: Answer
    body: type[_Body]
    handler: Callable[[Call, _Body], Awaitable[Response]]

    async def answer(self, call: Call) -> Response:
        """Answers one request.

        Raises:
            BodyTooLarge: The body has too many bytes.
            InvalidBody: The body is none of this endpoint.
            UnknownEncoding: The body is compressed in a way that is not understood.
        """
        return await self.handler(call, parse_body(self.body, await call.services.bodies.read(call.request)))


Endpoint = Get | Post[Any]

# The first two are asked for most often by far: routes are tried in their order.
ENDPOINTS: tuple[Endpoint, ...] = (
    Get("/task/{id}/fetch", "Read a task", Answer.TASK, fetch),
    Post("/submit/imagine", "Draw a prompt", Answer.SUBMISSION, ImagineBody, submit),
    Post("/task/list-by-condition", "Read the tasks with these ids", Answer.TASKS, IdsBody, list_by_ids),
    Post("/task/list-by-ids", "Read the tasks with these ids", Answer.TASKS, IdsBody, list_by_ids),
    Get("/task/list", "List the newest tasks", Answer.TASKS, list_newest),
    Get("/task/queue", "List the tasks that wait or run", Answer.TASKS, list_queue),
    Get("/task/{id}/image-seed", "Find the seed of a picture", Answer.SEED, image_seed),
    Get("/task/{id}/events", "Follow a task to its end, live", Answer.EVENTS, task_events),
    Get("/tasks/events", "Follow all tasks, live", Answer.EVENTS, all_events),
    Get("/image/{id}", "Find the picture of a task", Answer.PICTURE, find_picture),
    Get("/image/{id}/{name}", "Read a picture", Answer.PICTURE, read_picture),
    Act("/task/{id}/cancel", "Cancel a task", Answer.SUBMISSION, cancel),
    Post("/submit/change", "Upscale, vary or redraw a grid", Answer.SUBMISSION, ChangeBody, submit),
    Post("/submit/simple-change", "The same, in one text", Answer.SUBMISSION, SimpleChangeBody, submit),
    Post("/submit/action", "Press a button", Answer.SUBMISSION, ActionBody, submit),
    Post("/submit/modal", "Confirm a task that waits for it", Answer.SUBMISSION, ModalBody, confirm),
    Post("/submit/blend", "Mix pictures", Answer.SUBMISSION, BlendBody, submit),
    Post("/submit/describe", "Write prompts for a picture", Answer.SUBMISSION, DescribeBody, submit),
    Post("/submit/shorten", "Analyse a prompt", Answer.SUBMISSION, ShortenBody, submit),
    Post("/submit/upload-discord-images", "Have pictures kept by Discord", Answer.UPLOAD, UploadBody, upload),
    Post("/insight-face/swap", "Put a face into a picture", Answer.SUBMISSION, SwapBody, submit),
    Get("/account/list", "List the accounts", Answer.ACCOUNTS, list_accounts),
    Get("/account/{id}/fetch", "Read an account", Answer.ACCOUNT, fetch_account),
)

PREFIXES: Mapping[str, Mode.ValueType] = {
    "/mj": MODE_UNSPECIFIED,
    "/mj-fast/mj": MODE_FAST,
    "/mj-turbo/mj": MODE_TURBO,
    "/mj-relax/mj": MODE_RELAX,
}


def routes(services: Services) -> Iterator[Route]:
    """Yields everything that is served."""
    for prefix, mode in PREFIXES.items():
        for endpoint in ENDPOINTS:
            yield _route(prefix, mode, endpoint, services)
    yield Route("/healthz", _healthy)
    yield Route("/readyz", _readiness(services))


def _route(prefix: str, mode: Mode.ValueType, endpoint: Endpoint, services: Services) -> Route:
    async def answer(request: Request) -> Response:
        call = Call(request, services, mode)
        try:
            return await endpoint.answer(call)
        except InvalidBody:
            # What is wrong with a request is said to those only who may make it.
            await call.tasks.admit(call.key)
            raise

    middleware = [_COMPRESSED] if endpoint.answers.is_list else []
    return Route(prefix + endpoint.path, answer, methods=[endpoint.method], middleware=middleware)


async def _healthy(_: Request) -> Response:
    """Says that the shim answers; whether its server does, the server's own health service says."""
    return json_response(_OK)


def _readiness(services: Services) -> Callable[[Request], Awaitable[Response]]:
    async def ready(request: Request) -> Response:
        """Says whether the shim has found its server, and whether that is fit to serve."""
        return json_response(_OK) if await services.tasks.is_ready() else away(language_of(request))

    return ready
