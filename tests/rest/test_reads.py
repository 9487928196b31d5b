"""Reads over real sockets: what they answer, and when the server is asked."""

import asyncio

import httpx
import orjson

from mjproxy.v1.task_pb2 import ACTION_IMAGINE, BOT_TYPE_MIDJOURNEY, TASK_STATUS_NOT_START, TASK_STATUS_SUCCESS, Task
from mjproxy.v1.task_service_pb2 import SUBMIT_CODE_SUCCESS, SubmitTaskResponse
from tests.rest.rest_server import ScriptedServer, running


async def served_from_cache(shim: httpx.AsyncClient, server: ScriptedServer, task_id: str) -> httpx.Response:
    """Fetches until the answer has cost no call."""
    async with asyncio.timeout(10):
        while True:
            before = server.calls.count("GetTask")
            answer = await shim.get(f"/mj/task/{task_id}/fetch")
            if server.calls.count("GetTask") == before:
                return answer


async def until_fetched(shim: httpx.AsyncClient, task_id: str, progress: str) -> None:
    async with asyncio.timeout(10):
        while (await shim.get(f"/mj/task/{task_id}/fetch")).json()["progress"] != progress:
            pass


async def test_fetch_answers_null_when_there_is_no_such_task(shim: httpx.AsyncClient) -> None:
    answer = await shim.get("/mj/task/404/fetch")
    assert (answer.status_code, answer.content) == (200, b"null")
    assert answer.headers["content-type"] == "application/json"


async def test_fetch_ignores_a_body_and_its_type(server: ScriptedServer, shim: httpx.AsyncClient) -> None:
    await server.put(running("1"))
    answer = await shim.request("GET", "/mj/task/1/fetch", content=b"{}", headers={"Content-Type": "application/json"})
    assert answer.json()["id"] == "1"


async def test_fetch_is_answered_from_the_cache_and_follows_the_watch(
    server: ScriptedServer, shim: httpx.AsyncClient
) -> None:
    await server.put(running("1", 10))
    assert (await served_from_cache(shim, server, "1")).json()["progress"] == "10%"
    before = server.calls.count("GetTask")
    await server.put(running("1", 70))
    await until_fetched(shim, "1", "70%")
    assert server.calls.count("GetTask") == before


async def test_a_removed_task_is_null_when_the_watch_told_of_it(
    server: ScriptedServer, shim: httpx.AsyncClient
) -> None:
    await server.put(running("1"))
    await served_from_cache(shim, server, "1")
    await server.remove("1")
    async with asyncio.timeout(10):
        while (await shim.get("/mj/task/1/fetch")).content != b"null":
            pass


async def test_a_submitted_task_is_fetched_at_once(server: ScriptedServer, shim: httpx.AsyncClient) -> None:
    server.answers.append(SubmitTaskResponse(code=SUBMIT_CODE_SUCCESS, tasks=[running("1705514776143750")]))
    submitted = await shim.post("/mj/submit/imagine", json={"prompt": "Cat"})
    fetched = await shim.get(f"/mj/task/{submitted.json()['result']}/fetch")
    assert fetched.json()["id"] == "1705514776143750"


async def test_list_is_newest_first_and_pages_when_asked(server: ScriptedServer, shim: httpx.AsyncClient) -> None:
    await server.put(*(running(str(1000 + number)) for number in range(120)))
    everything = await shim.get("/mj/task/list")
    assert [task["id"] for task in everything.json()] == [str(1119 - number) for number in range(100)]
    page = await shim.get(
        "/mj/task/list", params={"page_size": 2, "page_token": everything.headers["x-next-page-token"]}
    )
    assert [task["id"] for task in page.json()] == ["1019", "1018"]


async def test_queue_holds_all_that_waits_or_runs_oldest_first(server: ScriptedServer, shim: httpx.AsyncClient) -> None:
    ended = Task(id="5", action=ACTION_IMAGINE, bot_type=BOT_TYPE_MIDJOURNEY, status=TASK_STATUS_SUCCESS)
    waiting = Task(id="4", action=ACTION_IMAGINE, bot_type=BOT_TYPE_MIDJOURNEY, status=TASK_STATUS_NOT_START)
    await server.put(*(running(str(10_000 + number)) for number in range(1001)), ended, waiting)
    answer = await shim.get("/mj/task/queue")
    ids = [task["id"] for task in answer.json()]
    assert len(ids) == 1002
    assert ids == sorted(ids)
    assert "5" not in ids
    assert "x-next-page-token" not in answer.headers


async def test_list_by_condition_answers_those_asked_for_in_their_order(
    server: ScriptedServer, shim: httpx.AsyncClient
) -> None:
    await server.put(*(running(task_id) for task_id in ("1", "2", "3")))
    await served_from_cache(shim, server, "3")
    answer = await shim.post("/mj/task/list-by-condition", json={"ids": ["3", 1, "404", "3"]})
    assert [task["id"] for task in answer.json()] == ["3", "1"]
    calls = len(server.calls)
    again = await shim.post("/mj-fast/mj/task/list-by-ids", json={"ids": [1, "3"]})
    assert [task["id"] for task in again.json()] == ["1", "3"]
    assert len(server.calls) == calls


async def test_list_by_condition_answers_an_empty_array_when_nothing_is_asked_for(shim: httpx.AsyncClient) -> None:
    bodies: list[dict[str, list[str] | None]] = [{"ids": []}, {"ids": None}, {}]
    for body in bodies:
        assert (await shim.post("/mj/task/list-by-condition", json=body)).content == b"[]"


async def test_wrong_ids_and_pages_are_refused_by_name(shim: httpx.AsyncClient) -> None:
    ids = await shim.post("/mj/task/list-by-condition", json={"ids": [1.5]})
    size = await shim.get("/mj/task/list?page_size=many")
    negative = await shim.get("/mj/task/list?page_size=-1")
    many = await shim.post("/mj/task/list-by-condition", json={"ids": list(range(1001))})
    assert [answer.json()["code"] for answer in (ids, size, negative, many)] == [4, 4, 4, 4]
    assert many.json()["description"] == "ids数量过多，最多1000个"
    assert ids.json()["description"] == "ids.0参数错误：应为文本"
    assert size.json()["description"] == "page_size参数错误：应为整数"


async def test_nothing_stale_is_served_when_the_watch_is_refused_after_a_while(
    server: ScriptedServer, shim: httpx.AsyncClient
) -> None:
    await server.put(running("1", 10))
    await served_from_cache(shim, server, "1")
    await server.withdraw_watch_key()
    async with asyncio.timeout(10):
        while server.watchers:
            await shim.get("/healthz")
    await server.put(running("1", 70))
    await until_fetched(shim, "1", "70%")


async def test_task_json_is_compact_with_every_key(server: ScriptedServer, shim: httpx.AsyncClient) -> None:
    await server.put(running("1"))
    answer = await shim.get("/mj/task/1/fetch")
    assert answer.content == orjson.dumps(answer.json())
    assert list(answer.json())[:3] == ["id", "action", "status"]
