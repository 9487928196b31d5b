import pytest

from mjproxy_server.discord.errors import BadRequest, Forbidden, NotFound, RateLimited, Rejected, Unauthorized
from mjproxy_server.discord.rest.budget import (
    FREE_AT_FIRST,
    INVALID_REQUEST_LIMIT,
    INVALID_REQUEST_PERIOD,
    InvalidRequestBudget,
    counts_as_invalid,
)


@pytest.mark.parametrize(
    ("refusal", "counts"),
    [
        (Unauthorized(401, 0, ""), True),
        (Unauthorized(400, 40001, ""), False),
        (Forbidden(403, 50001, ""), True),
        (RateLimited(0, "", retry_after=1.0), True),
        (RateLimited(0, "", retry_after=1.0, is_shared=True), False),
        (NotFound(404, 10008, ""), False),
        (BadRequest(400, 50035, ""), False),
    ],
)
def test_which_refusals_discord_holds_against_the_address(refusal: Rejected, counts: bool) -> None:
    assert counts_as_invalid(refusal) is counts


def test_budget_is_spent_at_the_limit_and_recovers_as_refusals_age() -> None:
    budget = InvalidRequestBudget()
    for second in range(INVALID_REQUEST_LIMIT):
        assert budget.wait(float(second) / 10) == 0.0
        budget.charge(Forbidden(403, None, ""), float(second) / 10)
    assert budget.wait(100.0) == INVALID_REQUEST_PERIOD - 100.0
    assert budget.wait(INVALID_REQUEST_PERIOD) == 0.0


def test_a_process_begins_with_a_few_and_comes_to_all_of_it() -> None:
    budget, spent = InvalidRequestBudget(began_at=0.0), 0
    for second in range(0, int(INVALID_REQUEST_PERIOD), 60):
        spent += spend(budget, float(second))
        assert FREE_AT_FIRST + INVALID_REQUEST_LIMIT * second / INVALID_REQUEST_PERIOD == pytest.approx(spent, abs=11)
    assert spent <= INVALID_REQUEST_LIMIT


@pytest.mark.parametrize("life", [1, 2, 5, 10, 60, 300, 600])
def test_processes_that_die_again_and_again_stay_below_discords_limit_together(life: int) -> None:
    refused = 0
    for birth in range(0, int(INVALID_REQUEST_PERIOD), life):
        budget = InvalidRequestBudget(began_at=float(birth))
        refused += sum(spend(budget, birth + age / 2) for age in range(2 * life))
    assert refused <= 8_000


def spend(budget: InvalidRequestBudget, now: float) -> int:
    """Has requests refused as long as they may be risked; returns how many that were."""
    count = 0
    while not budget.wait(now):
        budget.charge(Forbidden(403, None, ""), now)
        count += 1
    return count


def test_limit_stays_far_below_discords() -> None:
    assert INVALID_REQUEST_LIMIT <= 1_000
