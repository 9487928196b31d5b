import asyncio
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import msgspec
import pytest

from mjproxy_server.model.account import Account, AccountRecord
from mjproxy_server.model.facts import Sending
from mjproxy_server.store import (
    Images,
    SqliteStore,
    Store,
    StoreCorrupt,
    StoreError,
    StoreInaccessible,
    StoreLocked,
    StoreTooNew,
    TaskQuery,
    database,
    open_store,
)
from tests.server.store.store_samples import HOUR, Clock, failed, submission, submit_many, whole_log

DATABASE = "mjproxy.db"


async def _closed_store(folder: Path, clock: Clock) -> Path:
    """Makes a store, writes and reads some tasks; returns its database file."""
    store = await open_store(folder, now=clock)
    await submit_many(store, 200)
    await store.list(TaskQuery())
    await store.close()
    return folder / DATABASE


def test_the_sqlite_store_is_a_store(store: SqliteStore) -> None:
    as_promised: Store = store
    assert as_promised.head == as_promised.oldest == 0


async def test_what_was_stored_is_there_when_opened_again(folder: Path, clock: Clock) -> None:
    before = await open_store(folder, now=clock)
    task = (await before.submit(submission(request_id="r"))).task
    ended = await before.record(task.id, failed(clock.now))
    await before.close()
    after = await open_store(folder, now=clock)
    assert (after.history_id, after.head, after.oldest) == (before.history_id, 2, 0)
    assert await after.get(task.id) == (ended, 2)
    assert [revision.task for revision in await whole_log(after)] == [task, ended]
    assert (await after.submit(submission(request_id="r"))).deduplicated
    await after.close()


async def test_what_a_row_of_an_earlier_version_lacks_is_as_the_defaults_have_it(folder: Path, clock: Clock) -> None:
    account = Account(guild_id="1", channel_id="22", user_token="t", user_agent="")
    before = await open_store(folder, now=clock)
    await before.accounts.put(AccountRecord(account=account))
    task = (await before.submit(submission())).task
    sent = await before.record(task.id, Sending(clock.now, "nonce"))
    await before.close()
    _leave_out(folder / DATABASE, "accounts", "failure_retries", "press_appeal", "fallback_modes", "niji_sync")
    _leave_out(folder / DATABASE, "tasks", "appeal")
    after = await open_store(folder, now=clock)
    assert await after.accounts.all() == (AccountRecord(account=account),)
    assert await after.get(task.id) == (sent, after.head)
    await after.close()


def _leave_out(path: Path, table: str, *names: str) -> None:
    """Rewrites the bodies of a table without these keys, wherever they stand."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for key, body in connection.execute(f"SELECT id, body FROM {table}").fetchall():
            content = msgspec.msgpack.decode(body)
            assert {*names} <= _keys(content)
            earlier = msgspec.msgpack.encode(_without(content, names))
            connection.execute(f"UPDATE {table} SET body = ? WHERE id = ?", (earlier, key))


def _keys(content: object) -> set[str]:
    if isinstance(content, dict):
        return {*content}.union(*map(_keys, content.values()))
    return set[str]().union(*map(_keys, content)) if isinstance(content, list) else set()


def _without(content: object, names: tuple[str, ...]) -> object:
    if isinstance(content, dict):
        return {key: _without(value, names) for key, value in content.items() if key not in names}
    return [_without(each, names) for each in content] if isinstance(content, list) else content


async def test_ids_go_on_when_opened_with_a_clock_that_went_back(folder: Path, clock: Clock) -> None:
    store = await open_store(folder, now=clock)
    first = (await store.submit(submission())).task
    await store.record(first.id, failed(clock.now))
    await store.expire(clock.now + 1)
    await store.close()
    clock.now -= HOUR
    store = await open_store(folder, now=clock)
    assert (await store.submit(submission())).task.id > first.id
    await store.close()


async def test_a_new_store_has_another_history(tmp_path: Path, clock: Clock) -> None:
    one, other = [await open_store(tmp_path / name, now=clock) for name in ("one", "other")]
    assert one.history_id != other.history_id
    await one.close()
    await other.close()


async def test_folder_and_files_are_private(folder: Path, store: SqliteStore) -> None:
    await store.submit(submission())
    await Images(folder / "images").put(b"image")
    modes = {str(path.relative_to(folder)): path.stat().st_mode & 0o777 for path in [folder, *folder.rglob("*")]}
    files = {name: mode for name, mode in modes.items() if (folder / name).is_file()}
    assert set(files) > {DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", "lock"}
    assert set(files.values()) == {0o600}
    assert {modes["."], modes["images"]} == {0o700}


async def test_closing_leaves_no_log_behind(folder: Path, clock: Clock) -> None:
    await _closed_store(folder, clock)
    assert {path.name for path in folder.iterdir()} == {DATABASE, "lock"}


async def test_a_second_server_is_refused(folder: Path, clock: Clock, store: SqliteStore) -> None:
    with pytest.raises(StoreLocked) as refused:
        await open_store(folder, now=clock)
    assert refused.value.pid == str(os.getpid())
    assert str(folder) in str(refused.value)
    assert (await store.submit(submission())).revision == 1


async def test_a_lock_names_its_holder_and_nothing_of_the_one_before(folder: Path, clock: Clock) -> None:
    folder.mkdir()
    (folder / "lock").write_text("1234567890\n")
    store = await open_store(folder, now=clock)
    with pytest.raises(StoreLocked) as refused:
        await open_store(folder, now=clock)
    assert refused.value.pid == str(os.getpid())
    await store.close()


async def test_it_is_known_whether_the_process_before_has_died(folder: Path, clock: Clock) -> None:
    first = await open_store(folder, now=clock)
    died = (folder / "lock").read_text()
    assert not first.after_crash
    await first.close()
    second = await open_store(folder, now=clock)
    assert not second.after_crash
    await second.close()
    (folder / "lock").write_text(died)
    third = await open_store(folder, now=clock)
    assert third.after_crash
    await third.close()


async def test_the_lock_outlives_a_refused_second_server(folder: Path, clock: Clock, store: SqliteStore) -> None:
    for _ in range(2):
        with pytest.raises(StoreLocked):
            await open_store(folder, now=clock)


async def test_a_newer_schema_is_refused_and_left_as_it_is(folder: Path, clock: Clock) -> None:
    path = await _closed_store(folder, clock)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 1000")
    connection.close()
    with pytest.raises(StoreTooNew) as refused:
        await open_store(folder, now=clock)
    assert refused.value.found == 1000
    assert refused.value.known == len(database.migrations())


async def test_a_file_that_is_no_database_is_refused(folder: Path, clock: Clock) -> None:
    path = await _closed_store(folder, clock)
    path.write_bytes(b"no database " * 1000)
    with pytest.raises(StoreCorrupt, match=DATABASE):
        await open_store(folder, now=clock)
    assert path.read_bytes().startswith(b"no database")


async def test_a_truncated_database_is_refused(folder: Path, clock: Clock) -> None:
    path = await _closed_store(folder, clock)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(StoreCorrupt, match="malformed"):
        await open_store(folder, now=clock)


async def test_the_database_of_another_program_is_refused(folder: Path, clock: Clock) -> None:
    folder.mkdir()
    connection = sqlite3.connect(folder / DATABASE)
    connection.execute("CREATE TABLE tasks (name TEXT)")
    connection.close()
    with pytest.raises(StoreCorrupt, match="already exists"):
        await open_store(folder, now=clock)


async def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreInaccessible, match="Not a directory"):
        await open_store(tmp_path / "file" / "data", now=clock)


async def test_a_refused_folder_can_be_opened_once_it_is_mended(folder: Path, clock: Clock) -> None:
    path = await _closed_store(folder, clock)
    sound = path.read_bytes()
    path.write_bytes(b"no database " * 1000)
    with pytest.raises(StoreError):
        await open_store(folder, now=clock)
    path.write_bytes(sound)
    store = await open_store(folder, now=clock)
    assert store.head == 200
    await store.close()


def test_missing_migrations_are_applied_in_order(tmp_path: Path) -> None:
    path = tmp_path / DATABASE
    first, second = "CREATE TABLE t (a); INSERT INTO t VALUES (1);", "ALTER TABLE t ADD COLUMN b DEFAULT 2;"
    database.open_for_writing(path, [first]).close()
    connection = database.open_for_writing(path, [first, second])
    assert connection.execute("SELECT a, b FROM t").fetchall() == [(1, 2)]
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    connection.close()


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / DATABASE
    first = "CREATE TABLE t (a);"
    database.open_for_writing(path, [first]).close()
    with pytest.raises(sqlite3.OperationalError):
        database.open_for_writing(path, [first, "CREATE TABLE u (a);", "no SQL"])
    connection = database.open_for_writing(path, [first])
    assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("t",)]
    connection.close()


@pytest.fixture
def read_only(clock: Clock) -> Iterator[Path]:
    """A data folder that can be read and not written, by whoever runs the tests."""
    with tempfile.TemporaryDirectory() as parent, ExitStack() as undo:
        folder = Path(parent) / "data"
        asyncio.run(_closed_store(folder, clock))
        for path, mode in (
            (Path(parent), 0o755),
            (folder / DATABASE, 0o444),
            (folder / "lock", 0o444),
            (folder, 0o555),
        ):
            path.chmod(mode)
        undo.callback(folder.chmod, 0o755)
        if os.geteuid() == 0:  # Nothing is read-only to root.
            undo.callback(os.seteuid, 0)
            os.seteuid(65534)
        yield folder


def test_a_read_only_folder_is_refused_with_a_remedy(read_only: Path, clock: Clock) -> None:
    with pytest.raises(StoreInaccessible, match=r"Permission denied.*Check its owner, its permissions"):
        asyncio.run(open_store(read_only, now=clock))
