import pytest

from mjproxy_server.discord.endpoints import Endpoints

QUERY = "encoding=json&v=9&compress=zlib-stream"


@pytest.mark.parametrize(
    ("configured", "opened"),
    [
        ("wss://gateway.discord.gg", f"wss://gateway.discord.gg/?{QUERY}"),
        ("wss://gateway.discord.gg/?encoding=json&v=9", f"wss://gateway.discord.gg/?{QUERY}"),
        ("ws://127.0.0.1:8090/gateway", f"ws://127.0.0.1:8090/gateway?{QUERY}"),
        ("wss://relay.example/?key=k&encoding=etf", f"wss://relay.example/?key=k&{QUERY}"),
    ],
)
def test_gateway_url_carries_the_protocols_query(configured: str, opened: str) -> None:
    assert Endpoints(gateway=configured).gateway_url == opened


def test_resume_url_without_path_and_query_is_completed() -> None:
    assert Endpoints().resume_url("wss://gateway-us-east1-b.discord.gg") == (
        f"wss://gateway-us-east1-b.discord.gg/?{QUERY}"
    )


def test_resume_url_moves_to_the_configured_host() -> None:
    endpoints = Endpoints(resume_gateway="ws://127.0.0.1:9/relay")
    assert endpoints.resume_url("wss://gateway-us-east1-b.discord.gg") == f"ws://127.0.0.1:9/relay?{QUERY}"


def test_upload_url_keeps_path_and_signature_when_its_host_is_replaced() -> None:
    endpoints = Endpoints(upload_server="http://127.0.0.1:9/")
    told = "https://storage.example/abc/cat%20one.png?upload_id=ABC%2F1&x="
    assert endpoints.upload_url(told) == "http://127.0.0.1:9/abc/cat%20one.png?upload_id=ABC%2F1&x="
    assert Endpoints().upload_url(told) == told


def test_api_url_has_one_slash_between_host_and_path() -> None:
    assert Endpoints(server="http://127.0.0.1:9/").api_url == "http://127.0.0.1:9/api/v9"


def test_repr_hides_the_proxys_password() -> None:
    assert "hunter2" not in repr(Endpoints(proxy="socks5://me:hunter2@127.0.0.1:1080"))
