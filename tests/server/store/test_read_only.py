"""A store on a disk that takes no writes can be checked and backed up, by the commands that people use."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mjproxy_server.store import SqliteStore, open_store
from mjproxy_server.store.check import check
from tests.server.store.store_samples import Clock, submit_many

DATABASE = "mjproxy.db"
MOUNT = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"'
NAMESPACE = ("unshare", "--map-root-user", "--mount", "sh", "-c")


def can_mount_read_only(folder: Path) -> bool:
    trial = (*NAMESPACE, MOUNT, str(folder))
    return bool(shutil.which("unshare")) and subprocess.run(trial, check=False, capture_output=True).returncode == 0


def care(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `mjproxy store` for which the folder is read-only; permissions would not bind the superuser."""
    command = (sys.executable, "-m", "mjproxy", "store", *arguments, "--data", str(folder.parent))
    in_namespace = (*NAMESPACE, f'{MOUNT} && exec "$@"', str(folder), *command)
    return subprocess.run(in_namespace, check=False, capture_output=True, text=True, timeout=60, cwd=folder.parent)


@pytest.fixture
async def left(tmp_path: Path, clock: Clock) -> Path:
    """The folder of a store that was closed."""
    folder = tmp_path / "server"
    store = await open_store(folder, now=clock)
    await submit_many(store, 20)
    await store.close()
    if not can_mount_read_only(folder):
        pytest.skip("nothing can be mounted here")
    return folder


def test_a_store_that_was_closed_is_checked_and_backed_up(left: Path, tmp_path: Path) -> None:
    before = sorted(path.name for path in left.iterdir())
    checked = care(left, "check")
    assert (checked.returncode, checked.stdout) == (0, "The store is sound.\n"), checked.stderr
    copied = care(left, "backup", str(tmp_path / "backup.db"))
    assert copied.returncode == 0, copied.stderr
    assert sorted(path.name for path in left.iterdir()) == before
    place = tmp_path / "place"
    place.mkdir()
    (tmp_path / "backup.db").rename(place / DATABASE)
    assert list(check(place)) == []


async def test_a_store_that_works_is_checked_with_what_its_log_holds(left: Path, clock: Clock, tmp_path: Path) -> None:
    """Somebody else may write to what this process sees as read-only."""
    store: SqliteStore = await open_store(left, now=clock)
    await submit_many(store, 20)
    assert care(left, "check").returncode == 0
    assert care(left, "backup", str(tmp_path / "backup.db")).returncode == 0
    await store.close()
    with_all = await open_store(left, now=clock)
    assert with_all.head == 40
    await with_all.close()


def test_a_log_that_cannot_be_read_is_not_passed_over(left: Path) -> None:
    """What is in the log only would be missing; without its index nobody can read it where nothing can be written."""
    (left / f"{DATABASE}-wal").write_bytes(b"of a server that was killed")
    refused = care(left, "check")
    assert refused.returncode == 1
    assert "unable to open database file" in refused.stderr
