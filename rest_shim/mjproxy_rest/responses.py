"""Answers of the server as JSON: what became of a submission, and what a refusal or an error says.

All have the shape `{"code", "description", "result", "properties"}`, with every key present, because clients read them
by subscript. `result` is a string of digits or null, but for uploads, whose result is an array of URLs; `properties` is
an object.

A refusal comes with HTTP status 200: to most clients another status means that the proxy is broken. What is no refusal
of a submission, but a fault of the request as such (a path that is none, too many bytes), of the key or of the service,
has the HTTP status that says so, and the same JSON for those who read on. Its code is 9, the API's number for what is
neither about a task (3) nor about a field of the body (4).
"""

import math
from collections.abc import Mapping

import orjson
from starlette.responses import Response

from mjproxy.errors import (
    DeadlineExceeded,
    PermissionDenied,
    Refused,
    ServerError,
    Unauthenticated,
    Unavailable,
    Unsupported,
)
from mjproxy.v1.task_pb2 import Task
from mjproxy.v1.task_service_pb2 import (
    SUBMIT_CODE_BANNED_PROMPT,
    SUBMIT_CODE_EXISTED,
    SUBMIT_CODE_FAILURE,
    SUBMIT_CODE_IN_QUEUE,
    SUBMIT_CODE_NEEDS_MODAL,
    SUBMIT_CODE_QUEUE_REJECTED,
    SUBMIT_CODE_SUCCESS,
    SUBMIT_CODE_VALIDATION_ERROR,
    SubmitCode,
    SubmitRefusal,
    SubmitTaskResponse,
)
from mjproxy_rest import texts
from mjproxy_rest.faults import found_by_server, name_in_body
from mjproxy_rest.picture_links import ImageUrl
from mjproxy_rest.texts import Language, Text
from mjproxy_rest.vocabulary import STATUS_WORDS

Properties = Mapping[str, str | int | bool | list[str] | None]

# The API has one number for "exists" and "waits for a modal"; `mjproxy.v1` has two.
_CODES = {SUBMIT_CODE_NEEDS_MODAL: SUBMIT_CODE_EXISTED}

_RETRY_AFTER_SECONDS = 2.0


def json_response(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Wraps JSON that is encoded already."""
    return Response(body, status, headers, "application/json")


def json_array(bodies: list[bytes] | tuple[bytes, ...]) -> bytes:
    """Joins JSON values that are encoded already."""
    return b"[" + b",".join(bodies) + b"]"


def outcome(
    code: SubmitCode.ValueType,
    description: str,
    result: str | list[str] = "",
    properties: Properties | None = None,
) -> bytes:
    """Encodes the shape that every answer but a task or a list has."""
    return orjson.dumps(
        {
            "code": int(_CODES.get(code, code)),
            "description": description,
            "result": result or None,
            "properties": dict(properties or {}),
        }
    )


def accepted(response: SubmitTaskResponse, command: str, language: Language, image_url: ImageUrl) -> bytes:
    """Encodes the answer to an accepted submission.

    Args:
        response: The server's answer.
        command: The kind of command, as `SubmitTaskRequest` names it.
        language: The language of the description.
        image_url: What `imageUrl` says.
    """
    code = _shown_code(response, command)
    description = _accepted_text(code, response.queue_position).say(language)
    return outcome(code, description, response.tasks[0].id, _accepted_properties(code, response, image_url))


def _shown_code(response: SubmitTaskResponse, command: str) -> SubmitCode.ValueType:
    """Clients that press buttons answer every 21 with a modal: to them a task that exists is one that was accepted."""
    if response.code == SUBMIT_CODE_EXISTED and command == "action":
        return SUBMIT_CODE_IN_QUEUE if response.queue_position else SUBMIT_CODE_SUCCESS
    return response.code


def _accepted_text(code: SubmitCode.ValueType, ahead: int) -> Text:
    if code == SUBMIT_CODE_IN_QUEUE:
        return texts.ONE_AHEAD if ahead == 1 else texts.SOME_AHEAD.fill(ahead=ahead)
    return {SUBMIT_CODE_EXISTED: texts.EXISTED, SUBMIT_CODE_NEEDS_MODAL: texts.NEEDS_MODAL}.get(code, texts.SUBMITTED)


def _accepted_properties(code: SubmitCode.ValueType, response: SubmitTaskResponse, image_url: ImageUrl) -> Properties:
    task = response.tasks[0]
    instance: Properties = {"discordInstanceId": task.account_id, **_task_ids(response)}
    if code == SUBMIT_CODE_EXISTED:
        return {"status": STATUS_WORDS[task.status], "imageUrl": image_url(task)}
    if code == SUBMIT_CODE_IN_QUEUE:
        return {"numberOfQueues": response.queue_position, **instance}
    if code == SUBMIT_CODE_NEEDS_MODAL:
        return {"finalPrompt": task.properties.final_prompt, "remix": task.properties.remix, **instance}
    return instance


def _task_ids(response: SubmitTaskResponse) -> Properties:
    """Names all tasks where there are several: a button that draws four prompts makes one for each."""
    return {"taskIds": [task.id for task in response.tasks]} if len(response.tasks) > 1 else {}


def cancelled(task: Task, language: Language) -> bytes:
    """Encodes the answer to a cancellation; the status says whether the task has ended by it, or goes on to its end."""
    properties: Properties = {"status": STATUS_WORDS[task.status], "discordInstanceId": task.account_id}
    return success(task.id, language, properties)


def success(result: str | list[str], language: Language, properties: Properties | None = None) -> bytes:
    """Encodes the answer to what was done at once, and not submitted."""
    return outcome(SUBMIT_CODE_SUCCESS, texts.SUCCESS.say(language), result, properties)


def refused(error: ServerError, language: Language) -> bytes:
    """Encodes the answer to a refused submission; one that the server did not explain is a failure of the system."""
    refusal = error.details.refusal or SubmitRefusal(code=SUBMIT_CODE_FAILURE)
    description = _refusal_text(error, refusal).say(language)
    return outcome(refusal.code, description, refusal.task_id, _refusal_properties(refusal))


def _refusal_text(error: ServerError, refusal: SubmitRefusal) -> Text:
    by_code = texts.BY_CODE.get(refusal.code, texts.BY_CODE[SUBMIT_CODE_FAILURE])
    text = found_by_server(error) or texts.BY_REASON.get(error.reason, by_code)
    return _filled(text, error, name_in_body(error.field))


def _filled(text: Text, error: ServerError, field: str) -> Text:
    """Fills in what the server says, with the field as the caller knows it."""
    said = error.message.removeprefix(f"{error.field}: ")
    detail = error.message if said == error.message else f"{field}: {said}"
    return text.fill(**{**error.details.metadata, "field": field, "detail": detail})


def _refusal_properties(refusal: SubmitRefusal) -> Properties:
    if refusal.code == SUBMIT_CODE_QUEUE_REJECTED:
        return {"discordInstanceId": refusal.discord_instance_id}
    if refusal.code == SUBMIT_CODE_BANNED_PROMPT:
        return {"promptEn": refusal.prompt_en, "bannedWord": refusal.banned_word}
    return {}


def invalid(text: Text, language: Language) -> bytes:
    """Encodes the answer to a body that could not be translated."""
    return outcome(SUBMIT_CODE_VALIDATION_ERROR, text.say(language))


def failure(status: int, text: Text, language: Language, headers: Mapping[str, str] | None = None) -> Response:
    """Answers with an HTTP status that is not 200."""
    return json_response(outcome(SUBMIT_CODE_FAILURE, text.say(language)), status, headers)


def away(language: Language, retry_after: float = _RETRY_AFTER_SECONDS) -> Response:
    """Answers what the server alone could, while it cannot be asked."""
    return failure(503, texts.UNAVAILABLE, language, {"Retry-After": str(math.ceil(retry_after))})


def server_error(error: ServerError, language: Language) -> Response:
    """Answers a read, or a call without a valid key, that the server did not serve."""
    match error:
        case Unauthenticated():
            return failure(401, texts.UNAUTHENTICATED, language, {"WWW-Authenticate": "Bearer"})
        case PermissionDenied():
            return failure(403, texts.PERMISSION_DENIED, language)
        case Refused():
            text = found_by_server(error) or texts.BY_CODE[SUBMIT_CODE_VALIDATION_ERROR]
            return json_response(invalid(_filled(text, error, error.field.rpartition(".")[2]), language))
        case Unavailable() | DeadlineExceeded():
            return away(language, error.retry_after or _RETRY_AFTER_SECONDS)
        case Unsupported():
            return failure(501, texts.UNSUPPORTED, language)
        case _:
            return failure(500, texts.INTERNAL, language)
