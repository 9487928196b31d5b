import pytest

from mjproxy_rest.picture_store import Selection

NAME = "0" * 32 + ".webp"


@pytest.mark.parametrize(
    ("wanted", "status", "first", "end"),
    [
        ("", 200, 0, 100),
        ("bytes=0-", 206, 0, 100),
        ("bytes=10-19", 206, 10, 20),
        ("bytes=90-200", 206, 90, 100),
        ("bytes=-5", 206, 95, 100),
        ("bytes=-500", 206, 0, 100),
        ("bytes=100-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        ("bytes=5-4", 200, 0, 100),
        ("bytes=0-1,3-4", 200, 0, 100),
        ("bytes=-", 200, 0, 100),
        ("lines=1-2", 200, 0, 100),
    ],
)
def test_which_bytes_a_range_asks_for(wanted: str, status: int, first: int, end: int) -> None:
    assert Selection.of(wanted, 100) == Selection(status, first, end, 100)


def test_nothing_of_an_empty_picture_can_be_asked_for() -> None:
    assert Selection.of("", 0).status == 200
    assert Selection.of("bytes=0-", 0).status == 416


def test_what_is_said_of_a_picture_does_not_depend_on_the_machine() -> None:
    """Python's own table of types is that of the system it runs on, and may lack WebP."""
    assert Selection.of("", 7).headers(NAME) == {"content-type": "image/webp", "content-length": "7"}
    part = {"content-type": "image/webp", "content-length": "2", "content-range": "bytes 1-2/7"}
    assert Selection.of("bytes=1-2", 7).headers(NAME) == part
    assert Selection.of("bytes=7-", 7).headers(NAME) == {"content-length": "0", "content-range": "bytes */7"}
