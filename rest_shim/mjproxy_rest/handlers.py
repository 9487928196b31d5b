"""What each endpoint does: ask the task service on behalf of the caller, and answer in JSON."""

import uuid
from collections.abc import Awaitable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from mjproxy.errors import PermissionDenied, ServerError, Unauthenticated
from mjproxy.v1.task_pb2 import (
    TASK_STATUS_IN_PROGRESS,
    TASK_STATUS_NOT_START,
    TASK_STATUS_SUBMITTED,
    Mode,
)
from mjproxy.v1.task_service_pb2 import ListTasksRequest, SubmitTaskRequest, SubmitTaskResponse, TaskFilter
from mjproxy_rest.requests import IdsBody, ModalBody, PageQuery, SubmitBody, parse_query
from mjproxy_rest.responses import accepted, json_array, json_response, refused, server_error
from mjproxy_rest.service import Page, TaskService
from mjproxy_rest.texts import Language, preferred_language

NEXT_PAGE_HEADER = "X-Next-Page-Token"

# What waits or runs. A task that waits for a modal holds no place in the queue.
_QUEUED = (TASK_STATUS_NOT_START, TASK_STATUS_SUBMITTED, TASK_STATUS_IN_PROGRESS)

_LIST_SIZE = 100
_LARGEST_PAGE = 1000

# Idempotency keys that are no UUIDs become UUIDs of this namespace, the same one each time.
_IDEMPOTENCY_NAMESPACE = uuid.UUID("5d0b8b0e-6c0c-4b8e-9a3f-0d4b6a3c1f57")


@dataclass(frozen=True, slots=True)
class Call:
    """One request of one caller.

    Attributes:
        request: The HTTP request.
        tasks: The task service.
        mode: The mode that the path asks for.
    """

    request: Request
    tasks: TaskService
    mode: Mode.ValueType

    @property
    def key(self) -> str:
        """The caller's key; "" for none. Bearer tokens are what relays of this API expect."""
        headers = self.request.headers
        return headers.get("mj-api-secret") or _bare(headers.get("authorization", ""))

    @property
    def language(self) -> Language:
        """The language to answer in."""
        return language_of(self.request)


def language_of(request: Request) -> Language:
    """Returns the language that a request asks for."""
    return preferred_language(request.headers.get("accept-language", ""))


def _bare(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else authorization


async def submit(call: Call, body: SubmitBody) -> Response:
    """`POST /submit/...`: submits the body's command."""
    request = body.request()
    _complete(request, call)
    return await _answered(call, call.tasks.submit(call.key, request), request.WhichOneof("command") or "")


async def confirm(call: Call, body: ModalBody) -> Response:
    """`POST /submit/modal`: confirms a task that waits for it."""
    return await _answered(call, call.tasks.confirm(call.key, body.request()), "modal")


async def _answered(call: Call, answer: Awaitable[SubmitTaskResponse], command: str) -> Response:
    try:
        response = await answer
    except (Unauthenticated, PermissionDenied) as error:
        return server_error(error, call.language)
    except ServerError as error:
        return json_response(refused(error, call.language))
    return json_response(accepted(response, command, call.language))


def _complete(request: SubmitTaskRequest, call: Call) -> None:
    """Adds what path and headers say of a submission."""
    request.options.request_id = _request_id(call.request.headers.get("idempotency-key", ""))
    if call.mode:
        request.options.mode = call.mode


def _request_id(key: str) -> str:
    if not key:
        return ""
    try:
        return str(uuid.UUID(key))
    except ValueError:
        return str(uuid.uuid5(_IDEMPOTENCY_NAMESPACE, key))


async def fetch(call: Call) -> Response:
    """`GET /task/{id}/fetch`: one task; `null` if there is none, which clients bear better than a 404."""
    body = await call.tasks.fetch(call.key, call.request.path_params["id"])
    return json_response(body or b"null")


async def list_by_ids(call: Call, body: IdsBody) -> Response:
    """`POST /task/list-by-condition`: those of the tasks asked for that exist, in the order asked for."""
    bodies = await call.tasks.fetch_many(call.key, body.unique())
    return json_response(json_array(bodies))


async def list_newest(call: Call) -> Response:
    """`GET /task/list`: the newest tasks, newest first."""
    query = _page_query(call)
    request = ListTasksRequest(page_size=query.page_size or _LIST_SIZE, page_token=query.page_token)
    return _page_response(await call.tasks.list(call.key, request))


async def list_queue(call: Call) -> Response:
    """`GET /task/queue`: the tasks that wait or run, oldest first; all of them, unless the caller asks for pages."""
    query = _page_query(call)
    request = ListTasksRequest(
        filter=TaskFilter(statuses=_QUEUED),
        oldest_first=True,
        page_size=query.page_size or _LARGEST_PAGE,
        page_token=query.page_token,
    )
    page = await call.tasks.list(call.key, request)
    bodies = page.bodies
    while page.next_page_token and not query.pages:
        request.page_token = page.next_page_token
        page = await call.tasks.list(call.key, request)
        bodies += page.bodies
    return _page_response(Page(bodies, page.next_page_token))


def _page_query(call: Call) -> PageQuery:
    return parse_query(PageQuery, call.request.query_params)


def _page_response(page: Page) -> Response:
    headers = {NEXT_PAGE_HEADER: page.next_page_token} if page.next_page_token else {}
    return json_response(json_array(page.bodies), headers=headers)
