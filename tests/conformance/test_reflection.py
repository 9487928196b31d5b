"""Tools that know nothing of mjproxy can call it, since it tells them its contract."""

import json
import os
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.conformance.world import KEYS, World

_BUF: Final = Path(__file__).parents[2] / ".tools" / "node_modules" / ".bin" / "buf"
_OPTIONS: Final = (
    "--protocol",
    "grpc",
    "--http2-prior-knowledge",
    "--header",
    f"authorization: Bearer {KEYS['alice']}",
)


@pytest.fixture(scope="module")
def buf() -> Path:
    """What `make buf` installs."""
    if not _BUF.exists():
        reason = "buf is not installed: run make buf"
        (pytest.fail if os.environ.get("MJPROXY_REQUIRE_ALL") else pytest.skip)(reason)
    return _BUF


def curl(buf: Path, *arguments: str) -> str:
    called = subprocess.run(
        [buf, "curl", *_OPTIONS, *arguments], capture_output=True, check=False, text=True, timeout=60
    )
    assert called.returncode == 0, called.stderr
    return called.stdout


@pytest.mark.asyncio(loop_scope="session")
async def test_buf_curl_finds_the_services(buf: Path, world: World) -> None:
    services = curl(buf, "--list-services", f"http://{world.address}").split()
    assert {"mjproxy.v1.TaskService", "mjproxy.v1.AccountService", "mjproxy.v1.DeliveryService"} <= set(services)


@pytest.mark.asyncio(loop_scope="session")
async def test_buf_curl_submits(buf: Path, world: World) -> None:
    url = f"http://{world.address}/mjproxy.v1.TaskService/SubmitTask"
    answer = json.loads(curl(buf, "--data", '{"imagine": {"prompt": "a cat"}}', url))
    assert answer["tasks"][0]["prompt"] == "a cat"
