"""The check that all answers go through: what it lets pass, and that it can fail."""

from collections.abc import Mapping
from typing import Any

import httpx
import orjson
import pytest

from tests.rest.rest_rules import check, check_value

TASK: dict[str, Any] = {
    "id": "1689231405853400",
    "action": "IMAGINE",
    "status": "SUCCESS",
    "prompt": "猫猫",
    "promptEn": "Cat",
    "description": "/imagine 猫猫",
    "state": "",
    "submitTime": 1689231405854,
    "startTime": 1689231442755,
    "finishTime": 1689231544312,
    "progress": "100%",
    "imageUrl": "https://cdn.discordapp.com/attachments/xxx/xxx/xxxx.png",
    "failReason": None,
    "properties": {"finalPrompt": "Cat", "finalZhPrompt": ""},
    "buttons": [{"customId": "MJ::JOB::upsample::1::85a4b4c1", "emoji": "", "label": "U1", "type": 2, "style": 2}],
}
OUTCOME: dict[str, Any] = {"code": 1, "description": "提交成功", "result": "14001929738841620", "properties": {}}
FAILED = {"status": "FAILURE", "progress": "40%", "imageUrl": None, "failReason": "[Invalid parameter] Invalid value"}


def answer(content: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> httpx.Response:
    named = {"Content-Type": "application/json", "X-Request-Id": "1", **(headers or {})}
    request = httpx.Request("GET", "http://shim/mj/task/1/fetch")
    return httpx.Response(status, content=content, headers=named, request=request)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        TASK,
        [TASK, TASK | FAILED],
        TASK | {"status": "NOT_START", "progress": "0%", "startTime": None, "finishTime": None, "buttons": []},
        OUTCOME,
        OUTCOME | {"code": 4, "result": None},
        OUTCOME | {"code": 23},
    ],
)
def test_what_follows_the_rules_passes(value: object) -> None:
    check_value(value)


@pytest.mark.parametrize(
    "change",
    [
        {"id": 1689231405853400},
        {"id": "a-1"},
        {"status": "CANCELLED"},
        {"status": "IN_PROGRESS", "failReason": "not yet"},
        {"prompt": None},
        {"state": None},
        {"submitTime": "2023-07-13T07:36:45Z"},
        {"submitTime": 1689231405854.0},
        {"startTime": None},
        {"progress": 100},
        {"progress": "99%"},
        {"progress": "101%"},
        {"imageUrl": ""},
        {"properties": None},
        {"properties": []},
        {"properties": {"finalPrompt": None, "finalZhPrompt": ""}},
        {"buttons": None},
        {"buttons": [TASK["buttons"][0] | {"emoji": None}]},
        {"buttons": [TASK["buttons"][0] | {"style": "2"}]},
        {"imageUrls": []},
    ],
)
def test_a_task_against_the_rules_does_not_pass(change: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        check_value(TASK | change)


@pytest.mark.parametrize("key", TASK)
def test_no_key_of_a_task_may_be_left_out(key: str) -> None:
    with pytest.raises(AssertionError):
        check_value({name: value for name, value in TASK.items() if name != key})


@pytest.mark.parametrize(
    "change",
    [
        {"code": "1"},
        {"code": 121},
        {"description": None},
        {"description": ""},
        {"result": 14001929738841620},
        {"result": None},
        {"result": ["14001929738841620"]},
        {"code": 4},
        {"properties": None},
    ],
)
def test_an_outcome_against_the_rules_does_not_pass(change: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        check_value(OUTCOME | change)


@pytest.mark.parametrize(
    "broken",
    [
        answer(b'{"code": 1, "description": "x", "result": "1", "properties": {}}'),
        answer(b""),
        answer(b"null", headers={"Content-Type": "text/plain"}),
        answer(b"null", headers={"X-Request-Id": ""}),
        answer(orjson.dumps(OUTCOME), 503),
        answer(orjson.dumps(OUTCOME | {"code": 9, "result": None}), 503),
        answer(orjson.dumps(OUTCOME | {"code": 4, "result": None}), 404),
        answer(b"<html>", 500, headers={"Content-Type": "text/plain"}),
    ],
)
async def test_an_answer_against_the_rules_of_http_does_not_pass(broken: httpx.Response) -> None:
    with pytest.raises((AssertionError, orjson.JSONDecodeError)):
        await check(broken)
