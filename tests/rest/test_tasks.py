"""The cases in `task_cases.json`: a task, and the JSON that clients read, byte by byte."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from google.protobuf.json_format import ParseDict

from mjproxy.v1.task_pb2 import Action, BotType, Task, TaskStatus
from mjproxy_rest.tasks import encode

_CASES = json.loads((Path(__file__).parent / "task_cases.json").read_text())


@pytest.mark.parametrize("case", _CASES, ids=[case["name"] for case in _CASES])
def test_a_task_is_encoded_as_the_case_says(case: dict[str, Any]) -> None:
    assert encode(ParseDict(case["task"], Task())) == orjson.dumps(case["json"])


@pytest.mark.parametrize("status", [status for status in TaskStatus.values() if status])
@pytest.mark.parametrize("bot", [bot for bot in BotType.values() if bot])
def test_every_status_action_and_bot_has_a_word(status: TaskStatus.ValueType, bot: BotType.ValueType) -> None:
    for action in filter(None, Action.values()):
        task = orjson.loads(encode(Task(id="1", status=status, bot_type=bot, action=action)))
        assert task["action"] == Action.Name(action).removeprefix("ACTION_")
