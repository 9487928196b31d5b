import random

from hypothesis import given
from hypothesis import strategies as st

from mjproxy_server.discord.snowflake import DISCORD_EPOCH_MS, NonceSource


class SetClock:
    """A wall clock that shows what it is set to."""

    now = 0.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError


@given(st.lists(st.integers(min_value=1_500_000_000, max_value=1_500_000_005), min_size=2, max_size=50))
def test_no_two_nonces_are_equal_whatever_the_wall_clock_does(times: list[int]) -> None:
    clock = SetClock()
    source = NonceSource(clock, random.Random(1))
    nonces = []
    for clock.now in times:
        nonces.append(int(source.next()))
    assert nonces == sorted(set(nonces))


def test_nonce_holds_the_time_in_its_upper_bits() -> None:
    clock = SetClock()
    clock.now = 1_780_000_000.0
    nonce = NonceSource(clock, random.Random(1)).next()
    assert (int(nonce) >> 22) + DISCORD_EPOCH_MS == 1_780_000_000_000
    assert len(nonce) <= 25


def test_two_processes_give_different_nonces_at_the_same_moments() -> None:
    clock = SetClock()
    clock.now = 1_780_000_000.0
    one, other = NonceSource(clock, random.Random(1)), NonceSource(clock, random.Random(2))
    assert not {one.next() for _ in range(100)} & {other.next() for _ in range(100)}
