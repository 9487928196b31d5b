"""One service and one runner for each language, for all cases; and the table of what came of them."""

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.conformance.languages import Language, complaint_of
from tests.conformance.runner import Runner
from tests.conformance.table import rows
from tests.conformance.world import World, standing_world


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with standing_world(tmp_path_factory.mktemp("conformance")) as world:
        yield world


@pytest.fixture(scope="session")
def built(language: Language) -> Language:
    """The language, with its runner ready; or the tests are skipped where that is not possible on this machine."""
    if language.missing:
        _do_without(f"the {language.name} client cannot be built: there is no {' and no '.join(language.missing)}")
    if complaint := complaint_of(language.fetch, language.folder):
        _do_without(f"the {language.name} client cannot be built: {complaint}")
    if complaint := complaint_of(language.build, language.folder):
        pytest.fail(complaint)
    return language


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def runner(built: Language, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Runner]:
    async with Runner(built, tmp_path_factory.mktemp(built.name) / "complaints.log") as runner:
        yield runner


def _do_without(reason: str) -> None:
    if os.environ.get("MJPROXY_REQUIRE_ALL"):
        pytest.fail(reason)
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the table; where the tests are spread over several processes nobody has the whole of it."""
    for row in rows(terminalreporter.stats):
        terminalreporter.write_line(row)
