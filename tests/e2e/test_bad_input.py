"""Bad input over REST: each gets its code and its text, in the caller's language, and changes nothing."""

from __future__ import annotations

import httpx
import pytest

FRAGMENT = "data:image/png;base64,iVBORw0KGgo="
UNKNOWN = "1700000000000000"


@pytest.mark.parametrize(
    ("path", "body", "code", "chinese"),
    [
        ("imagine", {}, 4, "prompt不能为空"),
        ("imagine", {"prompt": "   "}, 4, "prompt不能为空"),
        ("imagine", {"prompt": "x" * 6001}, 4, ""),
        ("imagine", {"prompt": 7}, 4, ""),
        ("imagine", {"prompt": ["a cat"]}, 4, ""),
        ("imagine", {"prompt": "a cat", "base64": "$$$"}, 4, "base64格式错误"),
        ("imagine", {"prompt": "a cat", "base64Array": ["data:image/png;base64,%%%"]}, 4, "base64格式错误"),
        ("imagine", {"prompt": "a cat", "base64Array": FRAGMENT}, 4, ""),
        ("imagine", {"prompt": "a cat", "base64Array": [FRAGMENT]}, 4, ""),
        ("change", {"taskId": "", "action": "UPSCALE", "index": 1}, 4, "taskId不能为空"),
        ("change", {"taskId": UNKNOWN, "action": "NONSENSE", "index": 1}, 4, "action参数错误"),
        ("change", {"taskId": UNKNOWN, "action": "UPSCALE", "index": 0}, 4, ""),
        ("change", {"taskId": UNKNOWN, "action": "VARIATION", "index": 5}, 4, ""),
        ("change", {"taskId": UNKNOWN, "action": "UPSCALE", "index": "one"}, 4, ""),
        ("change", {"taskId": UNKNOWN, "action": "UPSCALE", "index": 1}, 3, "关联任务不存在或已失效"),
        ("simple-change", {"content": "nonsense"}, 4, "content参数错误"),
        ("simple-change", {"content": f"{UNKNOWN} U5"}, 4, "content参数错误"),
        ("simple-change", {"content": f"{UNKNOWN} r"}, 3, "关联任务不存在或已失效"),
        ("action", {"taskId": UNKNOWN}, 4, ""),
        ("action", {"taskId": UNKNOWN, "customId": "MJ::JOB::upsample::1::x"}, 3, "关联任务不存在或已失效"),
    ],
)
async def test_a_refusal_has_its_code_and_its_text(
    rest: httpx.AsyncClient, path: str, body: dict[str, object], code: int, chinese: str
) -> None:
    before = (await rest.get("/mj/task/list")).json()
    answer = await rest.post(f"/mj/submit/{path}", json=body)
    told = answer.json()
    assert (answer.status_code, told["code"], told["result"]) == (200, code, None)
    assert chinese in told["description"]
    assert told["description"]
    english = (await rest.post(f"/mj/submit/{path}", json=body, headers={"accept-language": "en"})).json()
    assert english["code"] == code
    assert english["description"].isascii()
    assert (await rest.get("/mj/task/list")).json() == before


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"a cat"', b"\xff\xfe", b"prompt=a+cat"])
async def test_a_body_that_is_no_object_is_refused(rest: httpx.AsyncClient, body: bytes) -> None:
    answer = await rest.post("/mj/submit/imagine", content=body)
    assert (answer.status_code, answer.json()["code"], answer.json()["result"]) == (200, 4, None)


async def test_a_change_of_an_unfinished_task_is_refused(rest: httpx.AsyncClient) -> None:
    accepted = (await rest.post("/mj/submit/imagine", json={"prompt": "a cat"})).json()
    body = {"taskId": accepted["result"], "action": "UPSCALE", "index": 1}
    refused = (await rest.post("/mj/submit/change", json=body)).json()
    assert (refused["code"], refused["description"]) == (4, "关联任务状态错误")


async def test_an_unknown_task_is_null(rest: httpx.AsyncClient) -> None:
    for task_id in (UNKNOWN, "0", "nonsense", "%20"):
        answer = await rest.get(f"/mj/task/{task_id}/fetch")
        assert (answer.status_code, answer.content) == (200, b"null")


async def test_an_over_large_body_is_refused_unread(rest: httpx.AsyncClient) -> None:
    body = b'{"prompt": "' + b"x" * (51 * 1024 * 1024) + b'"}'
    answer = await rest.post("/mj/submit/imagine", content=body)
    assert answer.status_code == 413
    assert answer.json()["code"] == 9
