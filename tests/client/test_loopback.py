import pytest

from mjproxy.loopback import is_loopback


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.10", "::1", "[::1]"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "example.org", "localhost.example.org", "10.0.0.1", "[2001:db8::1]", "0.0.0.0"])
def test_other_machines(host: str) -> None:
    assert not is_loopback(host)
