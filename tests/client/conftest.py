from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from PIL import Image

from mjproxy.aio.client import AsyncClient
from tests.client.commands import Commands
from tests.client.picture_server import PictureServer
from tests.client.scripted_server import ScriptedServer
from tests.e2e.stack import Stack, standing_stack


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


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A whole service with the simulator, for all tests that do not mind each other."""
    with standing_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture
def commands(server: ScriptedServer, tmp_path: Path) -> Commands:
    return Commands(server.target, tmp_path)


@pytest.fixture
def real_commands(stack: Stack, tmp_path: Path) -> Commands:
    return Commands(stack.grpc, tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with pictures, as the examples of the documentation have them."""
    Image.new("RGB", (64, 64), "teal").save(tmp_path / "cat.png")
    Image.new("RGB", (64, 64), "brown").save(tmp_path / "dog.png")
    mask = Image.new("L", (512, 512), "black")
    mask.paste("white", (0, 0, 256, 256))
    mask.save(tmp_path / "mask.png")
    return tmp_path
