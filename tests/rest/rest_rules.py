"""The rules that all clients of the JSON API together impose, as a check of any answer.

`check` hangs on the client that the tests read with, so every answer of every test is looked at: that it is JSON and
compact, which keys there are, of which types, and what is null when.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import orjson

Json = Any

CODES = {1, 3, 4, 9, 21, 22, 23, 24}
ACCEPTED = {1, 21, 22}
STATUSES = {"NOT_START", "SUBMITTED", "MODAL", "IN_PROGRESS", "FAILURE", "SUCCESS", "CANCEL"}


def is_text(value: Json) -> bool:
    return type(value) is str


def is_whole(value: Json) -> bool:
    return type(value) is int


def is_flag(value: Json) -> bool:
    return type(value) is bool


def is_table(value: Json) -> bool:
    return type(value) is dict


def is_digits(value: Json) -> bool:
    return is_text(value) and re.fullmatch(r"[0-9]+", value) is not None


def is_link(value: Json) -> bool:
    return is_text(value) and value.startswith(("http://", "https://"))


def is_progress(value: Json) -> bool:
    return is_text(value) and re.fullmatch(r"[0-9]{1,2}%|100%", value) is not None


def or_null(kind: Callable[[Json], bool]) -> Callable[[Json], bool]:
    return lambda value: value is None or kind(value)


BUTTON = {"customId": is_text, "emoji": is_text, "label": is_text, "type": is_whole, "style": is_whole}
TASK = {
    "id": is_digits,
    "action": is_text,
    "status": STATUSES.__contains__,
    "prompt": is_text,
    "promptEn": is_text,
    "description": is_text,
    "state": is_text,
    "submitTime": or_null(is_whole),
    "startTime": or_null(is_whole),
    "finishTime": or_null(is_whole),
    "progress": is_progress,
    "imageUrl": or_null(is_link),
    "failReason": or_null(is_text),
    "properties": is_table,
    "buttons": lambda value: type(value) is list,
}
ACCOUNT = {
    "id": is_digits,
    "guildId": is_text,
    "channelId": is_text,
    "userToken": lambda value: value is None,
    "userAgent": is_text,
    "enable": is_flag,
    "coreSize": is_whole,
    "queueSize": is_whole,
    "timeoutMinutes": is_whole,
    "properties": is_table,
}
OUTCOME = {"code": CODES.__contains__, "description": is_text, "result": lambda _: True, "properties": is_table}


async def check(response: httpx.Response) -> None:
    """Checks one answer of the API; to be one of the `event_hooks` of a client."""
    assert response.headers["x-request-id"]
    if "origin" in response.request.headers:
        assert response.headers["access-control-allow-origin"] == "*"
    if response.request.method in {"GET", "POST"} and is_of_the_api(response):
        await response.aread()
        check_json(response)


def is_of_the_api(response: httpx.Response) -> bool:
    """False for streams, pictures, the API's own document, and what is there for operators."""
    kind = response.headers.get("content-type", "")
    other = kind.startswith(("text/event-stream", "image/", "text/html", "text/css", "text/javascript"))
    path = response.request.url.path
    return (
        not other
        and response.status_code not in {204, 304, 307, 416}
        and path.startswith("/mj")
        and path != "/mj/openapi.json"
    )


def check_json(response: httpx.Response) -> None:
    value = orjson.loads(response.content)
    assert response.headers["content-type"] == "application/json"
    assert response.content == orjson.dumps(value), "not compact"
    check_no_fraction(value)
    if response.status_code == 200:
        check_value(value, uploads=response.request.url.path.endswith("/upload-discord-images"))
    else:
        check_fault(response, value)


def check_value(value: Json, *, uploads: bool = False) -> None:
    """Checks what came with a 200."""
    if isinstance(value, list):
        for item in value:
            assert "code" not in item
            check_value(item)
    elif value is not None:
        assert isinstance(value, dict)
        if "code" in value:
            check_outcome(value, uploads=uploads)
        elif "guildId" in value:
            check_fields(value, ACCOUNT)
        else:
            check_task(value)


def check_fault(response: httpx.Response, value: Json) -> None:
    """Checks what came with another status: the same shape, and what HTTP wants beside it."""
    check_outcome(value)
    assert value["code"] == 9
    assert (response.status_code == 503) == ("retry-after" in response.headers)
    assert (response.status_code == 401) == ("www-authenticate" in response.headers)
    assert (response.status_code == 405) == ("allow" in response.headers)


def check_outcome(value: Json, *, uploads: bool = False) -> None:
    check_fields(value, OUTCOME)
    assert value["description"]
    result = value["result"]
    if uploads and value["code"] == 1:
        assert type(result) is list
        assert all(map(is_link, result))
    elif value["code"] in ACCEPTED:
        assert is_digits(result)
    else:
        assert result is None or (value["code"] == 23 and is_digits(result))


def check_task(task: Json) -> None:
    check_fields(task, TASK)
    for button in task["buttons"]:
        check_fields(button, BUTTON)
    assert is_text(task["properties"]["finalPrompt"])
    assert is_text(task["properties"]["finalZhPrompt"])
    assert task["finishTime"] is None or task["startTime"] is not None
    assert task["status"] != "SUCCESS" or task["progress"] == "100%"
    has_failed = task["status"] in {"FAILURE", "CANCEL"}
    assert has_failed or task["failReason"] is None, "a reason ends the task for some clients"


def check_fields(value: Mapping[str, Json], fields: Mapping[str, Callable[[Json], bool]]) -> None:
    """Checks that exactly these keys are there, each of its kind."""
    assert list(value) == list(fields)
    wrong = {key: value[key] for key, is_right in fields.items() if not is_right(value[key])}
    assert not wrong


def check_no_fraction(value: Json) -> None:
    assert type(value) is not float
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        check_no_fraction(item)
