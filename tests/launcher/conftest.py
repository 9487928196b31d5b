"""An installation whose parts are the small real ones in `parts/`."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.launcher.launcher_processes import Command

ENTRY_POINTS = """
[mjproxy.parts]
server = tests.launcher.parts.fake_server
rest = tests.launcher.parts.fake_rest
simulator = tests.launcher.parts.fake_simulator
"""


@pytest.fixture
def distribution(tmp_path: Path) -> Path:
    """A folder that, on the module path, is a distribution of mjproxy before the one under test."""
    metadata = tmp_path / "site" / "mjproxy-9.8.7.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: mjproxy\nVersion: 9.8.7\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    return metadata.parent


@pytest.fixture
def module_path(distribution: Path) -> str:
    """The `PYTHONPATH` of processes that are to find the fake parts."""
    return os.pathsep.join([str(distribution), *filter(None, sys.path)])


@pytest.fixture
def fake_parts(distribution: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes this process find the fake parts."""
    monkeypatch.syspath_prepend(str(distribution))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes away what the environment of the test run configures."""
    for name in [name for name in os.environ if name.upper().startswith(("MJPROXY_", "FAKE_"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def run(module_path: str, workdir: Path) -> Iterator[Callable[..., Command]]:
    """Starts `mjproxy` commands with the given arguments and, by keyword, environment variables."""
    commands: list[Command] = []

    def start(*arguments: str, **environment: str) -> Command:
        commands.append(Command(list(arguments), {"PYTHONPATH": module_path, **environment}, workdir))
        return commands[-1]

    yield start
    for command in commands:
        command.clean_up()
