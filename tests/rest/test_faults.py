"""What is wrong with a field, said in Chinese: for each fault that the server knows there is a sentence."""

from collections import defaultdict

import grpc
import pytest

from mjproxy.errors import ErrorDetails, Refused
from mjproxy_rest.faults import found_by_server, name_in_body
from mjproxy_server.model.vocabulary import Fault


def refused(fault: str) -> Refused:
    details = ErrorDetails(reason="INVALID_FIELD", metadata={"fault": fault}, field="imagine.prompt")
    return Refused("In English.", grpc.StatusCode.INVALID_ARGUMENT, details)


@pytest.mark.parametrize("fault", Fault)
def test_each_fault_of_the_server_has_a_sentence(fault: Fault) -> None:
    text = found_by_server(refused(fault))
    assert text is not None
    assert text.zh.format_map(defaultdict(str, field="prompt")).startswith("prompt")
    assert text.en.format(detail="In English.") == "In English."


def test_a_fault_of_a_later_server_has_none() -> None:
    assert found_by_server(refused("TOO_BEAUTIFUL")) is None
    assert found_by_server(refused("")) is None


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("imagine.prompt", "prompt"),
        ("change.task_id", "taskId"),
        ("options.notify_hook", "notifyHook"),
        ("imagine.images[3]", "base64Array[3]"),
        ("blend.images[0]", "base64Array[0]"),
        ("images[9]", "base64Array[9]"),
        ("describe.image", "base64"),
        ("face_swap.target", "targetBase64"),
        ("mask", "maskBase64"),
        ("", ""),
    ],
)
def test_a_field_is_named_as_the_body_has_it(path: str, name: str) -> None:
    assert name_in_body(path) == name
