"""What real clients of the /mj API lean on, through the real service."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import uuid

import httpx
import pytest
from PIL import Image

from tests.e2e.test_whole_way import ended, submitted

KEYS = [
    "id",
    "action",
    "status",
    "prompt",
    "promptEn",
    "description",
    "state",
    "submitTime",
    "startTime",
    "finishTime",
    "progress",
    "imageUrl",
    "failReason",
    "properties",
    "buttons",
]


async def test_answers_are_compact_json_with_every_key_present(rest: httpx.AsyncClient) -> None:
    answer = await rest.post("/mj/submit/imagine", json={"prompt": "猫猫"})
    assert answer.headers["content-type"] == "application/json"
    assert b'"code":1' in answer.content or b'"code":22' in answer.content
    assert isinstance(answer.json()["result"], str)
    assert answer.json()["properties"]["discordInstanceId"].isdecimal()
    fetched = await rest.get(f"/mj/task/{answer.json()['result']}/fetch")
    assert fetched.headers["content-type"] == "application/json"
    assert set(KEYS) <= set(fetched.json())
    assert b": " not in fetched.content.replace(b"https: ", b"")


async def test_a_finished_task_has_numbers_and_strings_where_clients_want_them(rest: httpx.AsyncClient) -> None:
    task = await ended(rest, await submitted(rest, "imagine", prompt="a cat", state='{"room": 7}'))
    assert (task["state"], task["progress"], task["failReason"]) == ('{"room": 7}', "100%", None)
    assert [type(task[key]) for key in ("submitTime", "startTime", "finishTime")] == [int] * 3
    assert task["submitTime"] <= task["startTime"] <= task["finishTime"]  # type: ignore[operator]
    assert [button["label"] for button in task["buttons"]][:4] == ["U1", "U2", "U3", "U4"]  # type: ignore[attr-defined]
    for button in task["buttons"]:  # type: ignore[attr-defined]
        assert [type(button[key]) for key in ("customId", "emoji", "label", "type", "style")] == [
            str,
            str,
            str,
            int,
            int,
        ]
    properties = task["properties"]
    assert properties["finalPrompt"].startswith("a cat")  # type: ignore[index]
    assert properties["finalZhPrompt"] == ""  # type: ignore[index]


async def test_a_task_is_seen_the_moment_its_submit_was_answered(rest: httpx.AsyncClient) -> None:
    async def once() -> None:
        task_id = await submitted(rest, "imagine", prompt="a cat")
        assert (await rest.get(f"/mj/task/{task_id}/fetch")).json()["id"] == task_id
        listed = (await rest.post("/mj/task/list-by-condition", json={"ids": [task_id]})).json()
        assert [task["id"] for task in listed] == [task_id]

    await asyncio.gather(*(once() for _ in range(10)))


async def test_progress_never_falls_while_it_is_polled(rest: httpx.AsyncClient) -> None:
    task_id = await submitted(rest, "imagine", prompt="a cat")
    seen: list[int] = []
    while not seen or seen[-1] < 100:
        task = (await rest.get(f"/mj/task/{task_id}/fetch")).json()
        seen.append(int(str(task["progress"] or "0%").rstrip("%")))
        assert not (task["failReason"] and task["status"] != "FAILURE")
    assert seen == sorted(seen)


async def test_lists_hold_what_was_asked_for(rest: httpx.AsyncClient) -> None:
    ids = [await submitted(rest, "imagine", prompt=f"picture {number}") for number in range(3)]
    asked = {"ids": [int(ids[2]), ids[0], "1700000000000000", "nonsense"]}
    listed = (await rest.post("/mj/task/list-by-condition", json=asked)).json()
    assert sorted(task["id"] for task in listed) == sorted([ids[0], ids[2]])
    assert (await rest.post("/mj/task/list-by-condition", json={"ids": []})).json() == []
    newest = (await rest.get("/mj/task/list")).json()
    assert [task["id"] for task in newest] == sorted((task["id"] for task in newest), reverse=True)
    assert set(ids) <= {task["id"] for task in newest}
    for task_id in ids:
        await ended(rest, task_id)
    assert not {task["id"] for task in (await rest.get("/mj/task/queue")).json()} & set(ids)
    page = await rest.get("/mj/task/list", params={"page_size": 2})
    token = page.headers["x-next-page-token"]
    following = (await rest.get("/mj/task/list", params={"page_size": 2, "page_token": token})).json()
    assert page.json()[-1]["id"] > following[0]["id"]


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/json"])
async def test_the_content_type_does_not_matter(rest: httpx.AsyncClient, content_type: str) -> None:
    headers = {"content-type": content_type} if content_type else {}
    answer = await rest.post("/mj/submit/imagine", content=json.dumps({"prompt": "a cat"}), headers=headers)
    assert answer.json()["code"] in {1, 22}
    got = await rest.request("GET", f"/mj/task/{answer.json()['result']}/fetch", content=b"{}", headers=headers)
    assert got.json()["id"] == answer.json()["result"]


async def test_empty_values_and_unknown_keys_count_as_absent(rest: httpx.AsyncClient) -> None:
    body: dict[str, object] = {
        "prompt": "a cat",
        "base64Array": [],
        "base64": "",
        "notifyHook": "",
        "state": None,
        "botType": "",
        "mode": None,
        "accountFilter": {"instanceId": "", "modes": [], "remark": None},
        "chooseSameChannel": True,
        "upscaleIndexes": [1],
    }
    assert (await rest.post("/mj/submit/imagine", json=body)).json()["code"] in {1, 22}


@pytest.mark.parametrize(("prefix", "flag"), [("/mj-relax", "relaxed"), ("/mj-turbo", "turbo"), ("/mj-fast", "fast")])
async def test_the_mode_may_stand_in_the_path(rest: httpx.AsyncClient, prefix: str, flag: str) -> None:
    answer = await rest.post(f"{prefix}/mj/submit/imagine", json={"prompt": "a cat"})
    task = await ended(rest, answer.json()["result"])
    assert f"({flag})" in task["properties"]["messageContent"]  # type: ignore[index]


async def test_an_idempotency_key_makes_one_task(rest: httpx.AsyncClient) -> None:
    for key in (str(uuid.uuid4()), "any text at all"):
        headers = {"idempotency-key": f"{key}"}
        answers = [
            (await rest.post("/mj/submit/imagine", json={"prompt": "a cat"}, headers=headers)).json() for _ in range(2)
        ]
        assert answers[0]["result"] == answers[1]["result"]


async def test_browsers_may_call_from_anywhere(rest: httpx.AsyncClient) -> None:
    headers = {
        "origin": "https://elsewhere.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type, mj-api-secret",
    }
    preflight = await rest.options("/mj/submit/imagine", headers=headers)
    assert preflight.is_success
    assert preflight.headers["access-control-allow-origin"] in {"*", "https://elsewhere.example"}
    assert "mj-api-secret" in preflight.headers["access-control-allow-headers"].lower()
    answer = await rest.get("/mj/task/list", headers={"origin": "https://elsewhere.example"})
    assert answer.headers["access-control-allow-origin"] in {"*", "https://elsewhere.example"}


async def test_an_upscale_that_exists_is_answered_as_existing(rest: httpx.AsyncClient) -> None:
    grid = await ended(rest, await submitted(rest, "imagine", prompt="a cat"))
    first = await ended(rest, await submitted(rest, "change", taskId=grid["id"], action="UPSCALE", index=1))
    body = {"taskId": grid["id"], "action": "UPSCALE", "index": 1}
    again = await rest.post("/mj/submit/change", json=body)
    assert b'"code":21' in again.content
    assert again.json()["result"] == first["id"]
    assert again.json()["properties"]["status"] == "SUCCESS"
    assert again.json()["properties"]["imageUrl"] == first["imageUrl"]
    pressed = {"taskId": grid["id"], "customId": grid["buttons"][0]["customId"]}  # type: ignore[index]
    by_action = (await rest.post("/mj/submit/action", json=pressed)).json()
    assert (by_action["code"], by_action["result"]) == (1, first["id"])


async def test_what_waits_for_a_modal_says_so(rest: httpx.AsyncClient) -> None:
    grid = await ended(rest, await submitted(rest, "imagine", prompt="a cat"))
    solo = await ended(rest, await submitted(rest, "change", taskId=grid["id"], action="UPSCALE", index=2))
    zoom = next(button for button in solo["buttons"] if "CustomZoom" in button["customId"])  # type: ignore[attr-defined]
    answer = await rest.post("/mj/submit/action", json={"taskId": solo["id"], "customId": zoom["customId"]})
    told = answer.json()
    assert b'"code":21' in answer.content
    assert told["description"] == "窗口等待"
    assert told["properties"]["finalPrompt"].endswith("--zoom 1.8")
    waiting = (await rest.get(f"/mj/task/{told['result']}/fetch")).json()
    assert (waiting["status"], waiting["action"]) == ("MODAL", "ZOOM")
    refused = (await rest.post("/mj/submit/modal", json={"taskId": waiting["id"], "prompt": "a cat --zoom 9"})).json()
    assert (refused["code"], refused["result"]) == (4, None)
    body = {"taskId": waiting["id"], "prompt": "a dog --zoom 1.5", "maskBase64": ""}
    answers = [(await rest.post("/mj/submit/modal", json=body)).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert (answers[0]["code"], answers[0]["result"]) == (1, waiting["id"])
    zoomed = await ended(rest, waiting["id"])
    assert (zoomed["status"], zoomed["prompt"]) == ("SUCCESS", "a dog --zoom 1.5")


async def test_a_modal_for_what_waits_for_none_is_refused(rest: httpx.AsyncClient) -> None:
    task_id = await submitted(rest, "imagine", prompt="a cat")
    refused = (await rest.post("/mj/submit/modal", json={"taskId": task_id})).json()
    assert (refused["code"], refused["result"]) == (4, None)
    unknown = (await rest.post("/mj/submit/modal", json={"taskId": "1700000000000000"})).json()
    assert (unknown["code"], unknown["result"]) == (3, None)


def picture(colour: str) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


async def test_pictures_are_blended_and_described_and_prompts_shortened(rest: httpx.AsyncClient) -> None:
    pictures = [picture("red"), picture("blue")]
    blended = await ended(rest, await submitted(rest, "blend", base64Array=pictures, dimensions="PORTRAIT"))
    assert (blended["status"], blended["action"]) == ("SUCCESS", "BLEND")
    assert blended["description"] == f"/blend {blended['id']} 2"
    described = await ended(rest, await submitted(rest, "describe", base64=pictures[0]))
    assert (described["status"], described["action"]) == ("SUCCESS", "DESCRIBE")
    assert described["properties"]["finalPrompt"].startswith("1\ufe0f\u20e3 ")  # type: ignore[index]
    shortened = await ended(rest, await submitted(rest, "shorten", prompt="appdash appdash, in the style of toonami"))
    assert (shortened["status"], shortened["action"]) == ("SUCCESS", "SHORTEN")
    assert "Shortened prompts" in shortened["properties"]["finalPrompt"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("path", "body", "chinese"),
    [
        ("blend", {"base64Array": [picture("red")]}, "base64List参数错误"),
        ("blend", {"base64Array": [picture("red")] * 2, "dimensions": "ROUND"}, "dimensions参数错误"),
        ("describe", {"base64": ""}, "base64不能为空"),
        ("describe", {"base64": "$$$"}, "base64格式错误"),
        ("shorten", {"prompt": ""}, "prompt不能为空"),
        ("modal", {"taskId": ""}, "taskId不能为空"),
    ],
)
async def test_what_cannot_be_right_is_refused(
    rest: httpx.AsyncClient, path: str, body: dict[str, object], chinese: str
) -> None:
    refused = (await rest.post(f"/mj/submit/{path}", json=body)).json()
    assert (refused["code"], refused["result"]) == (4, None)
    assert chinese in refused["description"]
