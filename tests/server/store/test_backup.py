"""Copies of the database: whole while others write, private, and refused where they would do harm."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mjproxy_server.store import SqliteStore, StoreCorrupt, StoreError, StoreInaccessible, StoreTooNew, open_store
from mjproxy_server.store.backup import back_up, put_in_place, stage
from mjproxy_server.store.check import check
from tests.server.full_disk import full_disk
from tests.server.store.store_samples import Clock, failed, submission, submit_many, whole_log

DATABASE = "mjproxy.db"


def execute(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


async def restored(file: Path, folder: Path, clock: Clock) -> SqliteStore:
    put_in_place(stage(file, folder), folder, ".before")
    return await open_store(folder, now=clock)


async def test_a_backup_under_writes_is_one_state(
    folder: Path, store: SqliteStore, clock: Clock, tmp_path: Path
) -> None:
    async def write() -> None:
        while True:
            await asyncio.gather(*(store.submit(submission()) for _ in range(20)))

    before = await submit_many(store, 50)
    writing = asyncio.create_task(write())
    for number in range(5):
        await asyncio.to_thread(back_up, folder, tmp_path / f"backup-{number}")
    writing.cancel()
    await asyncio.wait({writing})
    for number in range(5):
        place = tmp_path / f"place-{number}"
        place.mkdir()
        again = await restored(tmp_path / f"backup-{number}", place, clock)
        log = await whole_log(again)
        assert [revision.number for revision in log] == list(range(1, again.head + 1))
        assert [revision.task for revision in log[:50]] == before
        await again.close()
        assert list(check(place)) == []


async def test_a_backup_is_one_private_file(folder: Path, store: SqliteStore, tmp_path: Path) -> None:
    await submit_many(store, 3)
    target = tmp_path / "copies" / "today.db"
    target.parent.mkdir()
    back_up(folder, target)
    assert [path.name for path in target.parent.iterdir()] == ["today.db"]
    assert target.stat().st_mode & 0o777 == 0o600


async def test_a_backup_is_made_without_a_server_too(folder: Path, clock: Clock, tmp_path: Path) -> None:
    store = await open_store(folder, now=clock)
    await submit_many(store, 3)
    await store.close()
    back_up(folder, tmp_path / "backup")
    assert {path.name for path in folder.iterdir()} == {DATABASE, "lock"}


async def test_a_file_that_exists_is_not_overwritten(folder: Path, store: SqliteStore, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(StoreError, match="exists already"):
        back_up(folder, tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "precious"


async def test_a_backup_for_which_there_is_no_room_leaves_nothing(
    folder: Path, store: SqliteStore, tmp_path: Path
) -> None:
    await submit_many(store, 200)
    (tmp_path / "small").write_bytes(b"x" * 4096)
    with full_disk(tmp_path / "small"), pytest.raises(StoreInaccessible, match="free space") as refused:
        back_up(folder, tmp_path / "backup")
    assert refused.value.path.parent == tmp_path, "it is the disk of the backup that is full"
    assert {path.name for path in tmp_path.iterdir()} == {"small", folder.name}
    await store.submit(submission())


def test_a_folder_without_a_database_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no such database"):
        back_up(tmp_path, tmp_path / "backup")


async def test_a_damaged_database_makes_no_backup(folder: Path, clock: Clock, tmp_path: Path) -> None:
    store = await open_store(folder, now=clock)
    await submit_many(store, 200)
    await store.close()
    with (folder / DATABASE).open("r+b") as file:
        file.seek(8 * 4096)
        file.write(b"\xff" * 8 * 4096)
    with pytest.raises(StoreCorrupt):
        back_up(folder, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


async def test_a_restored_store_has_another_history_and_the_one_before_is_kept(
    folder: Path, clock: Clock, tmp_path: Path
) -> None:
    before = await open_store(folder, now=clock)
    task = (await before.submit(submission())).task
    back_up(folder, tmp_path / "backup")
    late = (await before.submit(submission())).task
    await before.close()
    after = await restored(tmp_path / "backup", folder, clock)
    assert after.history_id != before.history_id
    assert (await after.get(task.id), await after.get(late.id)) == ((task, 1), None)
    await after.close()
    assert {path.name for path in folder.iterdir()} == {DATABASE, f"{DATABASE}.before", "lock"}
    (folder / f"{DATABASE}.before").replace(folder / DATABASE)
    old = await open_store(folder, now=clock)
    assert (old.history_id, old.head) == (before.history_id, 2)
    await old.close()


async def test_the_log_of_the_database_before_does_not_get_into_the_new_one(
    folder: Path, store: SqliteStore, clock: Clock, tmp_path: Path
) -> None:
    """A server that was killed leaves its -wal file; SQLite would replay it into whatever has the database's name."""
    task = (await store.submit(submission())).task
    back_up(folder, tmp_path / "backup")
    await store.record(task.id, failed(clock.now))
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    for name in (DATABASE, f"{DATABASE}-wal"):
        (crashed / name).write_bytes((folder / name).read_bytes())
    after = await restored(tmp_path / "backup", crashed, clock)
    assert await after.get(task.id) == (task, 1)
    await after.close()


@pytest.mark.parametrize(
    ("statement", "error"),
    [("PRAGMA user_version = 1000", StoreTooNew), ("PRAGMA user_version = 0", StoreCorrupt)],
)
async def test_what_is_no_backup_of_ours_is_refused_and_changes_nothing(
    folder: Path, clock: Clock, tmp_path: Path, statement: str, error: type[StoreError]
) -> None:
    store = await open_store(folder, now=clock)
    await submit_many(store, 3)
    await store.close()
    back_up(folder, tmp_path / "backup")
    execute(tmp_path / "backup", statement)
    sound = (folder / DATABASE).read_bytes()
    with pytest.raises(error, match="backup"):
        stage(tmp_path / "backup", folder)
    assert (folder / DATABASE).read_bytes() == sound


async def test_a_text_is_no_backup(folder: Path, store: SqliteStore, tmp_path: Path) -> None:
    (tmp_path / "backup").write_text("no database " * 1000)
    with pytest.raises(StoreCorrupt, match="backup"):
        stage(tmp_path / "backup", folder)
