"""What acts, but submits no command: cancelling, the seed of a picture, uploads."""

import grpc
import httpx
import pytest

from mjproxy.v1.task_service_pb2 import (
    SUBMIT_CODE_NOT_FOUND,
    GetImageSeedResponse,
    SubmitRefusal,
    UploadImagesResponse,
)
from tests.rest.rest_server import Refusal, ScriptedServer, running

PREFIXES = ("/mj", "/mj-fast/mj", "/mj-turbo/mj", "/mj-relax/mj")
PIXEL = "data:image/png;base64,aGVsbG8="


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_a_task_is_cancelled_and_reads_so_at_once(
    prefix: str, server: ScriptedServer, shim: httpx.AsyncClient
) -> None:
    await server.put(running("1689231405853400"))
    await shim.get("/mj/task/1689231405853400/fetch")
    answer = await shim.post(f"{prefix}/task/1689231405853400/cancel")
    assert answer.json() == {
        "code": 1,
        "description": "成功",
        "result": "1689231405853400",
        "properties": {"status": "CANCEL", "discordInstanceId": ""},
    }
    assert (await shim.get("/mj/task/1689231405853400/fetch")).json()["status"] == "CANCEL"


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_a_seed_is_told_as_text(prefix: str, server: ScriptedServer, shim: httpx.AsyncClient) -> None:
    await server.put(running("1"))
    server.answers.append(GetImageSeedResponse(seed="636646138"))
    answer = await shim.request("GET", f"{prefix}/task/1/image-seed", content=b"null", headers={"Content-Type": ""})
    assert answer.content == '{"code":1,"description":"成功","result":"636646138","properties":{}}'.encode()


@pytest.mark.parametrize(("method", "path"), [("GET", "/mj/task/404/image-seed"), ("POST", "/mj/task/404/cancel")])
async def test_an_unknown_task_is_refused_with_a_code(method: str, path: str, shim: httpx.AsyncClient) -> None:
    answer = await shim.request(method, path)
    assert answer.status_code == 200
    assert answer.json() == {
        "code": 3,
        "description": "关联任务不存在或已失效",
        "result": None,
        "properties": {},
    }


async def test_a_silent_bot_is_a_failure_that_says_so(server: ScriptedServer, shim: httpx.AsyncClient) -> None:
    await server.put(running("1"))
    server.answers.append(Refusal(grpc.StatusCode.DEADLINE_EXCEEDED, "BOT_SILENT"))
    answer = await shim.get("/mj/task/1/image-seed", headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    assert (answer.json()["code"], answer.json()["description"]) == (9, "The bot did not answer: try again later")


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_uploads_answer_an_array_of_urls(prefix: str, server: ScriptedServer, shim: httpx.AsyncClient) -> None:
    server.answers.append(UploadImagesResponse(urls=["https://cdn.example/1.png", "https://cdn.example/2.png"]))
    body = {"base64Array": [PIXEL, "", PIXEL], "accountFilter": {"instanceId": "77"}}
    answer = await shim.post(f"{prefix}/submit/upload-discord-images", json=body)
    assert answer.json() == {
        "code": 1,
        "description": "成功",
        "result": ["https://cdn.example/1.png", "https://cdn.example/2.png"],
        "properties": {},
    }
    [request] = server.uploaded
    assert ([image.data for image in request.images], request.account_filter.account_id) == ([b"hello"] * 2, "77")


async def test_a_refused_upload_has_a_code(server: ScriptedServer, shim: httpx.AsyncClient) -> None:
    nobody = Refusal(grpc.StatusCode.NOT_FOUND, "NO_ACCOUNT", "", SubmitRefusal(code=SUBMIT_CODE_NOT_FOUND))
    server.answers.append(nobody)
    answer = await shim.post("/mj/submit/upload-discord-images", json={"base64Array": [PIXEL]})
    assert answer.json() == {"code": 3, "description": "无可用的账号实例", "result": None, "properties": {}}


@pytest.mark.parametrize("body", [{}, {"base64Array": []}, {"base64Array": [""]}, {"base64Array": None}])
async def test_an_upload_of_nothing_is_refused(body: dict[str, list[str] | None], shim: httpx.AsyncClient) -> None:
    answer = await shim.post("/mj/submit/upload-discord-images", json=body)
    assert answer.json() == {"code": 4, "description": "base64Array不能为空", "result": None, "properties": {}}


async def test_actions_are_401_without_a_key(guarded_server: ScriptedServer, guarded_shim: httpx.AsyncClient) -> None:
    await guarded_server.put(running("1", caller="ann"))
    for method, path in [("POST", "/mj/task/1/cancel"), ("GET", "/mj/task/1/image-seed"), ("GET", "/mj/account/list")]:
        assert (await guarded_shim.request(method, path)).status_code == 401
    stranger = await guarded_shim.post("/mj/task/1/cancel", headers={"mj-api-secret": "key-of-bob"})
    assert stranger.json()["code"] == 3
