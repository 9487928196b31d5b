from hypothesis import given
from hypothesis import strategies as st

from mjproxy.launcher.restarts import FIRST_DELAY, LONGEST_DELAY, STEADY_SECONDS, GiveUp, Restarts, StartAgain


def run(restarts: Restarts, started: float, seconds: float) -> float:
    """One run that answers and lasts so long; gives the delay after it."""
    restarts.answered(started)
    decision = restarts.ended(started + seconds)
    assert isinstance(decision, StartAgain)
    return decision.after


def test_gives_up_when_the_first_start_fails() -> None:
    assert Restarts().ended(1.0) == GiveUp()


def test_one_that_is_able_is_started_again_though_it_has_never_answered() -> None:
    restarts = Restarts(is_able=True)
    assert [restarts.ended(float(n)) for n in range(2)] == [StartAgain(FIRST_DELAY), StartAgain(FIRST_DELAY * 2)]


def test_delays_double_while_runs_are_short() -> None:
    restarts = Restarts()
    delays = [run(restarts, 100.0 * n, 1.0) for n in range(5)]
    assert delays == [FIRST_DELAY * 2**n for n in range(5)]


def test_a_later_start_that_never_answers_counts_as_a_short_run() -> None:
    restarts = Restarts()
    run(restarts, 0, 1)
    assert restarts.ended(1000.0) == StartAgain(FIRST_DELAY * 2)


def test_delays_begin_anew_after_a_run_that_lasted() -> None:
    restarts = Restarts()
    for n in range(5):
        run(restarts, 100.0 * n, 1.0)
    assert run(restarts, 1000.0, STEADY_SECONDS) == FIRST_DELAY


# How long each run answers: briefly, for long, or never. Sums of seconds are not exact, hence the margins.
runs = st.lists(
    st.one_of(st.none(), st.floats(0, STEADY_SECONDS - 1), st.floats(STEADY_SECONDS + 1, STEADY_SECONDS * 9)),
    max_size=40,
)


@given(runs)
def test_a_part_that_has_answered_is_always_started_again_within_bounds(runs: list[float | None]) -> None:
    restarts, now = Restarts(), 0.0
    restarts.answered(now)
    previous = 0.0
    for seconds in [0.0, *runs]:
        if seconds is not None:
            restarts.answered(now)
            now += seconds
        decision = restarts.ended(now)
        assert isinstance(decision, StartAgain)
        assert FIRST_DELAY <= decision.after <= LONGEST_DELAY
        lasted = seconds is not None and seconds >= STEADY_SECONDS
        assert decision.after == FIRST_DELAY if lasted else decision.after >= previous
        previous = decision.after
        now += decision.after
