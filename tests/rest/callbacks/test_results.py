"""What the answers of hooks mean."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mjproxy.v1.delivery_service_pb2 import (
    DELIVERY_OUTCOME_DELIVERED,
    DELIVERY_OUTCOME_DROP,
    DELIVERY_OUTCOME_RETRY,
    DeliveryResult,
)
from mjproxy_rest.callbacks.results import answered, failed, refused

NOW = 1_700_000_000.0
DAY = 24 * 60 * 60


def test_each_result_names_its_lease() -> None:
    made = [answered("a", 200, {}, NOW), answered("a", 500, {}, NOW), failed("a", "why"), refused("a", "why")]
    assert [result.lease_id for result in made] == ["a"] * 4


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_delivered(status: int) -> None:
    expected = DeliveryResult(lease_id="a", outcome=DELIVERY_OUTCOME_DELIVERED, http_status=status)
    assert answered("a", status, {"retry-after": "5"}, NOW) == expected


def test_gone_is_dropped() -> None:
    result = answered("a", 410, {}, NOW)
    assert (result.outcome, result.http_status, result.error) == (DELIVERY_OUTCOME_DROP, 410, "the hook answered 410")


@pytest.mark.parametrize("status", [300, 301, 308, 400, 401, 404, 408, 413, 425, 429, 500, 503, 599])
def test_all_else_is_tried_again(status: int) -> None:
    result = answered("a", status, {}, NOW)
    assert (result.outcome, result.http_status) == (DELIVERY_OUTCOME_RETRY, status)
    assert result.error == f"the hook answered {status}"
    assert not result.HasField("retry_after")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("86401", DAY),
        ("999999999", DAY),
        ("9" * 5000, DAY),
        ("0" * 5000 + "120", 120),
        (formatdate(NOW + 90, usegmt=True), 90),
        (formatdate(NOW + 90), 90),
        (formatdate(NOW + 10 * DAY, usegmt=True), DAY),
    ],
)
def test_the_hooks_wish_is_passed_on(text: str, seconds: int) -> None:
    assert answered("a", 503, {"retry-after": text}, NOW).retry_after.seconds == seconds


@pytest.mark.parametrize("text", ["", "0", "-5", "1.5", "soon", "٣", "0" * 5000, formatdate(NOW - 5, usegmt=True)])
def test_what_is_no_wish_is_ignored(text: str) -> None:
    assert not answered("a", 503, {"retry-after": text}, NOW).HasField("retry_after")


@pytest.mark.parametrize(
    "date", ["Mon, 01 Jan 99999999999 00:00:00 GMT", "Wed, 21 Oct 2026 07:28:00 +99999999999999999999"]
)
def test_a_date_that_no_calendar_has_is_ignored(date: str) -> None:
    assert not answered("a", 503, {"retry-after": date}, NOW).HasField("retry_after")


@given(st.text(), st.integers(100, 599))
def test_any_header_can_be_read(text: str, status: int) -> None:
    result = answered("a", status, {"retry-after": text}, NOW)
    assert 0 <= result.retry_after.seconds <= DAY
