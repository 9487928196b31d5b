"""Bad input over REST: each gets its code and its text, in the caller's language, and changes nothing."""

from __future__ import annotations

import base64
import io
import re

import httpx
import pytest
from PIL import Image

from tests.e2e.pictures import image
from tests.e2e.test_whole_way import ended, submitted

FRAGMENT = "data:image/png;base64,iVBORw0KGgo="
SENTENCE = re.compile(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}")
UNKNOWN = "1700000000000000"


@pytest.mark.parametrize(
    ("path", "body", "code", "chinese"),
    [
        ("imagine", {}, 4, "prompt不能为空"),
        ("imagine", {"prompt": "   "}, 4, "prompt不能为空"),
        ("imagine", {"prompt": "x" * 6001}, 4, "prompt过长，最多"),
        ("imagine", {"prompt": 7}, 4, "prompt参数错误：应为文本"),
        ("imagine", {"prompt": ["a cat"]}, 4, "prompt参数错误：应为文本"),
        ("imagine", {"prompt": "a cat", "mode": "slow"}, 4, "mode参数错误：可选值为FAST、RELAX、TURBO"),
        ("imagine", {"prompt": "a cat", "botType": "INSIGHT_FACE"}, 4, "botType参数错误：INSIGHT_FACE只用于换脸"),
        ("imagine", {"prompt": "a cat", "state": "x" * 4097}, 4, "state过长，最多4096个字符"),
        ("imagine", {"prompt": "a cat", "notifyHook": "hook"}, 4, "notifyHook参数错误：应为有效的http或https链接"),
        (
            "imagine",
            {"prompt": "a cat", "notifyHook": "http://10.0.0.1"},
            4,
            "notifyHook参数错误：10.0.0.1不是公网地址",
        ),
        ("blend", {"base64Array": ["http://a.example/1.png"] * 2}, 4, "base64Array[0]参数错误：此处不能使用链接"),
        ("describe", {"base64": FRAGMENT}, 4, "base64图片格式不支持"),
        ("imagine", {"prompt": "a cat", "base64": "$$$"}, 4, "base64格式错误"),
        ("imagine", {"prompt": "a cat", "base64Array": ["data:image/png;base64,%%%"]}, 4, "base64格式错误"),
        ("imagine", {"prompt": "a cat", "base64Array": FRAGMENT}, 4, ""),
        ("imagine", {"prompt": "a cat", "base64Array": [FRAGMENT]}, 4, ""),
        ("change", {"taskId": "", "action": "UPSCALE", "index": 1}, 4, "taskId不能为空"),
        ("change", {"taskId": UNKNOWN, "action": "NONSENSE", "index": 1}, 4, "action参数错误"),
        ("change", {"taskId": UNKNOWN, "action": "UPSCALE", "index": 0}, 4, ""),
        ("change", {"taskId": UNKNOWN, "action": "VARIATION", "index": 5}, 4, "index参数错误：应在1到4之间"),
        ("change", {"taskId": UNKNOWN, "action": "UPSCALE", "index": "one"}, 4, "index参数错误：应为整数"),
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
    assert not SENTENCE.search(told["description"])
    english = (await rest.post(f"/mj/submit/{path}", json=body, headers={"accept-language": "en"})).json()
    assert english["code"] == code
    assert english["description"].isascii()
    assert (await rest.get("/mj/task/list")).json() == before


def _file(picture: Image.Image, format_name: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format_name)
    return buffer.getvalue()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


_SMALL = Image.new("RGB", (64, 64), "teal")


@pytest.mark.parametrize(
    ("data", "chinese"),
    [
        (_file(_SMALL, "BMP"), "base64Array[0]图片格式不支持：请发送PNG、JPEG、WebP或GIF"),
        (_file(_SMALL, "JPEG")[:-200], "base64Array[0]图片已损坏或不完整：请发送完整的文件"),
        (_file(Image.new("1", (8001, 8000))), "base64Array[0]图片过大，最多64000000像素"),
    ],
)
async def test_each_fault_of_a_picture_has_a_text_of_its_own(
    rest: httpx.AsyncClient, data: bytes, chinese: str
) -> None:
    told = (await rest.post("/mj/submit/imagine", json={"prompt": "a cat", "base64Array": [_base64(data)]})).json()
    assert (told["code"], told["description"]) == (4, chinese)


async def test_each_fault_of_a_mask_has_a_text_of_its_own(rest: httpx.AsyncClient) -> None:
    grid = await ended(rest, await submitted(rest, "imagine", prompt="a house"))
    upscaled = await ended(rest, await submitted(rest, "change", taskId=grid["id"], action="UPSCALE", index=1))
    region = next(button for button in upscaled["buttons"] if "Inpaint" in button["customId"])  # type: ignore[attr-defined]
    pressed = await rest.post("/mj/submit/action", json={"taskId": upscaled["id"], "customId": region["customId"]})
    size = (await image(upscaled["imageUrl"])).size
    for mask, chinese in (
        (_SMALL, f"maskBase64尺寸错误：应与原图一致（{size[0]} x {size[1]}），实际为64 x 64"),
        (Image.new("RGB", size, "red"), "maskBase64颜色错误：只能有黑色和白色，白色为重绘区域"),
        (Image.new("L", size, "black"), "maskBase64没有白色区域：请将重绘区域涂成白色"),
    ):
        body = {"taskId": pressed.json()["result"], "prompt": "a door", "maskBase64": _base64(_file(mask))}
        told = (await rest.post("/mj/submit/modal", json=body)).json()
        assert (told["code"], told["description"]) == (4, chinese)


async def test_a_button_and_a_window_that_are_not_there_are_refused_by_name(rest: httpx.AsyncClient) -> None:
    grid = await ended(rest, await submitted(rest, "imagine", prompt="a door"))
    body = {"taskId": grid["id"], "customId": "MJ::JOB::nonsense::1"}
    for language, text in (("zh", "关联任务不允许执行变化"), ("en", "The related task does not allow this change")):
        told = (await rest.post("/mj/submit/action", json=body, headers={"accept-language": language})).json()
        assert told["description"].partition("MJ::JOB")[1:] == ("MJ::JOB", "::nonsense::1")
        assert (told["code"], told["description"].startswith(text)) == (4, True)
    told = (await rest.post("/mj/submit/modal", json={"taskId": grid["id"]})).json()
    assert (told["code"], told["description"]) == (4, "关联任务不在等待窗口确认")


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
