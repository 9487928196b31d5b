"""When the server is away: what is answered from memory, what is not, and how the shim finds back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest

from mjproxy.v1.task_service_pb2 import SUBMIT_CODE_SUCCESS, SubmitTaskResponse
from tests.rest.rest_running import running_shim
from tests.rest.rest_server import ScriptedServer, running

ANN = {"mj-api-secret": "key-of-ann"}
BOB = {"mj-api-secret": "key-of-bob"}


class Switch:
    """A server that is switched on and off, with its tasks, its log and its port kept."""

    def __init__(self, server: ScriptedServer) -> None:
        self.server = server
        self._on = AsyncExitStack()

    async def on(self) -> None:
        await self._on.enter_async_context(self.server.listening())

    async def off(self) -> None:
        await self._on.aclose()


@pytest.fixture
async def switch() -> AsyncIterator[Switch]:
    keys = {"": "", "key-of-ann": "ann", "key-of-bob": "bob"}
    switch = Switch(ScriptedServer(keys=keys))  # type: ignore[abstract]  # it serves what the shim asks for
    await switch.on()
    yield switch
    await switch.off()


@pytest.fixture
async def shim(switch: Switch) -> AsyncIterator[httpx.AsyncClient]:
    async with running_shim(f"127.0.0.1:{switch.server.port}") as client:
        await switch.server.watched()
        await until_ready(client)
        yield client


async def fetch(shim: httpx.AsyncClient, task_id: str = "1", headers: dict[str, str] | None = None) -> httpx.Response:
    return await shim.get(f"/mj/task/{task_id}/fetch", headers=headers or {})


async def until_ready(shim: httpx.AsyncClient) -> None:
    """Returns when the shim has heard from the server; what it knew before is forgotten then."""
    async with asyncio.timeout(10):
        while (await shim.get("/readyz")).status_code != 200:
            pass


async def until_stale(shim: httpx.AsyncClient) -> httpx.Response:
    """Fetches until the shim has noticed that the server is away."""
    async with asyncio.timeout(20):
        while True:
            answer = await fetch(shim)
            if "x-mjproxy-stale" in answer.headers:
                return answer


async def until_fresh(shim: httpx.AsyncClient) -> httpx.Response:
    """Fetches until an answer is from the server again."""
    async with asyncio.timeout(20):
        while True:
            answer = await fetch(shim)
            if answer.status_code == 200 and "x-mjproxy-stale" not in answer.headers:
                return answer


async def test_what_was_read_before_is_answered_and_said_to_be_stale(switch: Switch, shim: httpx.AsyncClient) -> None:
    await switch.server.put(running("1", 40), running("2", 50))
    fresh = [await fetch(shim, task_id) for task_id in ("1", "2")]
    assert all("x-mjproxy-stale" not in answer.headers for answer in fresh)
    await switch.off()
    await until_stale(shim)
    for task_id, before in zip(("1", "2"), fresh, strict=True):
        answer = await fetch(shim, task_id)
        assert (answer.status_code, answer.content) == (200, before.content)
        assert 0 <= int(answer.headers["x-mjproxy-stale"]) <= 60
    both = await shim.post("/mj/task/list-by-condition", json={"ids": ["2", "1"]})
    assert both.content == b"[" + fresh[1].content + b"," + fresh[0].content + b"]"
    assert int(both.headers["x-mjproxy-stale"]) <= 60


async def test_what_is_not_remembered_is_503(switch: Switch, shim: httpx.AsyncClient) -> None:
    await switch.server.put(running("1"), running("2"))
    await fetch(shim)
    await switch.off()
    for answer in (
        await fetch(shim, "2"),
        await shim.post("/mj/task/list-by-condition", json={"ids": ["1", "2"]}),
        await shim.get("/mj/task/list"),
        await shim.get("/mj/task/queue"),
        await shim.get("/mj/account/list"),
        await shim.get("/mj/account/1/fetch"),
    ):
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json() == {
            "code": 9,
            "description": "服务暂不可用，请稍后重试",
            "result": None,
            "properties": {},
        }


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/mj/submit/imagine", {"prompt": "Cat"}),
        ("POST", "/mj/submit/modal", {"taskId": "1"}),
        ("POST", "/mj/submit/upload-discord-images", {"base64Array": ["aGVsbG8="]}),
        ("POST", "/mj/task/1/cancel", {}),
        ("GET", "/mj/task/1/image-seed", {}),
    ],
)
async def test_what_acts_has_code_9_in_a_200(
    method: str, path: str, body: object, switch: Switch, shim: httpx.AsyncClient
) -> None:
    await switch.off()
    answer = await shim.request(method, path, json=body)
    assert (answer.status_code, answer.json()["code"], answer.json()["result"]) == (200, 9, None)


async def test_the_first_submission_to_a_server_that_is_back_is_accepted(
    switch: Switch, shim: httpx.AsyncClient
) -> None:
    await switch.off()
    for _ in range(2):
        assert (await shim.post("/mj/submit/imagine", json={"prompt": "Cat"})).json()["code"] == 9
    switch.server.answers.append(SubmitTaskResponse(tasks=[running("1")], code=SUBMIT_CODE_SUCCESS))
    await switch.on()
    assert (await shim.post("/mj/submit/imagine", json={"prompt": "Cat"})).json()["code"] == 1


async def test_reads_are_fresh_again_when_the_server_is_back(switch: Switch, shim: httpx.AsyncClient) -> None:
    await switch.server.put(running("1", 10))
    await fetch(shim)
    for progress in (20, 30):
        await switch.off()
        await until_stale(shim)
        await switch.server.put(running("1", progress))
        await switch.on()
        assert (await until_fresh(shim)).json()["progress"] == f"{progress}%"


async def test_nothing_older_is_recalled_than_what_anybody_was_told(switch: Switch, shim: httpx.AsyncClient) -> None:
    """The watch is refused, so the newer state is known from one caller's answer only."""
    await switch.server.put(running("1", 10, caller="ann"))
    await fetch(shim, headers=ANN)
    await fetch(shim)
    await switch.server.withdraw_watch_key()
    async with asyncio.timeout(10):
        while switch.server.watchers:
            await shim.get("/healthz")
    await switch.server.put(running("1", 70, caller="ann"))
    async with asyncio.timeout(10):
        while (await fetch(shim)).json()["progress"] != "70%":
            pass
    await switch.off()
    recalled = await fetch(shim, headers=ANN)
    assert recalled.json()["progress"] == "70%"
    assert "x-mjproxy-stale" in recalled.headers


async def test_a_removed_task_is_not_recalled_after_anybody_was_told(switch: Switch, shim: httpx.AsyncClient) -> None:
    await switch.server.put(running("1", caller="ann"))
    await fetch(shim, headers=ANN)
    await fetch(shim)
    await switch.server.withdraw_watch_key()
    await switch.server.remove("1")
    async with asyncio.timeout(10):
        while (await fetch(shim)).content != b"null":
            pass
    await switch.off()
    assert (await fetch(shim, headers=ANN)).status_code == 503


async def test_others_are_shown_nothing_from_memory(switch: Switch, shim: httpx.AsyncClient) -> None:
    await switch.server.put(running("1", caller="ann"))
    await fetch(shim, headers=ANN)
    assert (await fetch(shim, headers=BOB)).content == b"null"
    await fetch(shim, headers=ANN)
    await switch.off()
    assert (await fetch(shim, headers=ANN)).status_code == 200
    assert (await fetch(shim, headers=BOB)).status_code == 503


async def test_a_key_that_was_refused_reads_nothing_from_memory(switch: Switch, shim: httpx.AsyncClient) -> None:
    await switch.server.put(running("1", caller="ann"))
    await fetch(shim, headers=ANN)
    await switch.off()
    del switch.server.keys["key-of-ann"]
    switch.server.watch_key_withdrawn = True
    await switch.on()
    async with asyncio.timeout(20):
        while (await fetch(shim, headers=ANN)).status_code != 401:
            pass
    await switch.off()
    assert (await fetch(shim, headers=ANN)).status_code == 503


async def test_a_shim_is_there_before_its_server_and_ready_with_it(switch: Switch) -> None:
    await switch.server.put(running("1"))
    await switch.off()
    async with running_shim(f"127.0.0.1:{switch.server.port}") as shim:
        assert (await shim.get("/healthz")).status_code == 200
        assert (await shim.get("/readyz")).status_code == 503
        assert (await fetch(shim)).status_code == 503
        await switch.on()
        await until_fresh(shim)
        await switch.server.watched()
        await until_ready(shim)
        await switch.off()
        assert (await shim.get("/readyz")).status_code == 200
