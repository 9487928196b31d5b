from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mjproxy_server.store import SqliteStore, open_store
from tests.server.store.store_samples import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder that does not exist yet."""
    return tmp_path / "data"


@pytest.fixture
async def store(folder: Path, clock: Clock) -> AsyncIterator[SqliteStore]:
    opened = await open_store(folder, now=clock)
    yield opened
    await opened.close()
