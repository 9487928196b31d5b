"""What an attempt means for the outbox.

Any 2xx is delivered. 410 says that the hook wants no more, and a hook that must not be called never gets any. All else
may be otherwise another time, a 404 or a redirect included: receivers answer so while they are set up or moved. The
server tries these again a few times, and then gives up.
"""

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from google.protobuf.duration_pb2 import Duration

from mjproxy.v1.delivery_service_pb2 import (
    DELIVERY_OUTCOME_DELIVERED,
    DELIVERY_OUTCOME_DROP,
    DELIVERY_OUTCOME_RETRY,
    DeliveryResult,
)

_GONE: Final = 410
_DAY_SECONDS: Final = 24 * 60 * 60


def answered(lease_id: str, status: int, headers: Mapping[str, str], at: float) -> DeliveryResult:
    """Reports an attempt that was answered.

    Args:
        lease_id: The attempt.
        status: The HTTP status.
        headers: The HTTP headers.
        at: The time, in Unix seconds.
    """
    if 200 <= status < 300:
        return DeliveryResult(lease_id=lease_id, outcome=DELIVERY_OUTCOME_DELIVERED, http_status=status)
    return DeliveryResult(
        lease_id=lease_id,
        outcome=DELIVERY_OUTCOME_DROP if status == _GONE else DELIVERY_OUTCOME_RETRY,
        http_status=status,
        error=f"the hook answered {status}",
        retry_after=_retry_after(headers.get("retry-after", ""), at),
    )


def failed(lease_id: str, why: str) -> DeliveryResult:
    """Reports an attempt that got no answer."""
    return DeliveryResult(lease_id=lease_id, outcome=DELIVERY_OUTCOME_RETRY, error=why)


def refused(lease_id: str, why: str) -> DeliveryResult:
    """Reports a hook that must not be called."""
    return DeliveryResult(lease_id=lease_id, outcome=DELIVERY_OUTCOME_DROP, error=why)


def _retry_after(text: str, at: float) -> Duration | None:
    """Reads the header `Retry-After` (RFC 9110 §10.2.3), of which more than a day is taken as a day; None if none."""
    seconds = _seconds(text) if text.isascii() and text.isdigit() else _seconds_until(text, at)
    return Duration(seconds=min(seconds, _DAY_SECONDS)) if seconds > 0 else None


def _seconds(digits: str) -> int:
    """Reads a number, of which Python would not even read one with thousands of digits."""
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) < 10 else _DAY_SECONDS


def _seconds_until(date: str, at: float) -> int:
    try:
        parsed = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return 0
    return int(parsed.replace(tzinfo=parsed.tzinfo or UTC).timestamp() - at)
