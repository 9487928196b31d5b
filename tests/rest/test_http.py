"""HTTP round the API: CORS, methods, paths, and bodies that are too large."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import orjson
import pytest

MIB = 1 << 20


async def chunks(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * MIB


async def test_a_preflight_is_answered_without_a_key(guarded_shim: httpx.AsyncClient) -> None:
    answer = await guarded_shim.options(
        "/mj/task/1/fetch",
        headers={
            "Origin": "https://example.com",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "content-type,mj-api-secret",
        },
    )
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "mj-api-secret" in answer.headers["access-control-allow-headers"]
    assert "GET" in answer.headers["access-control-allow-methods"]


async def test_options_without_an_origin_is_answered(guarded_shim: httpx.AsyncClient) -> None:
    answer = await guarded_shim.options("/mj/submit/imagine")
    assert (answer.status_code, answer.headers["allow"]) == (204, "POST")


async def test_answers_may_be_read_by_pages_of_any_origin(shim: httpx.AsyncClient) -> None:
    answer = await shim.get("/mj/task/1/fetch", headers={"Origin": "https://example.com"})
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/mj/none", 404), ("GET", "/mj/submit/imagine", 405)])
async def test_what_is_not_served_is_refused_in_json(
    method: str, path: str, status: int, shim: httpx.AsyncClient
) -> None:
    answer = await shim.request(method, path)
    assert answer.status_code == status
    assert set(answer.json()) == {"code", "description", "result", "properties"}


async def test_head_is_answered(shim: httpx.AsyncClient) -> None:
    answer = await shim.head("/mj/task/1/fetch")
    assert (answer.status_code, answer.content) == (200, b"")


async def test_health_is_answered_without_a_key(guarded_shim: httpx.AsyncClient) -> None:
    assert (await guarded_shim.get("/healthz")).json() == {"status": "ok"}


async def test_a_body_that_declares_too_much_is_not_read(shim: httpx.AsyncClient) -> None:
    """A client that waits for the word to go on (RFC 9110 §10.1.1) is told at once, and sends nothing."""
    reader, writer = await asyncio.open_connection(shim.base_url.host, shim.base_url.port)
    writer.write(
        b"POST /mj/submit/imagine HTTP/1.1\r\nHost: x\r\nContent-Length: 50000001\r\nExpect: 100-continue\r\n\r\n"
    )
    async with asyncio.timeout(10):
        head, _, body = (await reader.readuntil(b"}}")).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    assert head.startswith(b"HTTP/1.1 413 ")
    assert orjson.loads(body)["description"] == "请求体过大，最多50MB"


async def test_a_body_that_turns_out_too_large_is_refused(shim: httpx.AsyncClient) -> None:
    answer = await shim.post("/mj/submit/imagine", content=chunks(48), headers={"Accept-Language": "en"})
    assert answer.status_code == 413
    assert answer.json()["description"] == "The body is too large: send at most 50 MB"


async def test_a_large_body_within_the_limit_is_read(shim: httpx.AsyncClient) -> None:
    answer = await shim.post("/mj/submit/imagine", content=chunks(40))
    assert answer.json()["description"] == "请求体不是有效的JSON对象"
