"""`mjproxy store`, with the server's own part: what it says, and its exit status."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mjproxy.cli import main
from mjproxy_server.store.sqlite import open_store


def store(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["store", *map(str, arguments)])


@pytest.fixture
def data(tmp_path: Path, workdir: Path) -> Path:
    """A data folder with an empty store."""

    async def make() -> None:
        await (await open_store(tmp_path / "data" / "server", now=lambda: 0)).close()

    asyncio.run(make())
    return tmp_path / "data"


def test_a_backup_is_checked_and_restored(data: Path, tmp_path: Path) -> None:
    made = store("backup", tmp_path / "backup", "--data", data)
    assert (made.exit_code, made.output) == (0, f"{tmp_path / 'backup'}\n")
    assert store("check", "--data", data).output == "The store is sound.\n"
    restored = store("restore", tmp_path / "backup", "--data", tmp_path / "other")
    assert (restored.exit_code, restored.output) == (
        0,
        "The store is restored; 0 tasks that had not ended were ended.\n",
    )
    assert store("check", "--data", tmp_path / "other").exit_code == 0


def test_faults_are_listed_and_are_an_error(data: Path) -> None:
    with closing(sqlite3.connect(data / "server" / "mjproxy.db")) as connection:
        connection.execute("DROP INDEX tasks_by_end")
    checked = store("check", "--data", data)
    assert checked.exit_code == 1
    assert checked.stdout.startswith("fault: tasks_by_end is not defined")
    assert "the store is not sound" in checked.stderr


@pytest.mark.parametrize("command", [("backup", "new"), ("check",), ("restore", "nothing")])
def test_what_is_not_there_is_told_without_a_traceback(tmp_path: Path, workdir: Path, command: tuple[str, ...]) -> None:
    told = store(*command, "--data", tmp_path / "nowhere")
    assert told.exit_code == 1
    assert "there is no such database" in told.stderr


def test_the_folder_is_that_of_the_configuration(data: Path, workdir: Path) -> None:
    (workdir / "mjproxy.toml").write_text(f'data = "{data}"\n')
    assert store("check").exit_code == 0
