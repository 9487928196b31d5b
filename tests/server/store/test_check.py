"""The check: silent about sound stores, and names each kind of damage."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mjproxy_server.model.command import Describe, StoredImage
from mjproxy_server.store import Images, SqliteStore, StoreError, database, open_store
from mjproxy_server.store.check import Finding, check
from tests.server.store.store_samples import Clock, failed, submission, submit_many

DATABASE = "mjproxy.db"


@pytest.fixture
async def closed(folder: Path, clock: Clock) -> Path:
    """A closed store with 200 tasks, of which the first has ended and the second has expired."""
    store = await open_store(folder, now=clock)
    tasks = await submit_many(store, 200)
    await store.record(tasks[1].id, failed(clock.now))
    await store.expire(clock.now + 1)
    await store.record(tasks[0].id, failed(clock.now))
    await store.close()
    return folder


def damage(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / DATABASE)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def faults(folder: Path) -> list[str]:
    return [finding.text for finding in check(folder) if finding.is_fault]


def test_a_sound_store_gives_no_finding(closed: Path) -> None:
    assert list(check(closed)) == []


async def test_a_store_that_works_can_be_checked(folder: Path, store: SqliteStore) -> None:
    await submit_many(store, 20)
    assert list(check(folder)) == []
    assert (await store.submit(submission())).revision == 21


async def test_a_compacted_log_is_sound(folder: Path, store: SqliteStore, clock: Clock) -> None:
    await submit_many(store, 20)
    await store.compact(5, clock.now - 1)
    assert list(check(folder)) == []


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE tasks SET body = x'00' WHERE id = (SELECT min(id) FROM tasks)", "cannot be decoded"),
        ("UPDATE tasks SET status = 'SUCCESS' WHERE id = (SELECT max(id) FROM tasks)", "other words than its own"),
        ("DELETE FROM revisions WHERE number BETWEEN 50 AND 51", "revisions 50 to 51 are missing"),
        ("UPDATE revisions SET body = x'00' WHERE number = 7", "revision 7 cannot be decoded"),
        ("DELETE FROM revisions WHERE number = (SELECT max(number) FROM revisions)", "is not as its newest revision"),
        ("DELETE FROM tasks WHERE id = (SELECT max(id) FROM tasks)", "is in the log only"),
        ("UPDATE revisions SET removed = 1 WHERE number = 100", "the log has removed it"),
        ("INSERT INTO accounts (id, body) VALUES ('1', x'00')", "the account 1 cannot be decoded"),
        ("DROP INDEX tasks_by_end", "tasks_by_end is not defined"),
        ("CREATE TABLE more (a)", "more is not defined"),
        ("PRAGMA user_version = 1000", "the schema has version 1000"),
    ],
)
def test_each_damage_is_named(closed: Path, statement: str, fault: str) -> None:
    damage(closed, statement)
    assert [text for text in faults(closed) if fault in text]


def test_a_callback_without_a_task_is_named(closed: Path) -> None:
    damage(closed, "INSERT INTO outbox (task, host, newest, due_at, leased, body) VALUES (1, 'h', 1, 1, 0, x'00')")
    assert "outbox: row 1 belongs to a row of tasks that is not there" in faults(closed)
    assert "the callback of task 1 cannot be decoded" in faults(closed)


def test_pages_that_are_damaged_are_named(closed: Path) -> None:
    with (closed / DATABASE).open("r+b") as file:
        file.seek(8 * 4096)
        file.write(b"\xff" * 8 * 4096)
    assert faults(closed)


def test_an_older_schema_is_no_fault(tmp_path: Path) -> None:
    database.open_for_writing(tmp_path / DATABASE, database.migrations()[:1]).close()
    note = f"the schema has version 1; the next start brings it to {len(database.migrations())}"
    assert list(check(tmp_path)) == [Finding(note, is_fault=False)]


async def test_images_that_are_missing_or_left_over_are_named(folder: Path, store: SqliteStore) -> None:
    images = Images(folder / "images")
    kept, lost, orphan = [await images.put(data) for data in (b"kept", b"lost", b"orphan")]
    for digest in (kept, lost):
        await store.submit(submission(command=Describe(StoredImage(digest, "image/png"))))
    (folder / "images" / lost).unlink()
    assert list(check(folder)) == [
        Finding(f"image {lost} is missing, which an unfinished task needs"),
        Finding("1 images are needed by no task; the next start removes them", is_fault=False),
    ]
    assert orphan not in faults(folder)


def test_a_folder_without_a_database_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no such database"):
        list(check(tmp_path))
