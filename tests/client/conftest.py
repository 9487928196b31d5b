import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

# The helpers beside this file are imported as `client.<name>`.
sys.path.insert(0, str(Path(__file__).parent.parent))

from client.picture_server import PictureServer
from client.scripted_server import ScriptedServer
from mjproxy.client import AsyncClient


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as server:  # type: ignore[abstract]  # it serves what the client asks for
        yield server
        assert server.unused_script() == [], "what was scripted was not asked for"


@pytest.fixture
async def client(server: ScriptedServer) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(server.target, timeout=10) as client:
        yield client


@pytest.fixture
def pictures() -> Iterator[PictureServer]:
    with PictureServer() as pictures:
        yield pictures
