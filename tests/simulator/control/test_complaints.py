"""What is wrong with a body is said in a sentence, however odd the body is."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from mjproxy_simulator.control.complaints import complaint
from mjproxy_simulator.control.members import MemberChanges
from mjproxy_simulator.control.scenarios import Scenario
from mjproxy_simulator.faults import AnyFault
from mjproxy_simulator.uncertain import Uncertain

FAULT: TypeAdapter[Any] = TypeAdapter(AnyFault)
SCENARIO = TypeAdapter(Scenario)
FORMS = {
    "fault": FAULT,
    "scenario": SCENARIO,
    "uncertain": TypeAdapter(Uncertain),
    "member": TypeAdapter(MemberChanges),
}
KEYS = st.sampled_from(("name", "events", "after", "type", "data", "count", "status", "plan", "hold", "markdown", "x"))
WORDS = st.sampled_from(("op9", "http_status", "MESSAGE_CREATE", "escaped", "mega", "x", ""))
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)


def complaint_about(form: TypeAdapter[Any], body: object) -> str:
    """Return what is wrong with a body; empty if nothing is."""
    try:
        form.validate_json(json.dumps(body))
    except ValidationError as error:
        return complaint(error, form)
    return ""


@pytest.mark.parametrize(
    ("form", "body", "expected"),
    [
        (
            FAULT,
            {"name": "op9", "count": 0, "x": 1},
            "op9.count: must be at least 1, not 0; op9.x: is not known; known ",
        ),
        (FAULT, {"name": "http_status"}, "http_status.status: is missing"),
        (FAULT, {"name": "close_code", "code": "soon"}, "close_code.code: must be a whole number, not 'soon'"),
        (FAULT, {"name": "bot_notice", "notice": "x"}, "bot_notice.notice: must be one of invalid_parameter, "),
        (
            FAULT,
            {"name": "http_status", "status": 500, "method": "BREW"},
            "http_status.method: must be 'GET', 'HEAD', ",
        ),
        (SCENARIO, {"name": 1, "events": [1]}, "name: must be text, not 1; events.0: must be an object, not 1"),
        (SCENARIO, {"name": "", "events": []}, "name: must have 1 characters or more, not ''"),
        (SCENARIO, [], "must be an object"),
    ],
)
def test_field_is_named_with_what_would_be_right(form: TypeAdapter[Any], body: object, expected: str) -> None:
    assert complaint_about(form, body).startswith(expected)


@pytest.mark.parametrize("name", FORMS)
@settings(max_examples=40)
@given(body=ODD)
def test_no_body_is_too_odd_for_a_complaint_in_its_own_words(name: str, body: object) -> None:
    said = complaint_about(FORMS[name], body)
    assert not re.search(r"\{[a-z_]+", said)
    assert "Input should" not in said
    assert "pydantic" not in said
