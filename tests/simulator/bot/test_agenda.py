from hypothesis import given
from hypothesis import strategies as st

from mjproxy_simulator.bot.agenda import Agenda, PacedClock


@given(st.lists(st.integers(0, 20)))
def test_appointments_come_in_order_and_not_before_their_time(times: list[int]) -> None:
    agenda: Agenda[int] = Agenda()
    for number, time in enumerate(times):
        agenda.enter(float(time), number)
    kept: list[tuple[float, int]] = []
    for now in range(21):
        due = agenda.next_due()
        assert due is None or due >= now
        while appointment := agenda.pop_due(float(now)):
            assert appointment[0] == now
            kept.append(appointment)
    assert kept == sorted((float(time), number) for number, time in enumerate(times))
    assert agenda.next_due() is None


def test_clock_runs_at_its_speed_and_changes_it_without_a_jump() -> None:
    real = 100.0
    clock = PacedClock(lambda: real, speed=10.0)
    assert clock.now() == 0.0
    real = 101.0
    assert clock.now() == 10.0
    assert clock.real_seconds_until(15.0) == 0.5
    assert clock.real_seconds_until(5.0) == 0.0
    clock.speed = 1.0
    assert clock.now() == 10.0
    real = 102.0
    assert clock.now() == 11.0


def test_clock_stands_still_and_can_be_set_forward() -> None:
    real = 100.0
    clock = PacedClock(lambda: real, speed=10.0)
    real = 101.0
    clock.paused = True
    real = 105.0
    assert clock.now() == 10.0
    clock.skip_to(12.0)
    clock.skip_to(11.0)
    assert clock.now() == 12.0
    clock.paused = False
    real = 106.0
    assert clock.now() == 22.0
