"""What is answered the short way is what the application answers, byte for byte."""

import httpx
import pytest

from mjproxy_rest.routes import PREFIXES
from tests.rest.rest_server import ScriptedServer, running
from tests.rest.test_reads import served_from_cache

OF_THE_REQUEST = {"date", "x-request-id"}


def shared(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in OF_THE_REQUEST}


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_a_cached_task_is_answered_as_one_that_is_not(
    prefix: str, server: ScriptedServer, shim: httpx.AsyncClient
) -> None:
    await server.put(running("1", 10))
    headers = {"Origin": "https://page.example"}
    asked = await shim.get(f"{prefix}/task/1/fetch", headers=headers)
    await served_from_cache(shim, server, "1")
    held = await shim.get(f"{prefix}/task/1/fetch", headers=headers)
    assert held.content == asked.content
    # Always open to all, so that the answer does not vary with the origin, as the application's does.
    assert shared(asked) == {**shared(held), "vary": "Origin"}


async def test_other_methods_take_the_long_way(server: ScriptedServer, shim: httpx.AsyncClient) -> None:
    await server.put(running("1"))
    held = await served_from_cache(shim, server, "1")
    head = await shim.head("/mj/task/1/fetch")
    assert (head.content, head.headers["content-length"]) == (b"", str(len(held.content)))
    assert (await shim.post("/mj/task/1/fetch")).status_code == 405


@pytest.mark.parametrize("headers", [{"mj-api-secret": "key-of-ann"}, {"Authorization": "Bearer key-of-ann"}])
async def test_only_a_key_that_was_shown_the_task_takes_the_short_way(
    headers: dict[str, str], guarded_server: ScriptedServer, guarded_shim: httpx.AsyncClient
) -> None:
    await guarded_server.put(running("1", caller="ann"))
    await guarded_server.watched()
    for _ in range(2):
        assert (await guarded_shim.get("/mj/task/1/fetch", headers=headers)).json()["id"] == "1"
    assert (await guarded_shim.get("/mj/task/1/fetch", headers={"mj-api-secret": "key-of-bob"})).content == b"null"
    assert (await guarded_shim.get("/mj/task/1/fetch")).status_code == 401
