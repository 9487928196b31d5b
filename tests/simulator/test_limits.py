from hypothesis import given
from hypothesis import strategies as st

from mjproxy_simulator.limits import Window


@given(limit=st.integers(1, 5), waits=st.lists(st.integers(0, 128).map(lambda ticks: ticks / 64), max_size=60))
def test_no_window_takes_more_than_its_limit(limit: int, waits: list[float]) -> None:
    window, now, taken = Window(limit, 1.0), 0.0, []
    for wait in waits:
        now += wait
        if window.spend(now):
            taken.append(now)
        else:
            assert 0 < window.resets_in(now) <= 1.0
    starts: list[float] = []
    for time in taken:
        if not starts or time >= starts[-1] + 1.0:
            starts.append(time)
    assert all(sum(start <= time < start + 1.0 for time in taken) <= limit for start in starts)


def test_window_opens_again_when_it_said_it_would() -> None:
    window = Window(1, 1.0)
    assert window.spend(10.0)
    assert not window.spend(10.25)
    assert window.resets_in(10.25) == 0.75
    assert window.spend(11.0)
