"""Unknown messages, as the contract has them."""

from google.protobuf.timestamp_pb2 import Timestamp

from mjproxy.v1 import account_service_pb2 as pb
from mjproxy_server.store.unknown_messages import UnknownMessage


def unknown_message(message: UnknownMessage) -> pb.UnknownMessage:
    """Returns a message that was not understood as the contract has it."""
    return pb.UnknownMessage(
        account_id=message.account_id,
        time=Timestamp(seconds=message.at_ms // 1000, nanos=message.at_ms % 1000 * 1_000_000),
        event=message.event,
        reason=message.reason,
        json=message.json,
    )
