import pytest
from hypothesis import given
from hypothesis import strategies as st

from mjproxy.watch import Position
from mjproxy_rest.event_stream import end_id, event, is_end, place, place_id, progress

POSITIONS = st.builds(Position, st.integers(0, 10**18 - 1), st.from_regex(r"[0-9a-f-]{1,36}", fullmatch=True))


@given(POSITIONS)
def test_an_id_names_its_place(position: Position) -> None:
    assert place(place_id(position)) == position
    assert not is_end(place_id(position))


@given(POSITIONS)
def test_the_id_of_an_end_is_known_as_one(position: Position) -> None:
    assert is_end(end_id(position))


@pytest.mark.parametrize("text", ["", "7", "a-", "a-b", "a--", "a-7\n", "a b-7", f"a-{10**18}", "a" * 65 + "-1", "ä-1"])
def test_what_is_no_id_names_no_place(text: str) -> None:
    assert place(text) is None


def test_an_event_has_its_type_only_if_it_is_no_message() -> None:
    assert event(b"{}", "a-1") == b"id: a-1\ndata: {}\n\n"
    assert event(b"{}", "", "reset") == b"event: reset\ndata: {}\n\n"
    assert event(b"{}", "a-1", "reset") == b"event: reset\nid: a-1\ndata: {}\n\n"


def test_progress_has_no_data_so_that_no_event_is_seen() -> None:
    assert progress(Position(1, "a")) == b"id: a-1\n\n"
