import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

# Test folders are no packages; this makes the helpers beside this file importable.
sys.path.insert(0, str(Path(__file__).parent))

from store_samples import Clock

from mjproxy_server.store import SqliteStore, open_store


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
