import doctest

from hypothesis import given
from hypothesis import strategies as st

from mjproxy import backoff
from mjproxy.backoff import Backoff


def test_example_is_true() -> None:
    assert doctest.testmod(backoff).failed == 0


def test_delays_double_up_to_the_limit() -> None:
    delays = Backoff(first=0.5, limit=3, uniform=lambda _low, high: high)
    assert [next(delays) for _ in range(5)] == [0.5, 1, 2, 3, 3]


def test_delays_begin_again_when_reset() -> None:
    delays = Backoff(first=1, limit=8, uniform=lambda _low, high: high)
    assert [next(delays), next(delays)] == [1, 2]
    delays.reset()
    assert next(delays) == 1


@given(st.floats(0, 1))
def test_jitter_takes_at_most_half_of_a_delay(share: float) -> None:
    delays = Backoff(first=1, limit=4, uniform=lambda low, high: low + share * (high - low))
    for step in (1, 2, 4, 4):
        assert step / 2 <= next(delays) <= step
