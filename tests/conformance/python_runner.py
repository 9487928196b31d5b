"""The runner of the Python client; the README beside this file says what a runner does."""

import asyncio
import json
import sys
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message

import mjproxy
from mjproxy.calls import Calls
from mjproxy.channel import authorization, open_channel
from mjproxy.errors import (
    HistoryGone,
    InternalError,
    PermissionDenied,
    QueueFull,
    Refused,
    ServerError,
    TaskFailed,
    Unauthenticated,
    WaitTimedOut,
)
from mjproxy.v1 import account_service_pb2, task_service_pb2
from mjproxy.v1.account_service_pb2_grpc import AccountServiceStub
from mjproxy.v1.task_service_pb2 import SubmitTaskRequest, SubmitTaskResponse, WatchFilter
from mjproxy.v1.task_service_pb2_grpc import TaskServiceStub
from mjproxy.watch import Batch, Interrupted, Position, Reset, TaskWatch, WatchEvent

Json = dict[str, Any]

# The first class that an error belongs to says what to do about it.
_REMEDIES: Final[Sequence[tuple[type[ServerError], str]]] = (
    (QueueFull, "retry"),
    (HistoryGone, "relist"),
    (Refused, "correct"),
    (Unauthenticated, "check_key"),
    (PermissionDenied, "check_key"),
    (InternalError, "report"),
    (ServerError, "retry"),
)


class Caller:
    """A client, and its watch."""

    def __init__(self, target: str, key: str, authority: str | None) -> None:
        tls = mjproxy.Tls(Path(authority).read_bytes()) if authority else None
        self._client = mjproxy.AsyncClient(target, key=key, tls=tls or False)
        self._channel = open_channel(target, tls)
        self._metadata = authorization(key)
        self._tasks = TaskServiceStub(self._channel)
        self._watch: TaskWatch | None = None

    async def open(self) -> None:
        await self._client.__aenter__()

    async def close(self) -> None:
        if self._watch is not None:
            await self._watch.aclose()
        await self._client.aclose()
        await self._channel.close(None)

    async def submit(self, request: Json, seconds: float) -> Message:
        """Submits by the client's own method where it has all that is asked for, else by the plain call."""
        message = ParseDict(request, SubmitTaskRequest())
        state, request_id = message.options.state, message.options.request_id
        if message.HasField("imagine") and not (message.imagine.images or message.options.HasField("account_filter")):
            return _submitted(await self._client.imagine(message.imagine.prompt, state=state, request_id=request_id))
        message.options.request_id = request_id or str(uuid.uuid4())
        return await Calls(self._metadata, seconds)(self._tasks.SubmitTask, message)

    async def wait(self, task_id: str, seconds: float) -> Message:
        return (await self._client.wait(task_id, seconds)).raise_for_failure().message

    async def submit_and_wait(self, request: Json, seconds: float) -> Message:
        task = await self._client.imagine(
            request["imagine"]["prompt"], state=request.get("options", {}).get("state", "")
        )
        return (await task.result(seconds)).message

    async def call(self, method: str, request: Json, seconds: float) -> Message:
        of_accounts = method == "DeleteAccount"
        stub = AccountServiceStub(self._channel) if of_accounts else self._tasks
        message = getattr(account_service_pb2 if of_accounts else task_service_pb2, f"{method}Request")()
        return await Calls(self._metadata, seconds)(getattr(stub, method), ParseDict(request, message))

    async def watch(self, filter: Json, after: Json | None) -> None:  # noqa: A002 - as the command names it
        position = Position(int(after["revision"]), after.get("history_id", "")) if after else None
        watch_filter = ParseDict(filter, WatchFilter())
        self._watch = TaskWatch(self._tasks, watch_filter=watch_filter, after=position, metadata=self._metadata)

    async def next(self) -> Json:
        assert self._watch is not None
        return _event(await anext(self._watch))


def _submitted(task: mjproxy.AsyncTask) -> SubmitTaskResponse:
    assert task.submission is not None
    return SubmitTaskResponse(
        tasks=[task.message],
        code=task.submission.code,
        description=task.submission.description,
        queue_position=task.submission.queue_position,
        deduplicated=task.submission.deduplicated,
        revision=task.revision,
    )


def _form(message: Message) -> Json:
    return dict(MessageToDict(message, preserving_proto_field_name=True))


def _event(event: WatchEvent) -> Json:
    match event:
        case Batch(changes, position):
            changed = [_form(change) for change in changes]
            return {"kind": "changes", "changes": changed, "position": _position(position)}
        case Reset(position):
            return {"kind": "reset", "position": _position(position)}
        case Interrupted(error):
            return {"kind": "interrupted", "error": _error(error)}


def _position(position: Position) -> Json:
    return {"revision": str(position.revision), "history_id": position.history_id}


def _error(error: ServerError) -> Json:
    refusal = error.details.refusal
    return {
        "code": error.status.name,
        "reason": error.reason,
        "message": error.message,
        "field": error.field,
        "metadata": dict(error.details.metadata),
        "retry_after": error.retry_after,
        "remedy": next(remedy for kind, remedy in _REMEDIES if isinstance(error, kind)),
        "refusal": _form(refusal) if refusal else None,
    }


class Commands:
    """Does what it is told to."""

    def __init__(self) -> None:
        self._callers: dict[str, Caller] = {}

    async def outcome(self, do: str, client: str, **arguments: object) -> Json:
        """Returns {"answer": ...} or {"error": ...}."""
        try:
            answer = await self._method(do, client)(**arguments)
        except ServerError as error:
            return {"error": _error(error)}
        except WaitTimedOut as error:
            return {"error": {"code": "DEADLINE_EXCEEDED", "message": str(error)}}
        except TaskFailed as error:
            return {"error": {"reason": error.reason, "message": str(error), "task": _form(error.task)}}
        return {"answer": _form(answer) if isinstance(answer, Message) else answer or {}}

    def _method(self, do: str, client: str) -> Callable[..., Awaitable[Message | Mapping[str, object] | None]]:
        if do == "open":
            return self._opener(client)
        caller = self._callers.pop(client) if do == "close" else self._callers[client]
        return getattr(caller, do)  # type: ignore[no-any-return]

    def _opener(self, client: str) -> Callable[..., Awaitable[None]]:
        async def opened(target: str, key: str, authority: str | None) -> None:
            self._callers[client] = Caller(target, key, authority)
            await self._callers[client].open()

        return opened


async def main() -> None:
    commands = Commands()
    while line := await asyncio.to_thread(sys.stdin.readline):
        sys.stdout.write(json.dumps(await commands.outcome(**json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
