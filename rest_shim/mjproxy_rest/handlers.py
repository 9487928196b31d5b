"""What each endpoint does: ask the task service on behalf of the caller, and answer in JSON."""

import math
import uuid
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from starlette.responses import Response

from mjproxy.errors import DeadlineExceeded, PermissionDenied, ServerError, Unauthenticated, Unavailable
from mjproxy.v1.task_pb2 import (
    TASK_STATUS_IN_PROGRESS,
    TASK_STATUS_NOT_START,
    TASK_STATUS_SUBMITTED,
)
from mjproxy.v1.task_service_pb2 import ListTasksRequest, SubmitTaskRequest, TaskFilter
from mjproxy_rest.calls import Call
from mjproxy_rest.requests import IdsBody, ModalBody, PageQuery, SubmitBody, UploadBody, parse_query
from mjproxy_rest.responses import (
    accepted,
    cancelled,
    json_array,
    json_response,
    refused,
    server_error,
    success,
)
from mjproxy_rest.service import Memory, Page

NEXT_PAGE_HEADER = "X-Next-Page-Token"

# On an answer from memory: for how many seconds the server has not been heard.
STALE_HEADER = "X-Mjproxy-Stale"

_AWAY = (Unavailable, DeadlineExceeded)

# What waits or runs. A task that waits for a modal holds no place in the queue.
_QUEUED = (TASK_STATUS_NOT_START, TASK_STATUS_SUBMITTED, TASK_STATUS_IN_PROGRESS)

_LIST_SIZE = 100
_LARGEST_PAGE = 1000

# Idempotency keys that are no UUIDs become UUIDs of this namespace, the same one each time.
_IDEMPOTENCY_NAMESPACE = uuid.UUID("5d0b8b0e-6c0c-4b8e-9a3f-0d4b6a3c1f57")


_Rest = ParamSpec("_Rest")
_Handler = Callable[Concatenate[Call, _Rest], Awaitable[Response]]


def _acts(handler: _Handler[_Rest]) -> _Handler[_Rest]:
    """Marks an endpoint that does something: if that is refused, or fails, its clients read so from a code in a 200."""

    @wraps(handler)
    async def answer(call: Call, /, *rest: _Rest.args, **named: _Rest.kwargs) -> Response:
        try:
            return await handler(call, *rest, **named)
        except (Unauthenticated, PermissionDenied) as error:
            return server_error(error, call.language)
        except ServerError as error:
            return json_response(refused(error, call.language))

    return answer


@_acts
async def submit(call: Call, body: SubmitBody) -> Response:
    """`POST /submit/...`, `POST /insight-face/swap`: submits the body's command."""
    request = body.request()
    _complete(request, call)
    response = await call.tasks.submit(call.key, request)
    return json_response(
        accepted(response, request.WhichOneof("command") or "", call.language, call.services.image_url)
    )


@_acts
async def confirm(call: Call, body: ModalBody) -> Response:
    """`POST /submit/modal`: confirms a task that waits for it."""
    response = await call.tasks.confirm(call.key, body.request())
    return json_response(accepted(response, "modal", call.language, call.services.image_url))


@_acts
async def upload(call: Call, body: UploadBody) -> Response:
    """`POST /submit/upload-discord-images`: has pictures kept by Discord, and answers their URLs."""
    return json_response(success(await call.tasks.upload(call.key, body.request()), call.language))


@_acts
async def cancel(call: Call) -> Response:
    """`POST /task/{id}/cancel`: cancels a task; one that has ended stays as it is."""
    return json_response(cancelled(await call.tasks.cancel(call.key, call.path_id), call.language))


@_acts
async def image_seed(call: Call) -> Response:
    """`GET /task/{id}/image-seed`: asks the bot for the seed of a finished picture."""
    return json_response(success(await call.tasks.seed(call.key, call.path_id), call.language))


def _complete(request: SubmitTaskRequest, call: Call) -> None:
    """Adds what path and headers say of a submission."""
    if key := call.request.headers.get("idempotency-key"):
        request.options.request_id = _request_id(key)
    if call.mode:
        request.options.mode = call.mode


def _request_id(key: str) -> str:
    try:
        return str(uuid.UUID(key))
    except ValueError:
        return str(uuid.uuid5(_IDEMPOTENCY_NAMESPACE, key))


async def fetch(call: Call) -> Response:
    """`GET /task/{id}/fetch`: one task; `null` if there is none, which clients bear better than a 404."""
    try:
        body = await call.tasks.fetch(call.key, call.path_id)
    except _AWAY:
        if memory := call.tasks.recall(call.key, [call.path_id]):
            return _from_memory(memory, memory.bodies[0])
        raise
    return json_response(body or b"null")


async def list_by_ids(call: Call, body: IdsBody) -> Response:
    """`POST /task/list-by-condition`: those of the tasks asked for that exist, in the order asked for."""
    ids = body.unique()
    if not ids:
        await call.tasks.admit(call.key)
    try:
        bodies = await call.tasks.fetch_many(call.key, ids)
    except _AWAY:
        if memory := call.tasks.recall(call.key, ids):
            return _from_memory(memory, json_array(memory.bodies))
        raise
    return json_response(json_array(bodies))


def _from_memory(memory: Memory, body: bytes) -> Response:
    """Answers while the server is away, and says so."""
    return json_response(body, headers={STALE_HEADER: str(math.ceil(memory.age))})


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


async def fetch_account(call: Call) -> Response:
    """`GET /account/{id}/fetch`: one account; `null` if there is none."""
    body = await call.services.accounts.fetch(call.key, call.path_id)
    return json_response(body or b"null")


async def list_accounts(call: Call) -> Response:
    """`GET /account/list`: all accounts."""
    return json_response(json_array(await call.services.accounts.fetch_all(call.key)))


def _page_query(call: Call) -> PageQuery:
    return parse_query(PageQuery, call.request.query_params)


def _page_response(page: Page) -> Response:
    headers = {NEXT_PAGE_HEADER: page.next_page_token} if page.next_page_token else {}
    return json_response(json_array(page.bodies), headers=headers)
