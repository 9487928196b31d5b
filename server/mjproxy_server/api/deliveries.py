"""From the outbox to the messages of `mjproxy.v1.DeliveryService`, and back."""

from typing import Final
from urllib.parse import urlsplit

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from mjproxy.v1 import delivery_service_pb2 as pb
from mjproxy_server.api import pages
from mjproxy_server.api.tasks_out import task_message
from mjproxy_server.engine.deliveries import Handed
from mjproxy_server.model.errors import InvalidField
from mjproxy_server.model.outbox import Entry, Report
from mjproxy_server.model.vocabulary import DeliveryOutcome
from mjproxy_server.store.deliveries import DeliveryQuery

LONGEST_ERROR: Final = 500
"""Characters of an error that are kept for the operator."""

_OUTCOMES: Final = {pb.DeliveryOutcome.Value(f"DELIVERY_OUTCOME_{each}"): each for each in DeliveryOutcome}
_FAILED: Final = {
    pb.DELIVERY_STATE_UNSPECIFIED: None,
    pb.DELIVERY_STATE_PENDING: False,
    pb.DELIVERY_STATE_FAILED: True,
}


def delivery_message(handed: Handed) -> pb.Delivery:
    """Returns a callback to make."""
    delivery = handed.delivery
    entry, lease = delivery.entry, delivery.lease
    return pb.Delivery(
        lease_id=lease.id,
        hook=entry.hook,
        trusted=entry.trusted,
        task=task_message(delivery.task),
        revision=lease.revision,
        attempt=entry.failures + 1,
        lease_duration=Duration(seconds=handed.lasting_ms // 1000, nanos=handed.lasting_ms % 1000 * 1_000_000),
    )


def record_message(task_id: str, entry: Entry) -> pb.DeliveryRecord:
    """Returns what an operator sees of an entry."""
    return pb.DeliveryRecord(
        task_id=task_id,
        hook=_public(entry.hook),
        state=pb.DELIVERY_STATE_FAILED if entry.due_at is None else pb.DELIVERY_STATE_PENDING,
        attempts=entry.failures,
        next_time=None if entry.due_at is None else _timestamp(entry.due_at),
        last_http_status=entry.last_http_status,
        last_error=entry.last_error,
    )


def report(result: pb.DeliveryResult) -> Report:
    """Returns what became of an attempt.

    Raises:
        InvalidField: It names no outcome.
    """
    if result.outcome not in _OUTCOMES:
        raise InvalidField("results.outcome", "expected DELIVERED, RETRY or DROP")
    return Report(
        lease_id=result.lease_id,
        outcome=_OUTCOMES[result.outcome],
        http_status=result.http_status,
        error=result.error[:LONGEST_ERROR],
        retry_after_ms=max(0, result.retry_after.ToMilliseconds()),
    )


def most(request: pb.LeaseDeliveriesRequest) -> int:
    """Returns how many callbacks may be handed out; more than the largest page is taken as that.

    Raises:
        InvalidField: The number is not positive.
    """
    if request.max <= 0:
        raise InvalidField("max", f"must be at least 1, got {request.max}")
    return min(request.max, pages.LARGEST_SIZE)


def wait_seconds(wait: Duration) -> float:
    """Returns how long the caller wants to wait.

    Raises:
        InvalidField: It is negative.
    """
    seconds = wait.seconds + wait.nanos / 1e9
    if seconds < 0:
        raise InvalidField("wait", f"must not be negative, got {seconds} s")
    return seconds


def query(request: pb.ListDeliveriesRequest) -> DeliveryQuery:
    """Returns which entries are to be listed.

    Raises:
        InvalidField: A field of the request cannot be right.
    """
    if request.state not in _FAILED:
        raise InvalidField("state", "expected PENDING or FAILED, or nothing for both")
    return DeliveryQuery(
        failed=_FAILED[request.state],
        after_id=pages.delivery_position(request),
        limit=pages.size(request.page_size),
    )


def _public(hook: str) -> str:
    """Returns a hook without what may be secret in it."""
    parts = urlsplit(hook)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _timestamp(ms: int) -> Timestamp:
    return Timestamp(seconds=ms // 1000, nanos=ms % 1000 * 1_000_000)
