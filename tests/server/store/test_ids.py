from hypothesis import given
from hypothesis import strategies as st

from mjproxy_server.store.ids import IdSource, drawn_at, first_key_at, key_of, text_of

TIMES = st.integers(min_value=1_000_000_000_000, max_value=9_000_000_000_000)


@given(st.lists(TIMES, min_size=1))
def test_ids_grow_whatever_the_clock_does(times: list[int]) -> None:
    ids = IdSource(last=0)
    drawn = [text_of(ids.draw(now)) for now in times]
    assert drawn == sorted(set(drawn))
    assert all(len(task_id) == 16 for task_id in drawn)


@given(TIMES, st.integers(min_value=0, max_value=9_000_000_000_000_000))
def test_an_id_is_larger_than_those_of_an_earlier_process(now: int, last: int) -> None:
    assert IdSource(last).draw(now) > last


@given(TIMES)
def test_an_id_tells_when_it_was_drawn_when_the_clock_has_moved_on(now: int) -> None:
    task_id = text_of(IdSource(last=0).draw(now))
    assert drawn_at(task_id) == now
    assert first_key_at(now) <= key_of(task_id) < first_key_at(now + 1)


@given(st.text(max_size=20))
def test_a_text_that_is_no_id_is_the_key_of_no_task(text: str) -> None:
    key = key_of(text)
    assert key == -1 or text_of(key) == text


def test_digits_of_other_scripts_make_no_id() -> None:
    assert key_of("١٧٨٢٠٠٠٠٠٠٠٠٠٠٠٠") == -1
