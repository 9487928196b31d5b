"""The cases in `cases/`: what a client sends, what the server is asked, what it answers, and what the client reads."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import orjson
import pytest
import pytest_asyncio
from google.protobuf.json_format import MessageToDict, ParseDict

from mjproxy.v1.task_service_pb2 import SubmitRefusal, SubmitTaskResponse
from tests.rest.openapi_checks import conforms
from tests.rest.rest_running import running_shim
from tests.rest.rest_server import Refusal, ScriptedServer

Case = dict[str, Any]

_CASES = {
    f"{file.stem}: {case['name']}": case
    for file in sorted((Path(__file__).parent / "cases").glob("*.json"))
    for case in json.loads(file.read_text())
}


def _scripted(case: Case) -> SubmitTaskResponse | Refusal:
    if "response" in case:
        return ParseDict(case["response"], SubmitTaskResponse())
    refusal = case["refusal"]
    details = ParseDict(refusal["details"], SubmitRefusal()) if "details" in refusal else None
    status, reason = grpc.StatusCode[refusal["status"]], refusal.get("reason", "")
    message = refusal.get("message", "In English.")
    return Refusal(status, reason, message, details, refusal.get("metadata", {}))


# The cases are many and independent: one server and one shim serve them all.
@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def scripted() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer.serve() as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def client(scripted: ScriptedServer) -> AsyncIterator[httpx.AsyncClient]:
    async with running_shim(f"127.0.0.1:{scripted.port}") as shim:
        yield shim


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", _CASES.values(), ids=_CASES.keys())
async def test_submit_as_the_case_says(case: Case, scripted: ScriptedServer, client: httpx.AsyncClient) -> None:
    scripted.submitted.clear()
    if "submits" in case:
        scripted.answers.append(_scripted(case))
    body = case["body"] if isinstance(case["body"], str) else json.dumps(case["body"])

    answer = await client.post(case["path"], content=body, headers=case.get("headers", {}))

    assert [MessageToDict(request) for request in scripted.submitted] == (
        [case["submits"]] if "submits" in case else []
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.content == orjson.dumps(case["answer"])
    conforms(answer)
