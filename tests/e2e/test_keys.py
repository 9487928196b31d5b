"""Keys from the configuration file to both APIs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.stack import Stack, standing_stack
from tests.e2e.test_whole_way import command, ended

CONFIG = """
api_secret = "the-operator-s"

[[keys]]
name = "alice"
key = "alice-s-key"
role = "user"

[[keys]]
name = "bob"
key = "bob-s-key"
role = "user"
"""


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with standing_stack(tmp_path_factory.mktemp("closed"), config=CONFIG) as stack:
        yield stack


def client(stack: Stack, **headers: str) -> httpx.AsyncClient:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.AsyncClient(base_url=stack.rest, headers=named, timeout=30)


@pytest.mark.parametrize(
    "headers", [{}, {"mj_api_secret": ""}, {"mj_api_secret": "wrong"}, {"authorization": "Bearer x"}]
)
async def test_without_a_key_nothing_is_answered(closed: Stack, headers: dict[str, str]) -> None:
    async with client(closed, **headers) as rest:
        for answer in (
            await rest.post("/mj/submit/imagine", json={"prompt": "a cat"}),
            await rest.get("/mj/task/list"),
            await rest.get("/mj/task/1700000000000000/fetch"),
        ):
            assert answer.status_code == 401
            assert answer.json()["description"]


async def test_users_see_their_own_tasks_and_the_operator_all(closed: Stack) -> None:
    async with (
        client(closed, mj_api_secret="alice-s-key") as alice,
        client(closed, authorization="Bearer bob-s-key") as bob,
        client(closed, mj_api_secret="the-operator-s") as operator,
    ):
        answer = (await alice.post("/mj/submit/imagine", json={"prompt": "a cat"})).json()
        task_id = answer["result"]
        task = await ended(alice, task_id)
        assert task["status"] == "SUCCESS"
        assert (await operator.get(f"/mj/task/{task_id}/fetch")).json()["id"] == task_id
        for _ in range(2):  # The second read would be answered from the cache.
            assert (await bob.get(f"/mj/task/{task_id}/fetch")).json() is None
        assert (await bob.get("/mj/task/list")).json() == []
        assert (await bob.post("/mj/task/list-by-condition", json={"ids": [task_id]})).json() == []
        refused = (await bob.post("/mj/submit/change", json={"taskId": task_id, "action": "REROLL"})).json()
        assert (refused["code"], refused["result"]) == (3, None)


async def test_the_command_line_says_what_is_missing(closed: Stack, tmp_path: Path) -> None:
    code, out, err = await command(closed, tmp_path, "tasks")
    assert (code, out) == (6, "")
    assert "key" in err.lower()


async def test_no_secret_is_written_anywhere(closed: Stack, tmp_path_factory: pytest.TempPathFactory) -> None:
    log = next(tmp_path_factory.getbasetemp().glob("closed*/up.log")).read_text()
    for secret in ("the-operator-s", "alice-s-key", "sim."):
        assert secret not in log
