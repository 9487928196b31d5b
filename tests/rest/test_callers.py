"""Keys: what is passed on, who is refused, and that the cache shows nobody what the server would not."""

import httpx
import pytest

from mjproxy.v1.task_service_pb2 import SUBMIT_CODE_SUCCESS, SubmitTaskResponse
from tests.rest.rest_running import running_shim
from tests.rest.rest_server import ScriptedServer, running

ANN = {"mj-api-secret": "key-of-ann"}
BOB = {"mj-api-secret": "key-of-bob"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Mj-Api-Secret": "key-of-ann"},
        {"Authorization": "Bearer key-of-ann"},
        {"Authorization": "key-of-ann"},
        {"mj-api-secret": "key-of-ann", "Authorization": "Bearer another"},
        {"mj-api-secret": "", "Authorization": "Bearer key-of-ann"},
    ],
)
async def test_a_key_is_taken_wherever_clients_put_it(
    headers: dict[str, str], guarded_server: ScriptedServer, guarded_shim: httpx.AsyncClient
) -> None:
    await guarded_server.put(running("1", caller="ann"))
    assert (await guarded_shim.get("/mj/task/1/fetch", headers=headers)).json()["id"] == "1"


@pytest.mark.parametrize("headers", [{}, {"mj-api-secret": ""}, {"mj-api-secret": "wrong"}, {"mj-api-secret": b"\xe9"}])
async def test_no_or_an_unknown_key_is_401_in_json(headers: dict[str, str], guarded_shim: httpx.AsyncClient) -> None:
    for answer in (
        await guarded_shim.get("/mj/task/1/fetch", headers=headers),
        await guarded_shim.post("/mj/submit/imagine", json={"prompt": "Cat"}, headers=headers),
        await guarded_shim.post("/mj/submit/imagine", content=b"no JSON", headers=headers),
        await guarded_shim.post("/mj/submit/blend", json={}, headers=headers),
        await guarded_shim.post("/mj/task/list-by-condition", json={}, headers=headers),
        await guarded_shim.get("/mj/task/list?page_size=x", headers=headers),
    ):
        assert answer.status_code == 401
        assert answer.json() == {"code": 9, "description": "mj-api-secret缺失或无效", "result": None, "properties": {}}


async def test_a_key_without_the_role_is_403_in_json(guarded_shim: httpx.AsyncClient) -> None:
    headers = {"mj-api-secret": "key-of-nobody", "Accept-Language": "en"}
    for answer in (
        await guarded_shim.get("/mj/task/list", headers=headers),
        await guarded_shim.post("/mj/submit/imagine", json={"prompt": "Cat"}, headers=headers),
    ):
        assert answer.status_code == 403
        assert answer.json()["description"] == "The role of this key does not allow this"


async def test_a_cached_task_is_shown_to_its_caller_only(
    guarded_server: ScriptedServer, guarded_shim: httpx.AsyncClient
) -> None:
    await guarded_server.watched()
    guarded_server.answers.append(
        SubmitTaskResponse(code=SUBMIT_CODE_SUCCESS, tasks=[running("1705514776143750", caller="ann")])
    )
    await guarded_shim.post("/mj/submit/imagine", json={"prompt": "Cat"}, headers=ANN)
    path, ids = "/mj/task/1705514776143750/fetch", {"ids": ["1705514776143750"]}
    for _ in range(2):
        assert (await guarded_shim.get(path, headers=ANN)).json()["id"] == "1705514776143750"
        assert (await guarded_shim.get(path, headers=BOB)).content == b"null"
        assert (await guarded_shim.get(path)).status_code == 401
        assert (await guarded_shim.post("/mj/task/list-by-condition", json=ids, headers=BOB)).content == b"[]"
        assert (await guarded_shim.post("/mj/task/list-by-condition", json=ids)).status_code == 401


async def test_reads_go_to_the_server_while_the_watch_is_refused(guarded_server: ScriptedServer) -> None:
    await guarded_server.put(running("1", caller="ann"))
    async with running_shim(f"127.0.0.1:{guarded_server.port}", "wrong key") as shim:
        for _ in range(3):
            assert (await shim.get("/mj/task/1/fetch", headers=ANN)).json()["id"] == "1"
    assert guarded_server.calls.count("GetTask") == 3
