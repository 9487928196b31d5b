"""The rules that all clients of this API together impose, each with the test that holds it.

Besides, `rest_rules.check` looks at every answer that the tests of this folder read.

| | rule | test |
|---|---|---|
| 1 | `result` is a text of digits or null | `test_what_is_answered_has_the_types_that_clients_decode` |
| 2 | ids are safe in JavaScript, and may come back as numbers | `test_ids_survive_javascript` |
| 3 | `code` is an integer | `test_what_is_answered_has_the_types_that_clients_decode` |
| 4 | a refusal is a 200 with a description | `test_a_refusal_is_a_200_with_a_description` |
| 5 | keys are present | `test_reads.test_task_json_is_compact_with_every_key`, `rest_rules` |
| 6 | JSON is compact | `test_code_stands_without_a_blank`, and every case of `test_documented` |
| 7 | times are whole milliseconds, and what ended has begun | `test_what_ended_has_begun` |
| 8 | `progress` is "NN%", and "100%" at SUCCESS | `test_progress_is_a_percentage` |
| 9 | `status` has known words | `test_tasks.test_every_status_action_and_bot_has_a_word` |
| 10 | `failReason` is null while a task is alive | `test_progress_is_a_percentage` |
| 11 | ended tasks stay readable | `test_ended_tasks_stay_readable` |
| 12 | `buttons` is an array of texts and integers | `test_buttons_are_an_array_at_all_times` |
| 13 | custom ids have Midjourney's grammar | `test_custom_ids_are_as_clients_parse_them` |
| 14 | `properties` is an object | `test_properties_are_an_object_everywhere` |
| 15 | no `imageUrls`, no `videoUrls` | `test_properties_are_an_object_everywhere` |
| 16 | `state` comes back verbatim | `test_state_comes_back_verbatim_everywhere` |
| 17 | an unknown task is `null` | `test_reads.test_fetch_answers_null_when_there_is_no_such_task` |
| 18 | bodies of GET and all Content-Types are ignored | `test_headers_and_bodies_that_clients_send_by_mistake` |
| 19 | unknown keys are ignored, empty values absent | `test_the_bodies_of_real_clients_are_taken` |
| 20 | the key is taken wherever it stands | `test_callers.test_a_key_is_taken_wherever_clients_put_it` |
| 21 | CORS, without a key | `test_http.test_a_preflight_is_answered_without_a_key` |
| 22 | prefixes for the mode | `test_a_task_of_one_prefix_is_read_by_another` |
| 23 | bodies of 50 MB | `test_http.test_a_large_body_within_the_limit_is_read` |
| 24 | answers are `application/json` | `test_what_is_answered_has_the_types_that_clients_decode` |
| 25 | a task is small enough to be posted | `test_a_task_is_small_enough_to_be_posted` |

Three more are about how callbacks are delivered (which changes, which answers count, in which order).
"""

import re
from collections.abc import AsyncIterator
from typing import Final

import pytest
import pytest_asyncio

from tests.rest.documented_cases import Json
from tests.rest.documented_world import World, running_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

UUID: Final = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
LARGEST_SAFE_INTEGER: Final = 2**53 - 1
LARGEST_CALLBACK_BYTES: Final = 100_000


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with running_world(tmp_path_factory.mktemp("rules")) as running:
        yield running


async def test_what_is_answered_has_the_types_that_clients_decode(world: World) -> None:
    answer = await world.rest.post("/mj/submit/imagine", json={"prompt": "Cat"})
    assert answer.headers["content-type"] == "application/json"
    kinds = {key: type(value) for key, value in answer.json().items()}
    assert kinds == {"code": int, "description": str, "result": str, "properties": dict}


async def test_ids_survive_javascript(world: World) -> None:
    task_id = await world.submitted("imagine", prompt="Cat")
    assert re.fullmatch("[0-9]{16}", task_id)
    assert int(task_id) <= LARGEST_SAFE_INTEGER
    listed = await world.rest.post("/mj/task/list-by-condition", json={"ids": [int(task_id)]})
    assert [task["id"] for task in listed.json()] == [task_id]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/mj/submit/imagine", {}),
        ("/mj/submit/imagine", {"prompt": "nude body"}),
        ("/mj/submit/change", {"taskId": "1320098173412546", "action": "REROLL"}),
        ("/mj/submit/action", {"taskId": "1320098173412546", "customId": "MJ::JOB::upsample::1::x"}),
        ("/mj/submit/modal", {"taskId": "1320098173412546"}),
        ("/mj/submit/blend", {"base64Array": ["nonsense"]}),
        ("/mj/task/1320098173412546/cancel", {}),
    ],
)
async def test_a_refusal_is_a_200_with_a_description(path: str, body: Json, world: World) -> None:
    answer = await world.rest.post(path, json=body)
    assert answer.status_code == 200
    told = answer.json()
    assert told["code"] not in {1, 21, 22}
    assert (bool(told["description"]), told["result"]) == (True, None)


async def test_code_stands_without_a_blank(world: World) -> None:
    """Relays replace this very text by `"code":1`."""
    async with world.given("a finished upscale") as names:
        body = {"taskId": names["grid"], "action": "UPSCALE", "index": 1}
        assert (await world.rest.post("/mj/submit/change", json=body)).content.startswith(b'{"code":21,')


async def test_what_ended_has_begun(world: World) -> None:
    """Clients subtract the times as soon as there is an end, also where a task was never at work."""
    for state in ("a finished grid of Cat", "a task with an invalid parameter", "a cancelled task"):
        async with world.given(state) as names:
            task = await world.fetch(names["task"])
        assert type(task["finishTime"]) is type(task["startTime"]) is type(task["submitTime"]) is int
        assert task["submitTime"] <= task["startTime"] <= task["finishTime"]


async def test_progress_is_a_percentage(world: World) -> None:
    task_id = await world.submitted("imagine", prompt="Cat")
    seen: list[int] = []
    while not seen or seen[-1] < 100:
        task = await world.fetch(task_id)
        assert re.fullmatch("[0-9]{1,3}%", task["progress"])
        assert (task["progress"] == "100%") == (task["status"] == "SUCCESS")
        assert task["failReason"] is None
        seen.append(int(task["progress"][:-1]))
    assert seen == sorted(seen)


async def test_ended_tasks_stay_readable(world: World) -> None:
    async with (
        world.given("a finished grid of Cat") as finished,
        world.given("a task with an invalid parameter") as failed,
    ):
        ids = [finished["task"], failed["task"]]
    listed = await world.rest.post("/mj/task/list-by-condition", json={"ids": ids})
    assert [task["status"] for task in listed.json()] == ["SUCCESS", "FAILURE"]


async def test_buttons_are_an_array_at_all_times(world: World) -> None:
    for state in ("a waiting task", "a task in progress", "a task with an invalid parameter"):
        async with world.given(state) as names:
            assert (await world.fetch(names["task"]))["buttons"] == []
    async with world.given("a finished grid of Cat") as names:
        buttons = (await world.fetch(names["task"]))["buttons"]
    kinds = {"customId": str, "emoji": str, "label": str, "type": int, "style": int}
    assert [{key: type(value) for key, value in button.items()} for button in buttons] == [kinds] * len(buttons)
    labels = [button["label"] for button in buttons]
    assert labels[:4] == ["U1", "U2", "U3", "U4"]
    assert labels[-4:] == ["V1", "V2", "V3", "V4"]


async def test_custom_ids_are_as_clients_parse_them(world: World) -> None:
    """Some look for words in them, others make up the ids of other buttons from the job in one."""
    async with world.given("a finished upscale") as names:
        grid = [button["customId"] for button in (await world.fetch(names["grid"]))["buttons"]]
        solo = [button["customId"] for button in (await world.fetch(names["task"]))["buttons"]]
    for kind in ("upsample", "variation"):
        for index in range(1, 5):
            assert any(re.fullmatch(f"MJ::JOB::{kind}::{index}::{UUID}", custom_id) for custom_id in grid)
    assert any(re.fullmatch(f"MJ::JOB::reroll::0::{UUID}::SOLO", custom_id) for custom_id in grid)
    for custom_ids in (grid, solo):
        assert len({job for custom_id in custom_ids for job in re.findall(UUID, custom_id)}) == 1
    for words in ("high_variation", "low_variation", "Outpaint::50", "CustomZoom::", "pan_left", "Inpaint::1"):
        assert any(words in custom_id for custom_id in solo), words


async def test_properties_are_an_object_everywhere(world: World) -> None:
    for state in ("a waiting task", "a finished description", "a task with an invalid parameter"):
        async with world.given(state) as names:
            task = await world.fetch(names["task"])
        assert type(task["properties"]["finalPrompt"]) is type(task["properties"]["finalZhPrompt"]) is str
        assert not {"imageUrls", "videoUrls"} & set(task)


@pytest.mark.parametrize("state", ["", '{"room": 7}', "room:user", " 猫 "])
async def test_state_comes_back_verbatim_everywhere(state: str, world: World) -> None:
    task_id = await world.submitted("imagine", prompt="Cat", state=state)
    listed = (await world.rest.post("/mj/task/list-by-condition", json={"ids": [task_id]})).json()
    newest = (await world.rest.get("/mj/task/list")).json()
    for task in (await world.fetch(task_id), *listed, *(task for task in newest if task["id"] == task_id)):
        assert task["state"] == state


@pytest.mark.parametrize("content", [b"", b"{}", b"null"])
@pytest.mark.parametrize("headers", [{"Content-Type": "", "Accept": ""}, {"Content-Type": "text/plain"}])
async def test_headers_and_bodies_that_clients_send_by_mistake(
    content: bytes, headers: dict[str, str], world: World
) -> None:
    submitted = await world.rest.post("/mj/submit/imagine", content=b'{"prompt":"Cat"}', headers=headers)
    path = f"/mj/task/{submitted.json()['result']}/fetch"
    read = await world.rest.request("GET", path, content=content, headers=headers)
    assert read.json()["id"] == submitted.json()["result"]


@pytest.mark.parametrize(
    "body",
    [
        {"prompt": "Cat", "base64Array": [], "notifyHook": "", "state": "", "botType": "MID_JOURNEY"},
        {"prompt": "Cat", "base64Array": None, "state": None, "notifyHook": None},
        {"prompt": "Cat", "base64": "", "index": 0, "quality": "", "upscaleIndexes": [1, 2], "dimensions": ""},
        {"prompt": "Cat", "accountFilter": {"modes": [], "instanceId": "", "remark": ""}, "enableRemix": True},
        {"prompt": "Cat --relax", "mode": "", "chooseSameChannel": True},
    ],
)
async def test_the_bodies_of_real_clients_are_taken(body: Json, world: World) -> None:
    assert (await world.rest.post("/mj/submit/imagine", json=body)).json()["code"] in {1, 22}


@pytest.mark.parametrize("prefix", ["/mj-fast/mj", "/mj-turbo/mj", "/mj-relax/mj"])
async def test_a_task_of_one_prefix_is_read_by_another(prefix: str, world: World) -> None:
    task_id = (await world.rest.post(f"{prefix}/submit/imagine", json={"prompt": "Cat"})).json()["result"]
    for reading in ("/mj", prefix):
        assert (await world.rest.get(f"{reading}/task/{task_id}/fetch")).json()["id"] == task_id


async def test_a_task_is_small_enough_to_be_posted(world: World) -> None:
    """The least that receivers take is 100 kB; the pictures that were sent are not in a task."""
    async with world.given("a finished blend") as names:
        assert len((await world.rest.get(f"/mj/task/{names['task']}/fetch")).content) < LARGEST_CALLBACK_BYTES
