"""An expectation that cannot fail would prove nothing."""

import pytest

from tests.conformance.expectations import complaints

ANSWER = {"code": "X", "revision": "7", "tasks": [{"id": "1", "state": "mine"}]}


@pytest.mark.parametrize(
    "expected",
    [
        {},
        {"code": "X"},
        {"code": "~[XY]"},
        {"revision": ">6"},
        {"tasks": [{}]},
        {"tasks": [{"state": "mine"}]},
        {"deduplicated": False, "failure": None, "image_url": "", "buttons": []},
    ],
)
def test_what_is_as_expected_has_no_complaint(expected: object) -> None:
    assert list(complaints(expected, ANSWER)) == []


@pytest.mark.parametrize(
    ("expected", "complaint"),
    [
        ({"code": "Y"}, "code is 'X', not 'Y'"),
        ({"code": "~[YZ]"}, "code is 'X', not '~[YZ]'"),
        ({"code": ""}, "code is 'X', not ''"),
        ({"revision": ">7"}, "revision is '7', not '>7'"),
        ({"missing": ">0"}, "missing is None, not '>0'"),
        ({"tasks": []}, "tasks is [{'id': '1', 'state': 'mine'}], not []"),
        ({"tasks": [{}, {}]}, "tasks has 1 items, not 2"),
        ({"tasks": [{"state": "yours"}]}, "tasks.0.state is 'mine', not 'yours'"),
        ({"error": {"code": "Z"}}, "error.code is None, not 'Z'"),
        (None, f"it is {ANSWER!r}, not None"),
    ],
)
def test_each_difference_is_a_complaint(expected: object, complaint: str) -> None:
    assert list(complaints(expected, ANSWER)) == [complaint]
