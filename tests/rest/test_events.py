"""Streams of events over real sockets: what they tell, to whom, and how a reader goes on where it left off."""

from contextlib import AsyncExitStack

import httpx
import pytest

from mjproxy.v1.task_pb2 import TASK_STATUS_SUCCESS, Task
from tests.rest.rest_events import Event, EventSource, progress_of
from tests.rest.rest_running import running_shim
from tests.rest.rest_server import HISTORY, ScriptedServer, running


def ended(task_id: str, caller: str = "") -> Task:
    task = running(task_id, 100, caller)
    task.status = TASK_STATUS_SUCCESS
    return task


async def test_a_stream_of_a_task_tells_its_state_and_each_change_until_its_end(
    server: ScriptedServer, shim: httpx.AsyncClient
) -> None:
    await server.put(running("1", 10))
    async with EventSource.opened(shim, "/mj/task/1/events") as source:
        assert source.response.headers["content-type"].startswith("text/event-stream")
        assert await anext(source) == Event("reset", {})
        assert not source.last_id, "a reader that leaves here begins anew"
        assert await progress_of(source, 1) == ["10%"]
        await server.watched(by=2)
        await server.put(running("1", 40))
        await server.put(running("2", 50), ended("1"))
        told = [event async for event in source]
    assert [event.data["progress"] for event in told] == ["40%", "100%"]
    assert told[-1].data == (await shim.get("/mj/task/1/fetch")).json()


async def test_a_stream_of_a_task_that_has_ended_ends_at_once(server: ScriptedServer, shim: httpx.AsyncClient) -> None:
    await server.put(ended("1"))
    async with EventSource.opened(shim, "/mj/task/1/events") as source:
        assert [event.kind async for event in source] == ["reset", "message"]


async def test_a_browser_that_comes_back_after_the_end_is_told_to_stay_away(
    server: ScriptedServer, shim: httpx.AsyncClient
) -> None:
    await server.put(ended("1"))
    async with EventSource.opened(shim, "/mj/task/1/events") as source:
        assert [event async for event in source]
    assert (await shim.get("/mj/task/1/events", headers={"Last-Event-ID": source.last_id})).status_code == 204


async def test_a_stream_ends_when_its_task_is_removed(server: ScriptedServer, shim: httpx.AsyncClient) -> None:
    await server.put(running("1"))
    async with EventSource.opened(shim, "/mj/task/1/events") as source:
        await anext(source)
        assert await progress_of(source, 1) == ["0%"]
        await server.remove("1")
        assert [event async for event in source] == [Event("removed", {"id": "1"})]


async def test_there_is_no_stream_of_a_task_that_is_not_there(shim: httpx.AsyncClient) -> None:
    answer = await shim.get("/mj/task/1/events")
    assert (answer.status_code, answer.json()["description"]) == (404, "任务不存在")


async def test_head_does_not_wait_for_events(server: ScriptedServer, shim: httpx.AsyncClient) -> None:
    await server.put(running("1"))
    for path in ("/mj/task/1/events", "/mj/tasks/events"):
        answer = await shim.head(path)
        assert answer.headers["content-type"].startswith("text/event-stream")


async def test_a_reader_that_comes_back_misses_nothing_and_sees_nothing_twice(
    server: ScriptedServer, shim: httpx.AsyncClient
) -> None:
    await server.put(running("1", 1))
    async with EventSource.opened(shim, "/mj/task/1/events") as source:
        await anext(source)
        assert await progress_of(source, 1) == ["1%"]
    for percent in range(2, 9):
        await server.put(running("1", percent))
    last_id = source.last_id
    for expected in (["2%", "3%"], ["4%"], ["5%", "6%", "7%", "8%"]):
        async with EventSource.opened(shim, "/mj/task/1/events", last_id) as source:
            assert await progress_of(source, len(expected)) == expected
            last_id = source.last_id


async def test_an_id_is_a_place_in_the_servers_log(server: ScriptedServer, shim: httpx.AsyncClient) -> None:
    await server.put(running("1"), running("1", 5))
    async with EventSource.opened(shim, "/mj/tasks/events", f"{HISTORY}-1") as source:
        assert (await anext(source)).data["progress"] == "5%"
        assert source.last_id == f"{HISTORY}-2"


@pytest.mark.parametrize("last_id", [f"{HISTORY}-1", f"{HISTORY}-99", "nonsense"])
async def test_a_place_that_is_gone_is_told_and_followed_by_the_present_state(
    last_id: str, server: ScriptedServer, shim: httpx.AsyncClient
) -> None:
    await server.put(running("1", 1), running("1", 2), running("1", 3))
    server.forget_log()
    async with EventSource.opened(shim, "/mj/task/1/events", last_id) as source:
        assert (await anext(source)).kind == "reset"
        assert await progress_of(source, 1) == ["3%"]
        await server.watched(by=2)
        await server.put(running("1", 4))
        assert await progress_of(source, 1) == ["4%"]


async def test_a_stream_of_all_tasks_begins_with_a_reset_and_tells_each_change(
    server: ScriptedServer, shim: httpx.AsyncClient
) -> None:
    await server.put(running("1", 1))
    async with EventSource.opened(shim, "/mj/tasks/events") as source:
        assert (await anext(source)).kind == "reset"
        await server.watched(by=2)
        await server.put(running("1", 2), running("2", 3))
        await server.put(ended("1"))
        await server.remove("1")
        told = [await anext(source) for _ in range(4)]
    assert [(event.kind, event.data["id"]) for event in told] == [
        ("message", "1"),
        ("message", "2"),
        ("message", "1"),
        ("removed", "1"),
    ]
    assert not source.last_id.endswith("-end")


async def test_a_stream_of_all_tasks_can_be_limited_to_a_state(server: ScriptedServer, shim: httpx.AsyncClient) -> None:
    async with EventSource.opened(shim, "/mj/tasks/events", params={"state": "mine"}) as source:
        await anext(source)
        await server.watched(by=2)
        mine = running("2")
        mine.state = "mine"
        await server.put(running("1"), mine)
        assert (await anext(source)).data["id"] == "2"


async def test_callers_see_their_own_tasks_only(
    guarded_server: ScriptedServer, guarded_shim: httpx.AsyncClient
) -> None:
    await guarded_server.put(running("1", caller="ann"))
    assert (await guarded_shim.get("/mj/task/1/events", params={"key": "key-of-bob"})).status_code == 404
    async with EventSource.opened(guarded_shim, "/mj/tasks/events", headers={"mj-api-secret": "key-of-bob"}) as source:
        await anext(source)
        await guarded_server.watched(by=2)
        await guarded_server.put(running("1", 50, "ann"), running("2", 60, "bob"))
        assert (await anext(source)).data["id"] == "2"


@pytest.mark.parametrize("path", ["/mj/task/1/events", "/mj/tasks/events"])
async def test_a_key_may_come_in_the_query_and_must_be_right(
    path: str, guarded_server: ScriptedServer, guarded_shim: httpx.AsyncClient
) -> None:
    await guarded_server.put(running("1", caller="ann"))
    assert (await guarded_shim.get(path)).status_code == 401
    assert (await guarded_shim.get(path, params={"key": "unknown"})).status_code == 401
    async with EventSource.opened(guarded_shim, path, params={"key": "key-of-ann"}) as source:
        assert (await anext(source)).kind == "reset"


async def test_the_key_in_the_query_opens_nothing_but_streams(
    guarded_server: ScriptedServer, guarded_shim: httpx.AsyncClient
) -> None:
    assert (await guarded_shim.get("/mj/task/1/fetch", params={"key": "key-of-ann"})).status_code == 401


async def test_a_stream_outlives_its_server_and_misses_nothing() -> None:
    server = ScriptedServer()  # type: ignore[abstract]  # it serves what the shim asks for
    async with AsyncExitStack() as first:
        await first.enter_async_context(server.listening())
        async with running_shim(f"127.0.0.1:{server.port}") as shim:
            await server.put(running("1", 1))
            async with EventSource.opened(shim, "/mj/task/1/events") as source:
                await anext(source)
                await anext(source)
                await server.watched(by=2)
                await first.aclose()
                await source.beat()
                await server.put(running("1", 2))
                async with server.listening():
                    assert await progress_of(source, 1) == ["2%"]


async def test_a_stream_ends_when_its_key_is_withdrawn(
    guarded_server: ScriptedServer, guarded_shim: httpx.AsyncClient
) -> None:
    async with EventSource.opened(guarded_shim, "/mj/tasks/events", params={"key": "key-of-ann"}) as source:
        await anext(source)
        await guarded_server.watched(by=2)
        await guarded_server.withdraw_watch_key()
        assert [event async for event in source] == []


async def test_the_watch_ends_when_its_reader_leaves(server: ScriptedServer, shim: httpx.AsyncClient) -> None:
    await server.watched()
    async with EventSource.opened(shim, "/mj/tasks/events") as source:
        await anext(source)
        await server.watched(by=2)
    await server.watched(by=1)


async def test_a_shim_that_stops_ends_its_streams(server: ScriptedServer) -> None:
    async with httpx.AsyncClient(trust_env=False) as reader, AsyncExitStack() as running_until:
        shim = await running_until.enter_async_context(running_shim(f"127.0.0.1:{server.port}"))
        async with EventSource.opened(reader, f"{shim.base_url}/mj/tasks/events") as source:
            await anext(source)
            await running_until.aclose()
            assert [event async for event in source] == []


async def test_a_slow_reader_holds_up_nobody(server: ScriptedServer, shim: httpx.AsyncClient) -> None:
    """One reads nothing of 40 MB; the other, which shares its connection to the server, gets everything at once."""
    await server.watched()
    async with (
        EventSource.opened(shim, "/mj/tasks/events") as slow,
        EventSource.opened(shim, "/mj/tasks/events") as quick,
    ):
        await anext(slow)
        await anext(quick)
        await server.watched(by=3)
        everything = [f"{percent}%" for percent in range(1, 81)]
        for percent, shown in enumerate(everything, start=1):
            large = running("1", percent)
            large.prompt = "x" * 500_000
            await server.put(large)
            assert await progress_of(quick, 1) == [shown]
        assert await progress_of(slow, len(everything)) == everything
