from pathlib import Path

import grpc
import pytest

from mjproxy import errors
from mjproxy.aio.client import AsyncClient
from mjproxy.channel import Endpoint, Tls
from tests.client.scripted_server import ScriptedServer

CERTIFICATE = (Path(__file__).parent / "tls" / "localhost.crt").read_bytes()
PRIVATE_KEY = (Path(__file__).parent / "tls" / "localhost.key").read_bytes()


@pytest.mark.parametrize(
    ("target", "tls", "endpoint"),
    [
        ("host:1", False, Endpoint("host:1")),
        ("unix:///run/mjproxy.sock", False, Endpoint("unix:///run/mjproxy.sock")),
        ("http://host:1/", False, Endpoint("host:1")),
        ("http://[::1]:1", False, Endpoint("[::1]:1")),
        ("https://host", False, Endpoint("host:443", Tls())),
        ("https://host:1", False, Endpoint("host:1", Tls())),
        ("https://host:1", Tls(CERTIFICATE), Endpoint("host:1", Tls(CERTIFICATE))),
        ("host:1", True, Endpoint("host:1", Tls())),
    ],
)
def test_target_is_read(target: str, tls: Tls | bool, endpoint: Endpoint) -> None:
    assert Endpoint.parse(target, tls) == endpoint


@pytest.mark.parametrize(
    ("target", "tls"),
    [
        ("http://host", False),
        ("http://host:1", True),
        ("https://", False),
        ("https://host:1/mj", False),
        ("https://key@host:1", False),
        ("https://host:99999", False),
    ],
)
def test_target_that_is_none_is_refused(target: str, tls: bool) -> None:
    with pytest.raises(ValueError, match=r"target|[Pp]ort"):
        AsyncClient(target, tls=tls)


async def test_trusted_server_is_reached_by_tls() -> None:
    credentials = grpc.ssl_server_credentials([(PRIVATE_KEY, CERTIFICATE)])
    async with ScriptedServer(credentials=credentials, key="secret") as server:  # type: ignore[abstract]
        target = f"https://localhost:{server.port}"
        async with AsyncClient(target, tls=Tls(CERTIFICATE), key="secret") as client:
            assert (await client.imagine("a cat")).prompt == "a cat"
        async with AsyncClient(target, key="secret", timeout=1) as stranger:
            with pytest.raises((errors.Unavailable, errors.DeadlineExceeded)):
                await stranger.imagine("a cat")
        assert [call.metadata["authorization"] for call in server.calls] == ["Bearer secret"]
