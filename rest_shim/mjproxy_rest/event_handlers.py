"""The endpoints that stream: what is checked before a stream begins, and how a reader resumes.

A browser's `EventSource` cannot send headers, so these endpoints take the key as `?key=`, too. It is second best: a
proxy on the way may log URLs. Nothing here does.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Final

from starlette.responses import Response

from mjproxy.errors import ServerError
from mjproxy.v1.task_service_pb2 import ListTasksRequest
from mjproxy_rest import texts
from mjproxy_rest.calls import Call
from mjproxy_rest.event_stream import MEDIA_TYPE, is_end, place
from mjproxy_rest.responses import failure
from mjproxy_rest.streaming import OwnedStream

# The second one is for nginx, which otherwise holds events back until it has a buffer full of them.
_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def task_events(call: Call) -> Response:
    """`GET /task/{id}/events`: what becomes of a task, until its end."""
    if is_end(_last_id(call)):
        return Response(status_code=204)  # This is how a browser is told not to come again.
    if not await call.tasks.fetch(_key(call), call.path_id):
        return failure(404, texts.NO_SUCH_TASK, call.language)
    return _stream(call, call.services.live.of_task(_key(call), call.path_id, place(_last_id(call))))


async def all_events(call: Call) -> Response:
    """`GET /tasks/events`: what becomes of all tasks of the caller, or of those with one `state`."""
    # The first answer of a stream is always 200, so that a wrong key has to be found before.
    await call.tasks.list(_key(call), ListTasksRequest(page_size=1))
    state = call.request.query_params.get("state")
    return _stream(call, call.services.live.of_all(_key(call), state, place(_last_id(call))))


def _key(call: Call) -> str:
    return call.key or call.request.query_params.get("key", "")


def _last_id(call: Call) -> str:
    return call.request.headers.get("last-event-id", "")


def _stream(call: Call, events: AsyncGenerator[bytes]) -> Response:
    if call.request.method == "HEAD":
        return Response(headers=_HEADERS, media_type=MEDIA_TYPE)
    stream = _until_refused(events)
    return OwnedStream(stream, stream.aclose, headers=_HEADERS, media_type=MEDIA_TYPE)


async def _until_refused(events: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Ends a stream with which the server will not go on; when the reader comes back, it is told why in an answer."""
    with suppress(ServerError):
        async with aclosing(events):
            async for chunk in events:
                yield chunk
