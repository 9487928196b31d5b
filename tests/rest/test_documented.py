"""Everything that the documentation of this API shows, played against the service: shim, server and simulator.

The cases are in `documented/`, a file for each document.
"""

from collections.abc import AsyncIterator

import orjson
import pytest
import pytest_asyncio

from tests.rest.documented_cases import Case, Json, documented_cases, filled, mismatches
from tests.rest.documented_world import STATES, World, running_world
from tests.rest.openapi_checks import conforms

_CASES = dict(documented_cases())


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with running_world(tmp_path_factory.mktemp("documented")) as running:
        yield running


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", _CASES.values(), ids=_CASES.keys())
async def test_the_answer_is_the_documented_one(case: Case, world: World) -> None:
    async with world.given(case.given) as names:
        answer = await world.answer(case, names)
        assert answer.status_code == case.answer.status
        assert answer.content == orjson.dumps(answer.json()), "not compact"
        conforms(answer)
        _agree(filled(case.expected(), names), answer.json(), "answer")
        if case.ends_as is not None:
            task = await world.ended(answer.json()["result"])
            _agree(filled(case.ends_as, names), task, "task")


def _agree(expected: Json, actual: Json, place: str) -> None:
    found = list(mismatches(expected, actual, place))
    assert not found, "\n".join(found)


def test_every_case_has_a_name_of_its_own_and_a_state_that_is_known() -> None:
    cases = list(documented_cases())
    assert len(cases) == len(_CASES)
    assert {case.given for case in _CASES.values()} - {""} == set(STATES)


@pytest.mark.parametrize(
    ("expected", "actual", "found"),
    [
        ({"code": 1}, {"code": 1, "more": 2}, []),
        ({"code": 1}, {"code": True}, ["answer.code is True instead of 1"]),
        ({"code": 1}, {}, ["answer.code is '(no code)' instead of 1"]),
        ({"result": None}, {}, ["answer.result is '(no result)' instead of None"]),
        (["<id>"], ["1689231405853400"], []),
        (["<id>"], [1689231405853400], ["answer[0] is 1689231405853400 instead of '<id>'"]),
        (["<id>"], [], ["answer is [] instead of ['<id>']"]),
        ("/a+/", "aa", []),
        ("/a+/", "aab", ["answer is 'aab' instead of '/a+/'"]),
        ("<time>", 1689231405.854, ["answer is 1689231405.854 instead of '<time>'"]),
    ],
)
def test_a_difference_is_found(expected: Json, actual: Json, found: list[str]) -> None:
    assert list(mismatches(expected, actual, "answer")) == found
