from hypothesis import given
from hypothesis import strategies as st

from mjproxy_simulator.model.snowflakes import Snowflakes, created_ms, snowflake


def test_example_of_the_documentation() -> None:
    assert created_ms(175928847299117063) == 1462015105796


@given(st.integers(1_420_070_400_000, 4_000_000_000_000), st.integers(0, 2**22 - 1))
def test_time_of_an_id_is_read_back(unix_ms: int, low_bits: int) -> None:
    assert created_ms(snowflake(unix_ms, low_bits)) == unix_ms


@given(st.lists(st.floats(1_600_000_000, 1_900_000_000), min_size=1, max_size=50))
def test_ids_grow_even_when_the_clock_goes_back(times: list[float]) -> None:
    clock = iter(times)
    snowflakes = Snowflakes(lambda: next(clock), last=snowflake(1_700_000_000_000))
    ids = [snowflakes.next() for _ in times]
    assert ids == sorted(set(ids))
    assert ids[0] > snowflake(1_700_000_000_000)
