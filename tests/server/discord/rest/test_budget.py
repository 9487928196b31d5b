import pytest

from mjproxy_server.discord.errors import BadRequest, Forbidden, NotFound, RateLimited, Rejected, Unauthorized
from mjproxy_server.discord.rest.budget import (
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


def test_limit_stays_far_below_discords() -> None:
    assert INVALID_REQUEST_LIMIT <= 1_000
