"""The OpenAPI 3.1 document of the JSON API, made from the table that serves it.

Paths, methods and summaries come from `routes`, schemas of bodies from `requests`, those of answers from
`openapi_answers`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema
from pydantic_core.core_schema import NullableSchema, WithDefaultSchema

from mjproxy_rest.event_stream import MEDIA_TYPE as EVENT_STREAM
from mjproxy_rest.handlers import NEXT_PAGE_HEADER, STALE_HEADER
from mjproxy_rest.openapi_answers import CODES, MODELS
from mjproxy_rest.openapi_requests import EXAMPLES, FIELD_TEXTS
from mjproxy_rest.requests import PageQuery, SubmitBody
from mjproxy_rest.routes import ENDPOINTS, PREFIXES, Answer, Endpoint, Get, Post

# JSON as it is handed to an encoder; its shape is OpenAPI's.
Json = Any
JsonObject = dict[str, Json]

_JSON: Final = "application/json"
_COMPONENT: Final = "#/components/schemas/{model}"

_DESCRIPTION: Final = (
    "The API of midjourney-proxy and midjourney-proxy-plus, served by mjproxy.\n\n"
    "A submission is answered at once with the id of its task; read that until its `status` is final. "
    "Refusals, too, have HTTP status 200, and say by their `code` what is wrong:\n\n"
    "| code | |\n|---|---|\n" + "\n".join(f"| {code} | {meaning} |" for code, meaning in CODES.items()) + "\n\n"
    'In bodies, an absent key, `null`, `""` and `[]` are the same, and unknown keys are ignored. Bodies are JSON, '
    "whatever their Content-Type says."
)

_TAGS: Final = {
    "submit": "Submit tasks (任务提交)",
    "insight-face": "Swap faces (人脸替换)",
    "task": "Read tasks (任务查询)",
    "tasks": "Follow tasks, live",
    "image": "Pictures (图片)",
    "account": "Accounts (账号查询)",
}

_SERVERS: Final = {
    "/mj": "the mode is that of the body, the prompt or the account",
    "/mj-fast/mj": "fast mode",
    "/mj-turbo/mj": "turbo mode",
    "/mj-relax/mj": "relax mode",
}

_SECURITY: Final = {
    "secret": {"type": "apiKey", "in": "header", "name": "mj-api-secret"},
    "bearer": {"type": "http", "scheme": "bearer"},
}

# What is put into a path may not lead to another one.
_PATTERNS: Final = {"id": "^[0-9]+$", "name": "^[0-9A-Za-z._-]+$"}

_CALLBACK_HEADERS: Final = {
    "webhook-id": "Names this state of this task; the same whenever it is posted again.",
    "webhook-timestamp": "When it was posted, in Unix seconds.",
    "webhook-signature": "Its signature (Standard Webhooks), if the service has a secret.",
}

_FAULTS: Final = {
    401: "No key, or an unknown one.",
    403: "The role of the key does not allow this.",
    404: "There is nothing at this path.",
    500: "A fault of the service.",
    501: "The server does not offer this.",
    503: "The server is away: try again after `Retry-After` seconds.",
}
_FAULTS_OF_BODIES: Final = {
    413: "The body is too large.",
    415: "The body is compressed in a way that is not understood.",
}


def document() -> JsonObject:
    """Returns the document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "mjproxy", "version": version("mjproxy"), "description": _DESCRIPTION},
        "servers": [{"url": prefix, "description": _SERVERS[prefix]} for prefix in PREFIXES],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "security": [{}, {"secret": []}, {"bearer": []}],
        "paths": {endpoint.path: {endpoint.method.lower(): _operation(endpoint)} for endpoint in ENDPOINTS},
        "components": {"schemas": _schemas(), "securitySchemes": _SECURITY, "callbacks": {"TaskChange": _callback()}},
    }


def _operation(endpoint: Endpoint) -> JsonObject:
    operation: JsonObject = {
        "operationId": _operation_id(endpoint.path),
        "tags": [endpoint.path.split("/")[1]],
        "summary": endpoint.summary,
        "parameters": list(_parameters(endpoint)),
        "responses": _responses(endpoint),
    }
    if isinstance(endpoint, Post):
        operation["requestBody"] = _request_body(endpoint)
        if "notify_hook" in endpoint.body.model_fields:
            operation["callbacks"] = {"taskChange": {"$ref": "#/components/callbacks/TaskChange"}}
    return operation


def _callback() -> JsonObject:
    """Returns what a submission's own callback address is sent."""
    operation = {
        "summary": "A change of the task",
        "description": "Posted for each change of status or progress, in their order, and again until it was taken.",
        "parameters": [_given_header(name, text) for name, text in _CALLBACK_HEADERS.items()],
        "requestBody": {"required": True, "content": {_JSON: {"schema": _reference("Task")}}},
        "responses": {"2XX": {"description": "Taken, whatever the body of the answer says."}},
    }
    return {"{$request.body#/notifyHook}": {"post": operation}}


def _operation_id(path: str) -> str:
    """Makes a name of a path: "/task/{id}/image-seed" is "taskImageSeed"."""
    first, *others = re.findall("[a-z]+", path.replace("{id}", ""))
    return str(first) + "".join(map(str.capitalize, others))


def _request_body(endpoint: Post[Any]) -> JsonObject:
    examples = {"example": {"value": EXAMPLES[endpoint.body]}}
    return {"required": True, "content": {_JSON: {"schema": _reference(endpoint.body.__name__), "examples": examples}}}


def _parameters(endpoint: Endpoint) -> Iterator[JsonObject]:
    for name in re.findall(r"{(\w+)}", endpoint.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": _PATTERNS[name]}}
    if isinstance(endpoint, Get) and endpoint.answers is Answer.TASKS:
        yield from _page_parameters()
    if endpoint.answers is Answer.EVENTS:
        yield _given_header("Last-Event-ID", "Where a reader left off; what came since then is told first.")
        yield _optional("query", "key", "The key, for readers that cannot send headers.")
    if endpoint.path == "/tasks/events":
        yield _optional("query", "state", "Only the tasks that were submitted with this `state`.")
    if isinstance(endpoint, Post) and issubclass(endpoint.body, SubmitBody):
        yield _given_header("Idempotency-Key", "Any text; a repeat within a day is given the first task again.")
    yield _given_header("Accept-Language", "`zh`, which is the default, or `en`.")


def _page_parameters() -> Iterator[JsonObject]:
    for name, schema in PageQuery.model_json_schema(schema_generator=_RequestSchemas)["properties"].items():
        yield {"name": name, "in": "query", "description": FIELD_TEXTS[name], "schema": schema}


def _given_header(name: str, description: str) -> JsonObject:
    return _optional("header", name, description)


def _optional(place: str, name: str, description: str) -> JsonObject:
    return {"name": name, "in": place, "description": description, "schema": {"type": "string"}}


def _responses(endpoint: Endpoint) -> JsonObject:
    faults = _FAULTS | (_FAULTS_OF_BODIES if isinstance(endpoint, Post) else {})
    refusals = {str(status): _response(text, _reference("Refusal")) for status, text in sorted(faults.items())}
    return _ANSWERS[endpoint.answers] | refusals


def _response(description: str, schema: JsonObject, media_type: str = _JSON) -> JsonObject:
    return {"description": description, "content": {media_type: {"schema": schema}}}


def _reference(model: str) -> JsonObject:
    return {"$ref": _COMPONENT.format(model=model)}


def _array(model: str) -> JsonObject:
    return {"type": "array", "items": _reference(model)}


def _or_null(model: str) -> JsonObject:
    return {"anyOf": [_reference(model), {"type": "null"}]}


def _header(description: str) -> JsonObject:
    return {"description": description, "schema": {"type": "string"}}


_STALE: Final = {STALE_HEADER: _header("On an answer from memory, while the server is away: for so many seconds.")}
_NEXT_PAGE: Final = {NEXT_PAGE_HEADER: _header("Asks for the next page, if there is one.")}
_PICTURE: Final[JsonObject] = {"content": {"image/*": {}}}

# By status, what is answered where nothing is wrong with the request as such.
_ANSWERS: Final[Mapping[Answer, JsonObject]] = {
    Answer.TASK: {"200": _response("The task; null if there is none.", _or_null("Task")) | {"headers": _STALE}},
    Answer.TASKS: {
        "200": _response("The tasks; or which field is wrong.", {"anyOf": [_array("Task"), _reference("Refusal")]})
        | {"headers": _STALE | _NEXT_PAGE}
    },
    Answer.SUBMISSION: {"200": _response("What became of it.", _reference("Submission"))},
    Answer.SEED: {"200": _response("The seed, or why there is none.", _reference("Seed"))},
    Answer.UPLOAD: {"200": _response("The URLs, or why there are none.", _reference("Upload"))},
    Answer.ACCOUNT: {"200": _response("The account; null if there is none.", _or_null("Account"))},
    Answer.ACCOUNTS: {"200": _response("The accounts.", _array("Account"))},
    Answer.EVENTS: {
        "200": _response("Server-sent events, whose data are tasks.", {"type": "string"}, EVENT_STREAM),
        "204": {"description": "The reader has read this stream to its end."},
    },
    Answer.PICTURE: {
        "200": {"description": "The picture."} | _PICTURE,
        "206": {"description": "The part of it that `Range` asks for."} | _PICTURE,
        "307": {"description": "Where it is.", "headers": {"Location": _header("Its name, below this path.")}},
        "304": {"description": "The reader has it."},
        "416": {"description": "There is no such part of it."},
        "502": _response("It cannot be had from Discord.", _reference("Refusal")),
    },
}


class _AnswerSchemas(GenerateJsonSchema):
    """Makes schemas without titles of fields, which would only repeat their names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002 - the signature is the base class's
        return False


class _RequestSchemas(_AnswerSchemas):
    """Leaves unsaid, too, what holds for every field that may be absent: that it may be null, "" or [] as well."""

    def nullable_schema(self, schema: NullableSchema) -> JsonObject:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: WithDefaultSchema) -> JsonObject:
        made = super().default_schema(schema)
        return {key: value for key, value in made.items() if key != "default" or value}


def _schemas() -> JsonObject:
    bodies = list(dict.fromkeys(endpoint.body for endpoint in ENDPOINTS if isinstance(endpoint, Post)))
    requests = _schemas_of(bodies, "validation", _RequestSchemas)
    return _described(requests) | _schemas_of(MODELS, "serialization", _AnswerSchemas)


def _schemas_of(
    models: Sequence[type[BaseModel]], mode: JsonSchemaMode, generator: type[GenerateJsonSchema]
) -> JsonObject:
    inputs = [(model, mode) for model in models]
    _, schema = models_json_schema(inputs, ref_template=_COMPONENT, schema_generator=generator)
    return dict(schema["$defs"])


def _described(schemas: JsonObject) -> JsonObject:
    """Adds the words for each field of the bodies, where a reader sees them."""
    for schema in schemas.values():
        for name, field in schema["properties"].items():
            field["description"] = FIELD_TEXTS[name]
    return schemas
