"""Every client does what the cases say."""

import pytest

from conformance.cases import Case, load_cases
from conformance.languages import LANGUAGES, Language
from conformance.play import play
from conformance.runner import Runner
from conformance.world import World

# The first case of a language may have to wait until its runner is built.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]


@pytest.mark.parametrize("case", load_cases(), ids=lambda case: f"{case.topic}: {case.name}")
@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name, scope="session")
async def test_client(language: Language, case: Case, runner: Runner, world: World) -> None:
    await play(case, runner, world)
