"""HTTP round the API: CORS, methods, paths, bodies that are too large or compressed, and names of requests."""

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest

from mjproxy.v1.task_service_pb2 import SUBMIT_CODE_SUCCESS, SubmitTaskResponse
from tests.rest.rest_running import running_shim
from tests.rest.rest_server import ScriptedServer, running

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
    assert answer.json()["code"] == 9


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
    assert orjson.loads(body) == {
        "code": 9,
        "description": "请求体过大，最多50MB",
        "result": None,
        "properties": {},
    }


async def test_a_body_that_turns_out_too_large_is_refused(shim: httpx.AsyncClient) -> None:
    answer = await shim.post("/mj/submit/imagine", content=chunks(48), headers={"Accept-Language": "en"})
    assert answer.status_code == 413
    assert answer.json()["description"] == "The body is too large: send at most 50 MB"


async def test_a_large_body_within_the_limit_is_read(shim: httpx.AsyncClient) -> None:
    answer = await shim.post("/mj/submit/imagine", content=chunks(40))
    assert answer.json()["description"] == "请求体不是有效的JSON对象"


GZIPPED = {"Content-Encoding": "gzip"}


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
async def test_a_compressed_body_is_read(encoding: str, server: ScriptedServer, shim: httpx.AsyncClient) -> None:
    server.answers.append(SubmitTaskResponse(code=SUBMIT_CODE_SUCCESS, tasks=[running("1")]))
    body = gzip.compress(b'{"prompt":"Cat"}')
    answer = await shim.post("/mj/submit/imagine", content=body, headers={"Content-Encoding": encoding})
    assert answer.json()["code"] == 1
    assert server.submitted[0].imagine.prompt == "Cat"


async def test_a_body_that_is_too_large_when_decompressed_is_refused(shim: httpx.AsyncClient) -> None:
    bomb = gzip.compress(b" " * 50_000_001)
    assert len(bomb) < 100_000
    answer = await shim.post("/mj/submit/imagine", content=bomb, headers=GZIPPED)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", gzip.compress(b'{"prompt":"Cat"}')[:-1], gzip.compress(b'{"prompt":"Cat"}') + b"x"],
    ids=["nothing", "JSON", "too short", "too long"],
)
async def test_a_body_that_is_no_gzip_is_refused(body: bytes, shim: httpx.AsyncClient) -> None:
    answer = await shim.post("/mj/submit/imagine", content=body, headers=GZIPPED)
    assert (answer.status_code, answer.json()["code"]) == (200, 4)
    assert answer.json()["description"] == "请求体不是有效的gzip数据"


async def test_an_unknown_compression_is_415_and_says_what_is_known(shim: httpx.AsyncClient) -> None:
    answer = await shim.post("/mj/submit/imagine", content=b"x", headers={"Content-Encoding": "br"})
    assert (answer.status_code, answer.headers["accept-encoding"], answer.json()["code"]) == (415, "gzip", 9)


async def test_the_limit_of_bodies_is_as_it_is_set(server: ScriptedServer) -> None:
    async with running_shim(f"127.0.0.1:{server.port}", rest={"max_body_mb": 1}) as shim:
        answer = await shim.post("/mj/submit/imagine", content=b" " * 1_000_001)
        assert (answer.status_code, answer.json()["description"]) == (413, "请求体过大，最多1MB")
        assert (await shim.post("/mj/submit/imagine", content=b" " * 1_000_000)).status_code == 200


async def test_a_long_list_is_compressed_for_those_who_take_it(server: ScriptedServer, shim: httpx.AsyncClient) -> None:
    await server.put(*(running(str(number)) for number in range(50)))
    plain = await shim.get("/mj/task/list", headers={"Accept-Encoding": "identity"})
    packed = await shim.get("/mj/task/list", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) * 5 < int(plain.headers["content-length"])
    assert packed.json() == plain.json()


async def test_a_name_that_a_request_brings_goes_all_the_way(server: ScriptedServer, shim: httpx.AsyncClient) -> None:
    answer = await shim.get("/mj/task/1/fetch", headers={"X-Request-Id": "trace-7:a/b.c"})
    assert answer.headers.get_list("x-request-id") == ["trace-7:a/b.c"]
    assert "trace-7:a/b.c" in server.request_ids


@pytest.mark.parametrize("name", [None, "", "with blanks", "x" * 129, b"\xe9", "a;b"])
async def test_a_request_without_a_fit_name_gets_one(
    name: str | bytes | None, server: ScriptedServer, shim: httpx.AsyncClient
) -> None:
    headers: Any = {} if name is None else {"X-Request-Id": name}
    names = {(await shim.get("/mj/task/1/fetch", headers=headers)).headers["x-request-id"] for _ in range(2)}
    assert len(names) == 2
    assert all(len(made) == 32 for made in names)
    assert set(server.request_ids) >= names


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/mj/none", {}),
        ("DELETE", "/mj/task/1/fetch", {}),
        ("OPTIONS", "/mj/task/1/fetch", {}),
        ("OPTIONS", "/mj/task/1/fetch", {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}),
        ("GET", "/healthz", {}),
    ],
)
async def test_every_answer_has_a_name(
    method: str, path: str, headers: dict[str, str], shim: httpx.AsyncClient
) -> None:
    answer = await shim.request(method, path, headers=headers | {"X-Request-Id": "mine"})
    assert answer.headers["x-request-id"] == "mine"


async def test_a_fault_of_the_server_is_logged_by_its_name_without_the_query(
    server: ScriptedServer, shim: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    server.faulty.add("GetTask")
    with caplog.at_level(logging.DEBUG, "mjproxy_rest.request_ids"):
        answer = await shim.get(
            "/mj/task/1/fetch?key=s3cret", headers={"X-Request-Id": "mine", "Origin": "https://a.example"}
        )
    assert (answer.status_code, answer.json()["code"]) == (500, 9)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        "GET /mj/task/1/fetch answered 500 (request mine)"
    ]
    assert "s3cret" not in caplog.text.replace(str(answer.url), "")
