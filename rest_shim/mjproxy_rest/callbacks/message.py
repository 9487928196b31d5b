"""What is posted: a task as `fetch` shows it, with headers by which the receiver knows what it is and who sent it.

The headers are those of Standard Webhooks (https://www.standardwebhooks.com). `webhook-id` is the same whenever the
same state of a task is told, so that what comes twice can be told from what is new.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from standardwebhooks.webhooks import Webhook

from mjproxy.v1.delivery_service_pb2 import Delivery
from mjproxy.v1.task_pb2 import Task

Encode = Callable[[Task], bytes]

# Express, which many receivers are built on, refuses bodies of more than 100 kB unless it is told otherwise.
MOST_BYTES: Final = 100_000


def body(task: Task, encode: Encode) -> bytes:
    """Returns the task as JSON. Texts that merely repeat others are left empty where all together are too long."""
    whole = encode(task)
    return whole if len(whole) < MOST_BYTES else encode(_without_repetitions(task))


def _without_repetitions(task: Task) -> Task:
    shorter = Task()
    shorter.CopyFrom(task)
    shorter.ClearField("description")
    for field in ("final_prompt", "final_zh_prompt", "message_content"):
        shorter.properties.ClearField(field)
    return shorter


def headers(delivery: Delivery, content: bytes, at: float, signer: Webhook | None) -> Mapping[str, str]:
    """Returns the headers of a callback.

    Args:
        delivery: What is told.
        content: Its body.
        at: The time, in Unix seconds.
        signer: Signs it; None leaves it unsigned.
    """
    name = f"{delivery.task.id}-{delivery.revision}"
    unsigned = {
        "user-agent": "mjproxy",
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(at)),
    }
    if signer is None:
        return unsigned
    return unsigned | {"webhook-signature": signer.sign(name, datetime.fromtimestamp(at, UTC), content.decode())}
