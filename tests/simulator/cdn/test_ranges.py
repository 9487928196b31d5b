import pytest
from hypothesis import given
from hypothesis import strategies as st

from mjproxy_simulator.cdn.ranges import UnsatisfiableError, parse_range


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-0", range(1)),
        ("bytes=2-4", range(2, 5)),
        ("bytes=2-", range(2, 10)),
        ("bytes=2-999", range(2, 10)),
        ("bytes=-3", range(7, 10)),
        ("bytes=-999", range(10)),
    ],
)
def test_range_is_read(header: str, wanted: range) -> None:
    assert parse_range(header, 10) == wanted


@pytest.mark.parametrize(
    "header", [None, "", "bytes", "bytes=-", "bytes=4-2", "lines=1-2", "bytes=0-1,4-5", "bytes=a-b"]
)
def test_whole_file_is_wanted_when_there_is_no_range_that_can_be_served(header: str | None) -> None:
    assert parse_range(header, 10) is None


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-11", "bytes=-0"])
def test_range_beyond_the_end_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(UnsatisfiableError):
        parse_range(header, 10)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 40))
def test_range_is_never_outside_of_the_file(first: int, last: int, size: int) -> None:
    try:
        wanted = parse_range(f"bytes={first}-{last}", size)
    except UnsatisfiableError:
        assert first >= size
    else:
        assert wanted == (None if last < first else range(first, min(size, last + 1)))
