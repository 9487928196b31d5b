import asyncio
import random

import pytest

from mjproxy_server.discord.errors import (
    BadRequest,
    DiscordError,
    DiscordUnavailable,
    Forbidden,
    InvalidRequestBudgetSpent,
    NotFound,
    RateLimited,
    RateLimitTooLong,
    Unauthorized,
    UnexpectedAnswer,
)
from mjproxy_server.discord.rest.retry import LONGEST_PAUSE, MAX_TRIES, Repeater, is_transient
from tests.server.discord.discord_clock import VirtualClock


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (DiscordUnavailable("cut", sent=True), True),
        (DiscordUnavailable("refused", sent=False), True),
        (RateLimited(0, "", retry_after=1.0), True),
        (Unauthorized(401, 0, ""), False),
        (Forbidden(403, 0, ""), False),
        (NotFound(404, 0, ""), False),
        (BadRequest(400, 0, ""), False),
        (UnexpectedAnswer(""), False),
        (RateLimitTooLong("r", retry_after=99.0, longest_wait=1.0), False),
        (InvalidRequestBudgetSpent(1.0), False),
    ],
)
def test_which_failures_may_pass(failure: DiscordError, expected: bool) -> None:
    assert is_transient(failure) is expected


class Flaky:
    """Fails as told, then succeeds."""

    def __init__(self, *failures: DiscordError) -> None:
        self.failures = list(failures)
        self.tries = 0

    async def __call__(self) -> str:
        self.tries += 1
        if self.failures:
            raise self.failures.pop(0)
        return "done"


CUT = DiscordUnavailable("cut", sent=True)


async def test_result_comes_after_pauses_that_grow(clock: VirtualClock, rng: random.Random) -> None:
    flaky = Flaky(CUT, CUT, CUT)
    repeating = asyncio.create_task(Repeater(clock=clock, rng=rng)(flaky))
    pauses = [await clock.skip() for _ in range(3)]
    assert await repeating == "done"
    assert pauses == sorted(pauses)
    assert max(pauses) <= LONGEST_PAUSE


async def test_last_failure_is_raised_when_all_tries_fail(clock: VirtualClock, rng: random.Random) -> None:
    flaky = Flaky(*[CUT] * 99)
    repeating = asyncio.create_task(Repeater(clock=clock, rng=rng)(flaky))
    for _ in range(MAX_TRIES - 1):
        await clock.skip()
    with pytest.raises(DiscordUnavailable):
        await repeating
    assert flaky.tries == MAX_TRIES


async def test_refusal_is_raised_at_once(clock: VirtualClock, rng: random.Random) -> None:
    flaky = Flaky(NotFound(404, 10008, "Unknown Message"))
    with pytest.raises(NotFound):
        await Repeater(clock=clock, rng=rng)(flaky)
    assert flaky.tries == 1
