"""Every client passes its own tests, and does what the cases say."""

import os
import shutil

import pytest

from tests.conformance.case import Case, load_cases
from tests.conformance.languages import LANGUAGES, Language, complaint_of
from tests.conformance.play import play
from tests.conformance.runner import Runner
from tests.conformance.world import World

_NO_OPENSSL = shutil.which("openssl") is None and "MJPROXY_REQUIRE_ALL" not in os.environ
_CASES = [
    pytest.param(
        case,
        id=f"{case.topic}: {case.name}",
        marks=pytest.mark.skipif(case.encrypted and _NO_OPENSSL, reason="there is no openssl"),
    )
    for case in load_cases()
]

_TESTED = [language for language in LANGUAGES if language.test]

# The first test of a language may have to wait until its client is built.
pytestmark = pytest.mark.timeout(300)


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("case", _CASES)
@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name, scope="session")
async def test_client(language: Language, case: Case, runner: Runner, world: World) -> None:
    await play(case, runner, world)


@pytest.mark.parametrize("language", _TESTED, ids=lambda language: language.name, scope="session")
def test_own_tests(built: Language) -> None:
    assert complaint_of(built.test, built.folder) == ""
