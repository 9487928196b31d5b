"""One service and one runner for each language, for all cases; and the table of what came of them."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

# The helpers beside this file are imported as `conformance.<name>`, those of the whole service as `e2e.<name>`.
sys.path.insert(0, str(Path(__file__).parent.parent))

from conformance.languages import Command, Language
from conformance.runner import Runner
from conformance.table import rows
from conformance.world import World, standing_world

BUILD_SECONDS = 240


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with standing_world(tmp_path_factory.mktemp("conformance")) as world:
        yield world


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def runner(language: Language, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Runner]:
    await asyncio.to_thread(_build, language)
    async with Runner(language, tmp_path_factory.mktemp(language.name) / "complaints.log") as runner:
        yield runner


def _build(language: Language) -> None:
    """Builds the runner of a language, or skips its cases where that is not possible on this machine."""
    if language.missing:
        _do_without(f"the {language.name} client cannot be built: there is no {' and no '.join(language.missing)}")
    complaint = _run(language.fetch, language.folder)
    if complaint:
        _do_without(f"the {language.name} client cannot be built: {complaint}")
    complaint = _run(language.build, language.folder)
    if complaint:
        pytest.fail(complaint)


def _run(command: Command, folder: Path) -> str:
    """Returns what a command complained of; nothing if it did not fail."""
    if not command:
        return ""
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, text=True, timeout=BUILD_SECONDS)
    words = (done.stdout + done.stderr).strip()[-3000:]
    return f"{' '.join(command)} failed: {words}" if done.returncode else ""


def _do_without(reason: str) -> None:
    if os.environ.get("MJPROXY_REQUIRE_ALL"):
        pytest.fail(reason)
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the table; where the tests are spread over several processes nobody has the whole of it."""
    for row in rows(terminalreporter.stats):
        terminalreporter.write_line(row)
