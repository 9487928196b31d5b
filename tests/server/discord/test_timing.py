import random
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from mjproxy_server.discord.timing import Backoff


@given(st.integers())
def test_pauses_double_up_to_the_ceiling_and_are_drawn_from_the_upper_half(seed: int) -> None:
    pauses = islice(Backoff(random.Random(seed), first=1.0, longest=8.0), 6)
    for pause, step in zip(pauses, [1, 2, 4, 8, 8, 8], strict=True):
        assert step / 2 <= pause <= step


def test_reset_begins_again_with_the_first_step() -> None:
    backoff = Backoff(random.Random(1), first=1.0, longest=8.0)
    list(islice(backoff, 4))
    backoff.reset()
    assert next(backoff) <= 1.0
