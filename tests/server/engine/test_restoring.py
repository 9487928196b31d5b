"""A restored backup: another history, and nothing that was unfinished is drawn, and paid for, a second time."""

from __future__ import annotations

from pathlib import Path

import pytest

from mjproxy_server.engine.restoring import restore
from mjproxy_server.model.facts import Progressed, Sending
from mjproxy_server.model.vocabulary import Reason, Status
from mjproxy_server.store import StoreError, StoreLocked, open_store
from mjproxy_server.store.backup import back_up
from mjproxy_server.store.check import check
from tests.server.engine.test_watching import submit

NOW = 1_782_000_000_000


def now() -> int:
    return NOW


async def backed_up(folder: Path, file: Path) -> tuple[str, str]:
    """Makes a backup with a task that waits and one that is at work; returns their ids."""
    store = await open_store(folder, now=now)
    waiting, working = await submit(store), await submit(store)
    await store.record(working, Sending(NOW, "nonce"), Progressed(NOW, "m", 30))
    back_up(folder, file)
    await store.close()
    return waiting, working


async def test_tasks_that_had_not_ended_end(tmp_path: Path) -> None:
    ids = await backed_up(tmp_path / "data", tmp_path / "backup")
    assert await restore(tmp_path / "backup", tmp_path / "data", hook="", now=now, keep_unfinished=False) == 2
    store = await open_store(tmp_path / "data", now=now)
    for task_id in ids:
        found = await store.get(task_id)
        assert found
        assert found[0].status is Status.FAILURE
        assert found[0].failure
        assert found[0].failure.reason is Reason.INTERRUPTED
    await store.close()
    assert list(check(tmp_path / "data")) == []


async def test_tasks_go_on_if_the_operator_says_so(tmp_path: Path) -> None:
    ids = await backed_up(tmp_path / "data", tmp_path / "backup")
    assert await restore(tmp_path / "backup", tmp_path / "other", hook="", now=now, keep_unfinished=True) == 0
    store = await open_store(tmp_path / "other", now=now)
    found = [await store.get(task_id) for task_id in ids]
    await store.close()
    assert [each[0].status for each in found if each] == [Status.NOT_START, Status.IN_PROGRESS]


async def test_a_store_that_is_in_use_is_left_alone(tmp_path: Path) -> None:
    await backed_up(tmp_path / "data", tmp_path / "backup")
    store = await open_store(tmp_path / "data", now=now)
    with pytest.raises(StoreLocked):
        await restore(tmp_path / "backup", tmp_path / "data", hook="", now=now, keep_unfinished=False)
    await submit(store)
    await store.close()


async def test_a_backup_that_is_none_changes_nothing(tmp_path: Path) -> None:
    await backed_up(tmp_path / "data", tmp_path / "backup")
    (tmp_path / "backup").write_text("no database")
    sound = (tmp_path / "data" / "mjproxy.db").read_bytes()
    with pytest.raises(StoreError, match="backup"):
        await restore(tmp_path / "backup", tmp_path / "data", hook="", now=now, keep_unfinished=False)
    assert (tmp_path / "data" / "mjproxy.db").read_bytes() == sound
    store = await open_store(tmp_path / "data", now=now)
    await store.close()
