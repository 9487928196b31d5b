"""The shim itself on a real socket, before a scripted server on another."""

import os
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.rest.rest_bucket import Bucket
from tests.rest.rest_running import running_shim
from tests.rest.rest_server import ScriptedServer


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("MJPROXY_") and name != "MJPROXY_SOAK":
            monkeypatch.delenv(name)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An object store, and the environment in which it is reached."""
    bucket = Bucket()
    with bucket.serving():
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{bucket.port}")
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "the-id")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
        yield bucket


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    """A server without keys."""
    async with ScriptedServer.serve() as scripted:
        yield scripted


@pytest.fixture
async def shim(server: ScriptedServer) -> AsyncIterator[httpx.AsyncClient]:
    async with running_shim(f"127.0.0.1:{server.port}") as client:
        yield client


@pytest.fixture
async def guarded_server() -> AsyncIterator[ScriptedServer]:
    """A server with keys: two users, one without rights, and the shim's own."""
    keys = {"key-of-ann": "ann", "key-of-bob": "bob", "key-of-nobody": "nobody", "service-key": ""}
    async with ScriptedServer.serve(keys) as scripted:
        yield scripted


@pytest.fixture
async def guarded_shim(guarded_server: ScriptedServer) -> AsyncIterator[httpx.AsyncClient]:
    async with running_shim(f"127.0.0.1:{guarded_server.port}", "service-key") as client:
        yield client
