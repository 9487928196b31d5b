import pytest

from mjproxy.launcher import ready
from mjproxy.launcher.address import Address


@pytest.mark.parametrize(
    ("announced", "address"),
    [
        ("grpc=127.0.0.1:50051", Address("127.0.0.1", 50051)),
        ("rest=http://127.0.0.1:8080", Address("127.0.0.1", 8080)),
        ("simulator=http://[::1]:8090", Address("::1", 8090)),
    ],
)
def test_a_written_line_reads_back(announced: str, address: Address) -> None:
    endpoint = ready.read(ready.write([announced]) + "\n")
    assert endpoint is not None
    assert (endpoint.announced, endpoint.address) == (announced, address)


@pytest.mark.parametrize("line", ["", "\n", "already grpc=127.0.0.1:1\n", "ready\n", "ready steady\n", "ready grpc=\n"])
def test_any_other_line_is_no_announcement(line: str) -> None:
    assert ready.read(line) is None
